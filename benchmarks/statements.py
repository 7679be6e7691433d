"""The SQL that the product sends, caught on its way and sent again without the product."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg

if TYPE_CHECKING:
    from tenants.models import Tenant


@dataclass(frozen=True)
class Statement:
    """One statement with its parameters."""

    sql: str
    params: tuple[Any, ...] | dict[str, Any] | None = None


@contextmanager
def caught() -> Iterator[list[Statement]]:
    """Collect what this thread sends to the database while the block runs; the search path's own is not among it."""
    from django.db import connection

    found: list[Statement] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Mapping[str, Any]) -> Any:
        if isinstance(params, Mapping):
            plain: Any = {name: _plain(value) for name, value in params.items()}
        else:
            plain = tuple(map(_plain, params)) if params is not None else None
        found.append(Statement(sql, plain))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield found


def _plain(value: Any) -> Any:
    # A choice of a model is a text to the database; its class is not there where it is sent again.
    return str(value) if isinstance(value, str) else value


@dataclass(frozen=True)
class Session:
    """What a bare connection needs to stand where the product's own would: address, options, schema, tenant."""

    url: str
    options: str
    schema: str
    tenant: str

    def settings(self) -> tuple[str, Sequence[str]]:
        """Return the statement that puts the tenant in force, sent once per connection and not once per query."""
        return (
            "SELECT set_config('search_path', %s, false), set_config('kimono.tenant', %s, false)",
            (f'"{self.schema}", public', self.tenant),
        )


def session_of(tenant: "Tenant") -> Session:
    """Return the session of a tenant, with the options that the product's settings give to a connection."""
    from django.conf import settings

    options = settings.DATABASES["default"]["OPTIONS"]["options"]
    return Session(os.environ["DATABASE_URL"], options, tenant.schema_name, str(tenant.pk))


def connect(session: Session) -> "psycopg.Connection[Any]":
    """Return a bare connection; parameters are put into the text on this side, as Django does it."""
    raw = psycopg.connect(
        session.url, options=session.options, autocommit=True, cursor_factory=psycopg.ClientCursor
    )
    raw.execute(*session.settings())
    return raw


def replay(raw: "psycopg.Connection[Any]", statements: Sequence[Statement]) -> None:
    """Send statements on one cursor and fetch what they return."""
    with raw.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement.sql, statement.params)
            if cursor.description is not None:
                cursor.fetchall()
