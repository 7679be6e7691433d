"""Making a merchant from the template schema against the bare DDL; migrating when nothing is to be done."""

import secrets
import statistics
import time
from typing import Any

import psycopg

from benchmarks.report import Row
from benchmarks.timing import median_of, milliseconds

TENANTS = 200
MOST_MIGRATE_SECONDS = 2.0


def measure(*, quick: bool) -> list[Row]:
    """Make merchants both ways in turns, then as many as a platform has, and ask who is behind."""
    from kimono.lib.db import allow_public_by_default

    # As the migration command does; this process has the owner's address.
    allow_public_by_default()
    rows = [*_creation(5 if quick else 15), _by_migrations(1 if quick else 3)]
    wanted = 20 if quick else TENANTS
    _fill(wanted)
    return [*rows, *_nothing_to_do(wanted)]


def _creation(times: int) -> list[Row]:
    ours, floor = [], []
    statements = _ddl()
    _create()
    for _ in range(times):
        floor.append(milliseconds(lambda: _bare(statements)))
        ours.append(milliseconds(_create))
    return [
        Row(
            "tenant from the template schema",
            statistics.median(ours),
            "ms",
            statistics.median(floor),
            measure="ratio",
            limit=5.0,
            note=f"provisioning.create, from its row to active, against the template's SQL alone"
            f" ({statements.count(';')} statements, one transaction) by psycopg; {_tables()} tables each.",
        )
    ]


def _create() -> None:
    from tenants.services import provisioning
    from tenants.services.auditing import SYSTEM

    name = f"bench-{secrets.token_hex(5)}"
    provisioning.create(name=name, slug=name, by=SYSTEM, now_in_process=True)


def _ddl() -> str:
    from tenants.models import SchemaTemplate

    return str(SchemaTemplate.objects.get().sql)


def _bare(statements: str) -> None:
    schema = f"bare_{secrets.token_hex(6)}"
    with _owner() as raw:
        raw.execute(statements.replace("{{schema}}", schema))


def _owner() -> "psycopg.Connection[Any]":
    from django.conf import settings

    return psycopg.connect(settings.DATABASE_OWNER_URL)


def _tables() -> int:
    from tenants.services.provisioning import TEMPLATE_SCHEMA

    with _owner() as raw:
        row = raw.execute(
            "SELECT count(*) FROM pg_tables WHERE schemaname = %s", [TEMPLATE_SCHEMA]
        ).fetchone()
    return int(row[0]) if row else 0


def _by_migrations(times: int) -> Row:
    return Row(
        "tenant by plain migrations",
        median_of(times, _migrate_one),
        "ms",
        note="the same tables by Django's migrations, for comparison.",
    )


def _migrate_one() -> None:
    from django.core.management import call_command

    schema = f"slow_{secrets.token_hex(6)}"
    with _owner() as raw:
        raw.execute(f'CREATE SCHEMA "{schema}"')
    call_command("migrate_schemas", schema_name=schema, interactive=False, verbosity=0)


def _fill(wanted: int) -> None:
    from tenants.models import Tenant

    while Tenant.objects.count() < wanted:
        _create()


def _nothing_to_do(tenants: int) -> list[Row]:
    from tenants.services import migrating

    begun = time.perf_counter()
    migrating.migrate_all()
    first = time.perf_counter() - begun
    whole = median_of(5, migrating.migrate_all) / 1000
    return [
        Row(
            f"migrate with nothing to do, {tenants} tenants",
            max(whole, first),
            "s",
            limit=MOST_MIGRATE_SECONDS,
            note="migrating.migrate_all without the start of its process:"
            f" the first time {first:.2f} s, then {whole:.2f} s.",
        ),
        Row(
            f"who is behind, {tenants} tenants",
            median_of(20, migrating.behind),
            "ms",
            note="one query for all schemas.",
        ),
    ]
