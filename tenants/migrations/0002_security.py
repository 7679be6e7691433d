"""Row-level security on the public tables, an audit that only grows, and the question who is behind."""

from django.db import migrations

RLS_TABLES = (
    "tenants_apikey",
    "tenants_auditrow",
    "tenants_budget",
    "tenants_idempotencyrecord",
    "tenants_job",
    "tenants_metricminute",
    "tenants_metricpoint",
    "tenants_outboxevent",
    "tenants_usagerecord",
)
# `nullif`: after RESET ALL the setting is an empty string, not NULL.
_MINE = (
    "tenant_id = nullif(current_setting('kimono.tenant', true), '')::uuid"
    " OR current_setting('kimono.scope', true) = 'platform'"
)


def enable(table: str) -> str:
    """Return the SQL that puts a table under row-level security, for its owner too."""
    return (
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY; ALTER TABLE {table} FORCE ROW LEVEL SECURITY;"
        f" CREATE POLICY of_tenant ON {table} USING ({_MINE}) WITH CHECK ({_MINE});"
    )


def disable(table: str) -> str:
    """Return the SQL that takes it away again."""
    return (
        f"DROP POLICY of_tenant ON {table}; ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY;"
        f" ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;"
    )


AUDIT = """
CREATE FUNCTION public.kimono_audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'audit rows are never changed'; END $$;
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON tenants_auditrow
  FOR EACH ROW EXECUTE FUNCTION public.kimono_audit_is_append_only();
"""
AUDIT_UNDO = """
DROP TRIGGER audit_append_only ON tenants_auditrow;
DROP FUNCTION public.kimono_audit_is_append_only();
"""

BEHIND = """
CREATE FUNCTION public.kimono_behind(want text[], template text) RETURNS TABLE(schema_name text, missing text[])
LANGUAGE plpgsql STABLE AS $$
DECLARE s text;
BEGIN
  FOR s IN SELECT template UNION ALL
           SELECT t.schema_name FROM public.tenants_tenant t WHERE t.status IN ('active', 'suspended', 'migrating')
  LOOP
    IF to_regclass(format('%I.django_migrations', s)) IS NULL THEN
      schema_name := s; missing := want; RETURN NEXT;
    ELSE
      RETURN QUERY EXECUTE format(
        'SELECT %L::text, array(SELECT unnest($1) EXCEPT SELECT app || ''.'' || name FROM %I.django_migrations)', s, s
      ) USING want;
    END IF;
  END LOOP;
END $$;
"""


class Migration(migrations.Migration):
    """Security of the public tables."""

    dependencies = [("tenants", "0001_initial")]

    operations = [
        *[migrations.RunSQL(enable(table), disable(table)) for table in RLS_TABLES],
        migrations.RunSQL(AUDIT, AUDIT_UNDO),
        migrations.RunSQL(BEHIND, "DROP FUNCTION public.kimono_behind(text[], text);"),
    ]
