"""The connections of the pool: nothing of the one who had them before is left when they are handed out."""

from typing import Any

import psycopg


class PooledConnection(psycopg.Connection[Any]):
    """A connection whose health check also forgets what its last borrower set.

    Django's pool does not reset sessions, and psycopg's own `reset` costs a second round trip in a thread of its own
    for each that is given back. The check, an empty statement before each loan, is there anyway.
    """

    def execute(self, query: Any, params: Any = None, **options: Any) -> psycopg.Cursor[Any]:
        """Send a statement; the empty one of the health check resets the session."""
        return super().execute("RESET ALL" if query == "" else query, params, **options)
