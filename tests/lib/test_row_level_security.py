"""Public tables show a tenant its own rows, whatever a query forgets."""

from typing import Any

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction

from kimono.lib import db
from tenants.models import ApiKey, AuditRow, MetricPoint, Tenant

pytestmark = pytest.mark.django_db(transaction=True)
# Host names must be known before the tenant is, so they are no tenant's secret; nothing else may join this list.
ROUTING_TABLES = {"tenants_domain"}


def tables_with_tenants() -> set[str]:
    with db.public_scope(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
            " WHERE a.attname = 'tenant_id' AND c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace"
        )
        return {row[0] for row in cursor.fetchall()}


def test_every_public_table_with_tenants_rows_forces_row_level_security() -> None:
    models = {
        model._meta.db_table
        for model in apps.get_models()
        if model._meta.app_config.name in ("tenants", "opsconsole")
        and any(getattr(field, "attname", "") == "tenant_id" for field in model._meta.get_fields())
    }
    assert models == tables_with_tenants()
    assert {"tenants_apikey", "tenants_job", "tenants_auditrow"} <= models
    with db.public_scope(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
            " AND relrowsecurity AND relforcerowsecurity"
        )
        forced = {row[0] for row in cursor.fetchall()}
    assert models - forced == ROUTING_TABLES


def fill(tenant: Tenant, superuser: Any, table: str) -> None:
    """Write one row of a tenant into a table, whatever its columns are, as the superuser."""
    columns = superuser.execute(
        "SELECT attname, format_type(atttypid, atttypmod), attidentity FROM pg_attribute"
        " WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped",
        [f"public.{table}"],
    ).fetchall()
    names, values = [], []
    for name, kind, identity in columns:
        if identity:
            continue
        names.append(f'"{name}"')
        values.append(_sample(name, kind, tenant))
    superuser.execute(f"INSERT INTO public.{table} ({', '.join(names)}) VALUES ({', '.join(values)})")


def _sample(name: str, kind: str, tenant: Tenant) -> str:
    if name == "tenant_id":
        return f"'{tenant.pk}'"
    if kind.endswith("[]"):
        return "'{}'"
    samples = {"uuid": "gen_random_uuid()", "boolean": "false", "jsonb": "'{}'", "inet": "NULL"}
    if kind in samples:
        return samples[kind]
    if kind.startswith(("timestamp", "date")):
        return "now()"
    if kind.startswith(("character", "text")):
        return "left(md5(random()::text), 8)"
    return "1"


def test_no_table_shows_or_takes_a_row_of_another_tenant(
    alpha: Tenant, beta: Tenant, superuser: Any, app_connection: Any
) -> None:
    superuser.execute("SET session_replication_role = replica")
    for table in sorted(tables_with_tenants() - ROUTING_TABLES):
        for tenant in (alpha, beta):
            fill(tenant, superuser, table)
        check_table(table, alpha, beta, superuser, app_connection)


def check_table(table: str, alpha: Tenant, beta: Tenant, superuser: Any, app: Any) -> None:
    app.execute("SELECT set_config('kimono.tenant', '', false), set_config('kimono.scope', '', false)")
    assert app.execute(f"SELECT count(*) FROM public.{table}").fetchone() == (0,), table
    app.execute("SELECT set_config('kimono.tenant', %s, false)", [str(alpha.pk)])
    owners = app.execute(f"SELECT DISTINCT tenant_id FROM public.{table}").fetchall()
    assert owners == [(alpha.pk,)], table
    with pytest.raises(Exception, match=r"row-level security|never changed"):
        app.execute(f"UPDATE public.{table} SET tenant_id = %s", [beta.pk])
    app.execute("BEGIN")
    other = f"FROM public.{table} WHERE tenant_id = %s"
    try:
        assert app.execute(f"DELETE {other}", [beta.pk]).rowcount == 0
    finally:
        app.execute("ROLLBACK")
    assert superuser.execute(f"SELECT count(*) {other}", [beta.pk]).fetchone()[0] >= 1, table


def test_a_row_cannot_be_written_for_another_tenant(alpha: Tenant, beta: Tenant) -> None:
    with db.tenant_scope(alpha):
        with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
            AuditRow.objects.create(tenant=beta, action="forged")
        with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
            AuditRow.objects.create(tenant=None, action="forged")
        with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
            AuditRow.objects.bulk_create(
                [AuditRow(tenant=alpha, action="a"), AuditRow(tenant=beta, action="b")]
            )
        assert not AuditRow.objects.filter(action__in=["forged", "a", "b"]).exists()


def test_a_forgotten_filter_shows_nothing_of_the_other(alpha: Tenant, beta: Tenant, new_key: Any) -> None:
    new_key(alpha, scopes=["chat"])
    new_key(beta, scopes=["chat"])
    with db.tenant_scope(alpha):
        assert {key.tenant_id for key in ApiKey.objects.all()} == {alpha.pk}
        assert ApiKey.objects.filter(tenant=beta).update(name="stolen") == 0
        assert ApiKey.objects.filter(tenant=beta).delete()[0] == 0
    with db.public_scope():
        assert not ApiKey.objects.exists()
    with db.public_scope(), db.platform_scope():
        assert {key.tenant_id for key in ApiKey.objects.all()} == {alpha.pk, beta.pk}


def test_a_row_of_nobody_is_the_platforms(alpha: Tenant) -> None:
    with db.public_scope(), db.platform_scope():
        MetricPoint.objects.create(tenant=None, name="seen", value=1, at="2026-01-01T00:00:00Z")
        assert MetricPoint.objects.filter(name="seen").count() == 1
    for scope in (db.tenant_scope(alpha), db.public_scope()):
        with scope:
            assert not MetricPoint.objects.filter(name="seen").exists()


def test_the_application_s_role_has_no_power_over_security(app_connection: Any) -> None:
    row = app_connection.execute(
        "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = current_user"
    ).fetchone()
    assert row == (False, False, False, False)
    for statement in (
        "ALTER TABLE public.tenants_apikey NO FORCE ROW LEVEL SECURITY",
        "DROP POLICY of_tenant ON public.tenants_apikey",
        "ALTER TABLE public.tenants_auditrow DISABLE TRIGGER audit_append_only",
        "TRUNCATE public.tenants_auditrow",
        "SET session_replication_role = replica",
        "SET ROLE kimono_owner",
    ):
        with pytest.raises(Exception, match=r"permission denied|must be owner"):
            app_connection.execute(statement)
