"""Which tenant the database speaks for. The tenant lives in a `ContextVar`, so it follows a task and never leaks.

`tenant_scope`, `public_scope` and `platform_scope` are the only ways in. Without one of them a query is refused
(`NoTenant`): it never falls through to `public`. Every cursor sends schema, tenant and scope to PostgreSQL in one
statement; row-level security on the public tables reads the last two.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from django.db import connections

from kimono.lib.errors import Unavailable

if TYPE_CHECKING:
    from psycopg import Connection as RawConnection

PUBLIC = "public"


class NoTenant(RuntimeError):
    """A query ran where no tenant was set; the mistake is in the caller, never in the input."""


@dataclass(frozen=True)
class Scope:
    """What a query may see: a schema, the tenant whose public rows are visible, and the platform's wide view."""

    tenant: Any
    schema: str
    include_public: bool = True
    platform: bool = False

    @property
    def tenant_uuid(self) -> str:
        """Return the tenant's id as text, or an empty string outside of any tenant."""
        pk = getattr(self.tenant, "pk", None)
        return str(pk) if isinstance(pk, UUID) else ""


_scope: ContextVar[Scope | None] = ContextVar("kimono_scope", default=None)
_fallback_to_public = False


def allow_public_by_default() -> None:
    """Let queries without a scope run in `public`: for management commands and migrations, never for servers."""
    global _fallback_to_public
    _fallback_to_public = True


def public_by_default() -> bool:
    """Tell whether a query without a scope runs in `public` instead of being refused."""
    return _fallback_to_public


def scope_or_none() -> Scope | None:
    """Return the scope in force, or None."""
    return _scope.get()


def set_scope(scope: Scope | None) -> None:
    """Put `scope` in force for the rest of this task; for the doors, which end with their task."""
    _scope.set(scope)


def current_schema() -> str:
    """Return the schema in force, `public` where none is set."""
    scope = _scope.get()
    return scope.schema if scope is not None else PUBLIC


def current_tenant_or_none() -> Any:
    """Return the tenant in force, or None on the platform."""
    scope = _scope.get()
    return scope.tenant if scope is not None and scope.tenant_uuid else None


def current_tenant() -> Any:
    """Return the tenant in force. Raises `NoTenant` where there is none."""
    tenant = current_tenant_or_none()
    if tenant is None:
        raise NoTenant("no tenant is set here")
    return tenant


@contextmanager
def _entered(scope: Scope) -> Iterator[None]:
    # The previous value is kept in a local and set again: `Token.reset` fails across sync/async hops.
    previous = _scope.get()
    _scope.set(scope)
    try:
        yield
    finally:
        _scope.set(previous)


@contextmanager
def tenant_scope(tenant: Any) -> Iterator[None]:
    """Speak for `tenant` inside the block: its schema first, then `public`, its rows of the public tables."""
    with _entered(Scope(tenant=tenant, schema=tenant.schema_name)):
        yield


@contextmanager
def public_scope() -> Iterator[None]:
    """Speak for nobody inside the block: `public` only, and no row of a tenant."""
    with _entered(Scope(tenant=None, schema=PUBLIC)):
        yield


@contextmanager
def platform_scope() -> Iterator[None]:
    """Speak for the platform inside the block: the rows of all tenants in the public tables.

    Keeps the schema in force, so that a tenant's tables stay at hand. Only `tenants`, `opsconsole` and beat
    dispatchers may enter it (an import contract says so).
    """
    before = _scope.get() or Scope(tenant=None, schema=PUBLIC)
    with _entered(Scope(tenant=before.tenant, schema=before.schema, platform=True)):
        yield


def released() -> None:
    """Give this thread's database connections back to their pools, unless a transaction is open on them."""
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close()


@contextmanager
def owner_connection() -> "Iterator[RawConnection[Any]]":
    """Open a raw connection as the role that owns the tables, for structure changes (schemas, indexes).

    Web processes need no owner; a worker has `DATABASE_OWNER_URL`. Raises `Unavailable` without it.
    """
    import psycopg
    from django.conf import settings

    url = settings.DATABASE_OWNER_URL
    if not url:
        raise Unavailable(
            "DATABASE_OWNER_URL is not set: the structure of the database cannot be changed here."
        )
    with psycopg.connect(url, autocommit=False) as raw:
        yield cast("RawConnection[Any]", raw)
