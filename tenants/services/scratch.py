"""A tenant for a while, for measuring: made like any other by the owner's role, gone with its rows when the block ends."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from psycopg import sql

from kimono.lib import db
from tenants.models import Tenant
from tenants.services import hosts, provisioning
from tenants.services.auditing import SYSTEM

_REFERRING = (
    "SELECT c.conrelid::regclass::text, a.attname FROM pg_constraint c"
    " JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]"
    " WHERE c.contype = 'f' AND c.confrelid = 'public.tenants_tenant'::regclass"
)


@contextmanager
def tenant() -> Iterator[Tenant]:
    """Make a tenant, put it in force for the block, and remove its schema and its rows afterwards, whatever happens.

    The audit keeps that it was made. Raises `Unavailable` where the owner's address is not set.
    """
    name = f"scratch-{secrets.token_hex(6)}"
    made = provisioning.create(name=name, slug=name, by=SYSTEM, now_in_process=True)
    try:
        with db.tenant_scope(made):
            yield made
    finally:
        _remove(made)


def _remove(made: Tenant) -> None:
    with db.owner_connection() as raw:
        raw.execute("SELECT set_config('kimono.scope', 'platform', true)")
        raw.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(made.schema_name)))
        for table, column in raw.execute(_REFERRING).fetchall():
            # Names out of the catalogue, quoted there where they need it.
            raw.execute(f"DELETE FROM {table} WHERE {column} = %s", [made.pk])
        raw.execute("DELETE FROM tenants_tenant WHERE id = %s", [made.pk])
    hosts.clear()
