"""Whose rows of the public tables are written: the tenant's in force or, where there is none, the platform's."""

from collections.abc import Iterator
from contextlib import contextmanager

from kimono.lib import db


@contextmanager
def own_rows() -> Iterator[None]:
    """Let the block write and read rows of whom is in force.

    Row-level security shows a row without a tenant to the platform's scope alone, which also sees every other
    row: queries in the block still name their tenant, or that there is none.
    """
    if db.current_tenant_or_none() is not None or db.scope_or_none() is None:
        yield
        return
    with db.public_scope(), db.platform_scope():
        yield
