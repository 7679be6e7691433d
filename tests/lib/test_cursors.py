"""Every statement carries its tenant in the same message, whatever way it is sent."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction
from psycopg import sql

from kimono.lib import db
from kimono.lib.db.cursors import TenantCursor, settings_of
from tenants.models import Tenant

pytestmark = pytest.mark.django_db(transaction=True)
ASKED = "SELECT current_setting('kimono.tenant', true)"


@pytest.fixture
def messages(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every message that goes to the database, as it is sent."""
    sent: list[str] = []
    original = psycopg.ClientCursor._execute_send

    def note(self: Any, query: Any, **options: Any) -> None:
        sent.append(query.query.decode())
        original(self, query, **options)

    monkeypatch.setattr(psycopg.ClientCursor, "_execute_send", note)
    return sent


def test_settings_and_statement_are_one_message(alpha: Tenant, messages: list[str]) -> None:
    with db.tenant_scope(alpha):
        messages.clear()
        assert Tenant.objects.filter(pk=alpha.pk).exists()
    (message,) = messages
    assert message.startswith("SELECT set_config('search_path', '\"t_") and str(alpha.pk) in message


def test_each_further_statement_of_a_cursor_carries_them_too(alpha: Tenant, beta: Tenant) -> None:
    with db.tenant_scope(alpha), connection.cursor() as cursor:
        cursor.execute(ASKED)
        with db.tenant_scope(beta), connection.cursor() as other:
            other.execute(ASKED)
            assert other.fetchone() == (str(beta.pk),)
        cursor.execute(ASKED)
        assert cursor.fetchone() == (str(alpha.pk),), (
            "another cursor's tenant does not stay on the connection"
        )


@pytest.mark.parametrize(
    ("query", "params", "rows"),
    [
        ("SELECT '50%'", None, [("50%",)]),
        ("SELECT '50%%', %s", ["x"], [("50%", "x")]),
        ("SELECT '50%%', %(name)s", {"name": "y'"}, [("50%", "y'")]),
        (sql.SQL("SELECT {}").format(sql.Literal("a;b")), None, [("a;b",)]),
        (b"SELECT 1", None, [(1,)]),
        ("SELECT 1; SELECT 2", None, [(1,)]),
        ("SELECT 1 WHERE false", None, []),
    ],
)
def test_the_result_is_the_statements_own(alpha: Tenant, query: Any, params: Any, rows: list[Any]) -> None:
    with db.tenant_scope(alpha), connection.cursor() as cursor:
        cursor.execute(query, params) if params is not None else cursor.execute(query)
        assert cursor.fetchall() == rows
        assert cursor.rowcount == len(rows)


def test_counts_of_writes_are_the_statements_own(alpha: Tenant) -> None:
    with db.tenant_scope(alpha), connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE numbers (n int)")
        cursor.executemany("INSERT INTO numbers VALUES (%s)", [[1], [2], [3]])
        cursor.execute("UPDATE numbers SET n = n + 1 WHERE n > 1")
        assert cursor.rowcount == 2
        with cursor.copy("COPY numbers FROM STDIN") as copy:
            copy.write_row([9])
        cursor.execute("SELECT sum(n) FROM numbers")
        assert cursor.fetchone() == (17,)
        assert [row[0] for row in cursor.stream("SELECT n FROM numbers ORDER BY n")] == [1, 3, 4, 9]
        cursor.execute("DROP TABLE numbers")


def test_other_ways_of_sending_are_for_the_tenant_as_well(alpha: Tenant, beta: Tenant) -> None:
    def of_alpha() -> Iterator[list[Any]]:
        with db.tenant_scope(alpha), connection.cursor() as cursor:
            yield cursor
            with db.tenant_scope(beta), connection.cursor() as other:
                other.execute("SELECT 1")
            yield cursor

    for number, cursor in enumerate(of_alpha()):
        with cursor.copy(f"COPY ({ASKED}) TO STDOUT") as copy:
            assert b"".join(copy).decode().strip() == str(alpha.pk), number
    for number, cursor in enumerate(of_alpha()):
        assert list(cursor.stream(ASKED)) == [(str(alpha.pk),)], number


def test_after_an_error_a_savepoint_is_rolled_back(alpha: Tenant) -> None:
    with db.tenant_scope(alpha), transaction.atomic():
        with pytest.raises(DatabaseError), transaction.atomic():
            connection.cursor().execute("SELECT 1 / 0")
        with connection.cursor() as cursor:
            cursor.execute(ASKED)
            assert cursor.fetchone() == (str(alpha.pk),)


def test_a_failed_statement_leaves_nothing_behind(alpha: Tenant) -> None:
    with db.tenant_scope(alpha):
        with pytest.raises(DatabaseError), connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")
        with connection.cursor() as cursor:
            cursor.execute(ASKED)
            assert cursor.fetchone() == (str(alpha.pk),)


def test_what_must_come_alone_comes_alone(superuser: Any) -> None:
    """VACUUM and its like are refused in a transaction, and two statements in one message are one."""
    with TenantCursor(superuser) as cursor:
        cursor.speak_for(settings_of('"public"', "", ""))
        cursor.execute("VACUUM tenants_tenant")
        cursor.execute("CREATE INDEX CONCURRENTLY passing ON tenants_tenant (name)")
        cursor.execute("DROP INDEX CONCURRENTLY passing")
        cursor.execute("SELECT current_setting('search_path')")
        assert cursor.fetchone() == ('"public"',)


def test_a_quote_in_a_name_stays_in_it() -> None:
    assert settings_of('"a\'b"', "", "").startswith("SELECT set_config('search_path', '\"a''b\"', false)")
