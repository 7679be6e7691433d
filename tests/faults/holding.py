"""Holding a job where it stands, so that its worker can be killed exactly there."""

import contextlib
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

LOCK = 471_100
_TABLES = ("knowledge_chunk", "knowledge_revision")


class Holder:
    """Makes the database hold a job where it stands, so that it can be killed exactly there."""

    def __init__(self, raw: psycopg.Connection[Any], schema: str) -> None:
        self.raw, self.schema = raw, schema

    @contextlib.contextmanager
    def between(self, stage: str, following: str) -> Iterator[None]:
        """Hold the job at the end of `stage`."""
        when = f"FOR EACH ROW WHEN (OLD.stage = '{stage}' AND NEW.stage = '{following}')"
        with self._updating("public.tenants_job", when):
            yield

    @contextlib.contextmanager
    def updating(self, table: str) -> Iterator[None]:
        """Hold the job where it changes rows of `table`; rows may be added to it."""
        with self._updating(f'"{self.schema}".{table}', "FOR EACH ROW"):
            yield

    @contextlib.contextmanager
    def _updating(self, table: str, when: str) -> Iterator[None]:
        self.raw.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        self.raw.execute(
            f"CREATE TRIGGER hold BEFORE UPDATE ON {table} {when} EXECUTE FUNCTION kimono_test.hold()"
        )
        try:
            yield
        finally:
            self.end_waiting()
            self.raw.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
            self.raw.execute(f"DROP TRIGGER hold ON {table}")

    @contextlib.contextmanager
    def writing(self, table: str) -> Iterator[None]:
        """Hold the job in the transaction that writes to `table`."""
        self.raw.execute("BEGIN")
        self.raw.execute(f'LOCK TABLE "{self.schema}".{table} IN SHARE MODE')
        try:
            yield
        finally:
            self.end_waiting()
            self.raw.execute("ROLLBACK")

    def is_waiting(self) -> bool:
        """Tell whether somebody is held."""
        return bool(self._waiting())

    def _waiting(self) -> list[int]:
        rows = self.raw.execute(
            "SELECT pid FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname ="
            " current_database()) AND (objid = %s OR relation = ANY(%s::regclass[]))",
            [LOCK, [f'"{self.schema}".{table}' for table in _TABLES]],
        ).fetchall()
        return [row[0] for row in rows]

    def end_waiting(self) -> None:
        """End the server's side of processes that were killed: it would notice only when it writes to them."""
        for pid in self._waiting():
            self.raw.execute("SELECT pg_terminate_backend(%s)", [pid])


@pytest.fixture
def holder(superuser: psycopg.Connection[Any], alpha: Any) -> Iterator[Holder]:
    superuser.execute(
        "CREATE OR REPLACE FUNCTION kimono_test.hold() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS"
        f" $$ BEGIN PERFORM pg_advisory_xact_lock_shared({LOCK}); RETURN NEW; END $$"
    )
    yield Holder(superuser, alpha.schema_name)
    superuser.execute("DROP FUNCTION kimono_test.hold() CASCADE")
