"""What every other test relies on: the application's role, a way back to the template, no network."""

import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from django.db import connection
from pytest_socket import SocketConnectBlockedError

from kimono.lib import db
from kimono.lib.ids import new_id
from kimono.lib.threads import in_thread
from tests.fixtures.databases import Restorer

if TYPE_CHECKING:
    from tenants.models import Tenant


def test_tests_query_as_the_applications_role(in_alpha: "Tenant") -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_user, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user"
        )
        assert cursor.fetchone() == ("kimono_app", False, False)


def test_no_tenant_is_in_force_unless_asked_for(alpha: "Tenant") -> None:
    with pytest.raises(db.NoTenant), connection.cursor():
        pass


def test_a_real_transaction_is_undone_by_restoring(
    restorer: Restorer, superuser: psycopg.Connection[Any], alpha: "Tenant", new_key: Callable[..., str]
) -> None:
    before = superuser.execute("SELECT id, name, status FROM tenants_tenant ORDER BY id").fetchall()
    new_key(alpha)
    superuser.execute("UPDATE tenants_tenant SET status = 'suspended', name = name || ' changed'")
    superuser.execute("CREATE SCHEMA t_made_by_a_test")
    assert restorer.restore() >= 2
    assert superuser.execute("SELECT id, name, status FROM tenants_tenant ORDER BY id").fetchall() == before
    assert superuser.execute("SELECT count(*) FROM tenants_apikey").fetchone() == (0,)
    assert superuser.execute("SELECT to_regnamespace('t_made_by_a_test')").fetchone() == (None,)
    assert restorer.restore() == 0
    superuser.execute("UPDATE tenants_tenant SET name = name WHERE slug = 'alpha'")
    assert restorer.restore() == 1
    superuser.execute("DELETE FROM tenants_domain")
    assert restorer.restore() == 1
    assert restorer.restore() == 0


def test_tables_count_on_from_their_rows_when_asked(
    superuser: psycopg.Connection[Any], alpha: "Tenant", restart_sequences: Callable[[], None]
) -> None:
    insert = f"INSERT INTO {alpha.schema_name}.auth_group (name) VALUES ('one') RETURNING id"
    superuser.execute(insert)
    superuser.execute(f"DELETE FROM {alpha.schema_name}.auth_group")
    restart_sequences()
    assert superuser.execute(insert).fetchone() == (1,)


@pytest.mark.django_db(transaction=True)
async def test_a_thread_of_ours_sees_the_tests_tenant(in_alpha: "Tenant") -> None:
    assert (await in_thread(db.current_tenant)).pk == in_alpha.pk


def test_equal_ids_differ_in_the_tag_alone(
    alpha: "Tenant", beta: "Tenant", equal_ids: Callable[[], Any]
) -> None:
    ids = []
    for tenant in (alpha, beta):
        with equal_ids(), db.tenant_scope(tenant):
            ids.append([new_id("qa"), new_id("qa")])
    (first, second), (twin, _) = ids
    assert first != second
    assert first.rsplit("-", 1)[0] == twin.rsplit("-", 1)[0]
    assert first != twin


def test_the_network_is_out_of_reach() -> None:
    # An address of TEST-NET-1 (RFC 5737): nothing is there, and nothing is asked.
    with pytest.warns(UserWarning, match="tried to use socket"), pytest.raises(SocketConnectBlockedError):
        socket.create_connection(("192.0.2.1", 80), timeout=1)
