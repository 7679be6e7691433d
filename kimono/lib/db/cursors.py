"""Cursors that say for whom they ask with everything they ask: the settings and the statement travel in one message."""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from django.db.backends.postgresql.base import CursorMixin
from psycopg import ClientCursor, sql
from psycopg.pq import TransactionStatus

_SETS = re.compile(r"\s*(?:SET|RESET|DISCARD)\b", re.IGNORECASE)
_SPOKEN_FOR = "kimono_spoken_for"
# Statements about the transaction itself need no schema, and after an error nothing but them is taken.
_CONTROL = re.compile(r"\s*(?:SAVEPOINT|RELEASE|ROLLBACK|BEGIN|COMMIT)\b", re.IGNORECASE)
# PostgreSQL takes these only when they come alone.
_ALONE = re.compile(
    r"\s*(?:VACUUM|CLUSTER|(?:CREATE|DROP)\s+DATABASE|ALTER\s+SYSTEM|"
    r"(?:CREATE\s+(?:UNIQUE\s+)?INDEX|DROP\s+INDEX|REINDEX\b.*)\s+CONCURRENTLY)\b",
    re.IGNORECASE | re.DOTALL,
)


@lru_cache(maxsize=4096)
def settings_of(path: str, tenant: str, scope: str) -> str:
    """Return the statement that puts a search path, a tenant and a scope in force for what follows it."""
    named = zip(("search_path", "kimono.tenant", "kimono.scope"), (path, tenant, scope), strict=True)
    calls = (f"set_config('{name}', {sql.quote(value)}, false)" for name, value in named)
    return f"SELECT {', '.join(calls)}"


def _text(query: Any, cursor: Any) -> str:
    return query.decode() if isinstance(query, bytes) else str(query.as_string(cursor))


class TenantCursor(CursorMixin, ClientCursor[Any]):
    """A cursor whose statements each carry the settings that `speak_for` gave it.

    A round trip of its own for the settings would double the number of messages of every request. Inside a
    transaction they are sent once, until something may have changed them.
    """

    _settings = ""

    def speak_for(self, settings: str) -> None:
        """Send `settings`, one statement without parameters, in front of every statement from here on."""
        self._settings = settings

    def execute(self, query: Any, params: Any = None, **options: Any) -> "TenantCursor":
        """Send a statement with the settings in front of it where it needs them; the result is the statement's."""
        text = query if isinstance(query, str) else _text(query, self)
        if not self._settings or _CONTROL.match(text):
            # Going back to a savepoint also takes back what was set since.
            self._spoken_for = ""
            super().execute(query, params, **options)
        elif self._settings == self._spoken_for:
            super().execute(query, params, **options)
        elif _ALONE.match(text):
            self._send_settings()
            super().execute(query, params, **options)
        else:
            # Without parameters a percent sign is taken as it is, with parameters it is doubled.
            settings = self._settings if params is None else self._settings.replace("%", "%%")
            super().execute(f"{settings};{text}", params, **options)
            self.nextset()
            self._spoken_for = self._settings
        if "set_config" in text or _SETS.match(text):
            self._spoken_for = ""
        return self

    @property
    def _spoken_for(self) -> str:
        """The settings that the open transaction is known to have; outside of one, a pooler may change the session."""
        if self.connection.pgconn.transaction_status != TransactionStatus.INTRANS:
            return ""
        return str(getattr(self.connection, _SPOKEN_FOR, ""))

    @_spoken_for.setter
    def _spoken_for(self, settings: str) -> None:
        setattr(self.connection, _SPOKEN_FOR, settings)

    def executemany(self, query: Any, params_seq: Iterable[Any], **options: Any) -> None:
        """Send a statement for each of the parameters, after the settings."""
        self._send_settings()
        super().executemany(query, params_seq, **options)

    def stream(self, query: Any, params: Any = None, **options: Any) -> Iterator[Any]:
        """Yield the rows of a statement one by one, after the settings."""
        self._send_settings()
        yield from super().stream(query, params, **options)

    def copy(self, statement: Any, params: Any = None, **options: Any) -> Any:
        """Begin a COPY, after the settings."""
        self._send_settings()
        return super().copy(statement, params, **options)

    def _send_settings(self) -> None:
        if self._settings:
            super().execute(self._settings)
