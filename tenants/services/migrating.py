"""Migrations of all schemas: one query asks who is behind, and only those are touched."""

from dataclasses import dataclass, field

from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django_tenants.migration_executors.base import run_migrations

from kimono.lib import db
from tenants.models import Tenant
from tenants.services import provisioning


@dataclass
class Done:
    """What a migration did."""

    public: bool = False
    tenants: list[str] = field(default_factory=list)


def _options() -> dict[str, object]:
    return {
        "verbosity": 0,
        "interactive": False,
        "database": "default",
        "app_label": None,
        "migration_name": None,
        "noinput": True,
        "fake": False,
        "fake_initial": False,
        "plan": False,
        "check_unapplied": False,
        "run_syncdb": False,
        "prune": False,
        "skip_checks": True,
        "force_color": False,
        "no_color": True,
        "settings": None,
        "pythonpath": None,
        "traceback": False,
        "stdout": None,
        "stderr": None,
    }


def _public_is_behind() -> bool:
    with db.public_scope(), db.platform_scope():
        executor = MigrationExecutor(connection)
        return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def behind() -> dict[str, list[str]]:
    """Return the schemas that lack migrations, each with what it lacks; one query for all tenants."""
    with db.public_scope(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT schema_name, missing FROM public.kimono_behind(%s, %s) WHERE cardinality(missing) > 0",
            [provisioning.wanted_migrations(), provisioning.TEMPLATE_SCHEMA],
        )
        return dict(cursor.fetchall())


def migrate_all() -> Done:
    """Migrate `public`, then the template schema, then each tenant that is behind; a tenant in turn is shut."""
    done = Done()
    if _public_is_behind():
        run_migrations([], _options(), "kimono", db.PUBLIC, allow_atomic=False)
        done.public = True
    waiting = {**{schema: ["?"] for schema in _interrupted()}, **behind()}
    if waiting.pop(provisioning.TEMPLATE_SCHEMA, None):
        _ensure_schema(provisioning.TEMPLATE_SCHEMA)
        run_migrations([], _options(), "kimono", provisioning.TEMPLATE_SCHEMA, allow_atomic=False)
    with db.public_scope(), db.platform_scope():
        provisioning.dump_template()
    for schema in sorted(waiting):
        _migrate_tenant(schema)
        done.tenants.append(schema)
    return done


def _interrupted() -> list[str]:
    """Return the schemas of tenants that a migration was killed in; they stay shut until one has ended well."""
    with db.public_scope():
        return list(
            Tenant.objects.filter(status=Tenant.Status.MIGRATING).values_list("schema_name", flat=True)
        )


def _ensure_schema(name: str) -> None:
    with db.public_scope(), connection.cursor() as cursor:
        cursor.execute(f'CREATE SCHEMA IF NOT EXISTS "{name}"')


def _migrate_tenant(schema: str) -> None:
    with db.public_scope():
        tenant = Tenant.objects.get(schema_name=schema)
        interrupted = tenant.status == Tenant.Status.MIGRATING
        before = (tenant.status_before or Tenant.Status.ACTIVE) if interrupted else tenant.status
        Tenant.objects.filter(pk=tenant.pk).update(status=Tenant.Status.MIGRATING, status_before=before)
    # When this fails the tenant stays shut: half of its tables would be those of the code before.
    run_migrations([], _options(), "kimono", schema, allow_atomic=False)
    with db.public_scope():
        Tenant.objects.filter(pk=tenant.pk).update(status=before, status_before="")
