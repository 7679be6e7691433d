"""The database speaks for one tenant at a time, whoever runs beside it."""

import asyncio
import random
import threading
from contextlib import ExitStack
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.utils import ConnectionHandler

from kimono.lib import db
from kimono.lib.db.pooling import PooledConnection
from kimono.lib.threads import in_thread
from tenants.models import Tenant
from tests.fixtures.tenants import tenant_called

pytestmark = pytest.mark.django_db(transaction=True)


def in_force() -> tuple[str, str, str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('search_path'), current_setting('kimono.tenant', true),"
            " current_setting('kimono.scope', true)"
        )
        return cursor.fetchone()


def expected(tenant: Tenant) -> tuple[str, str, str]:
    return (f'"{tenant.schema_name}", "public"', str(tenant.pk), "")


def test_a_scope_sets_path_tenant_and_scope_together(alpha: Tenant) -> None:
    with db.tenant_scope(alpha):
        assert in_force() == expected(alpha)
    with db.public_scope():
        assert in_force() == ('"public"', "", "")
    with db.tenant_scope(alpha), db.platform_scope():
        assert in_force() == (f'"{alpha.schema_name}", "public"', str(alpha.pk), "platform")


def test_without_a_scope_nothing_is_asked() -> None:
    with pytest.raises(db.NoTenant):
        Tenant.objects.count()
    with pytest.raises(db.NoTenant), connection.cursor():
        pass
    with pytest.raises(db.NoTenant):
        db.current_tenant()
    assert db.current_tenant_or_none() is None


def test_no_tenant_inside_public_scope() -> None:
    with db.public_scope(), pytest.raises(db.NoTenant):
        db.current_tenant()


def test_scopes_nest_and_come_back_after_an_exception(alpha: Tenant, beta: Tenant) -> None:
    with db.tenant_scope(alpha):
        with pytest.raises(ZeroDivisionError), db.tenant_scope(beta):
            assert in_force() == expected(beta)
            _ = 1 / 0
        assert in_force() == expected(alpha)
        with db.platform_scope():
            with db.tenant_scope(beta):
                assert in_force() == expected(beta), "a tenant's scope is never the platform's"
            assert in_force()[2] == "platform"
        assert in_force() == expected(alpha)
    assert db.scope_or_none() is None


def test_a_savepoint_rollback_does_not_bring_back_the_other_tenant(alpha: Tenant, beta: Tenant) -> None:
    with db.tenant_scope(alpha), transaction.atomic():
        assert in_force() == expected(alpha)
        with pytest.raises(RuntimeError), db.tenant_scope(beta), transaction.atomic():
            assert in_force() == expected(beta)
            raise RuntimeError
        assert in_force() == expected(alpha)
        with pytest.raises(DatabaseError), transaction.atomic():
            connection.cursor().execute("SELECT 1 / 0")
        assert in_force() == expected(alpha)


def test_many_threads_each_for_their_own_tenant(alpha: Tenant, beta: Tenant) -> None:
    wrong: list[Any] = []

    def read(tenant: Tenant) -> None:
        for _ in range(50):
            with db.tenant_scope(tenant):
                if in_force() != expected(tenant):
                    wrong.append(tenant)
        db.released()

    threads = [threading.Thread(target=read, args=(tenant,)) for tenant in (alpha, beta) * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_a_new_thread_starts_without_a_tenant(alpha: Tenant) -> None:
    seen: list[Any] = []
    with db.tenant_scope(alpha):
        thread = threading.Thread(target=lambda: seen.append(db.scope_or_none()))
        thread.start()
        thread.join()
    assert seen == [None]


async def test_four_hundred_interleaved_reads_speak_for_their_own_tenant() -> None:
    alpha, beta = await in_thread(tenant_called, "alpha"), await in_thread(tenant_called, "beta")

    async def read(tenant: Tenant, number: int) -> bool:
        with db.tenant_scope(tenant):
            await asyncio.sleep(random.random() / 100)
            first = await in_thread(in_force)
            await asyncio.sleep(0)
            return first == expected(tenant) == await in_thread(in_force)

    results = await asyncio.gather(*(read((alpha, beta)[n % 2], n) for n in range(200)))
    assert results == [True] * 200
    assert db.scope_or_none() is None


async def test_a_task_keeps_the_tenant_it_was_started_for() -> None:
    alpha, beta = await in_thread(tenant_called, "alpha"), await in_thread(tenant_called, "beta")
    go = asyncio.Event()

    async def later() -> tuple[str, str, str]:
        await go.wait()
        return await in_thread(in_force)

    with db.tenant_scope(alpha):
        task = asyncio.create_task(later())
    with db.tenant_scope(beta):
        go.set()
        assert await task == expected(alpha)
        assert await in_thread(in_force) == expected(beta)


async def test_in_thread_gives_back_what_it_took_and_raises_what_it_raises() -> None:
    def fails() -> None:
        with db.public_scope():
            Tenant.objects.count()
            raise LookupError("told")

    def is_open() -> bool:
        return connection.connection is not None

    with pytest.raises(LookupError, match="told"):
        await in_thread(fails)
    assert [await in_thread(is_open) for _ in range(10)] == [False] * 10
    with pytest.raises(db.NoTenant):
        await in_thread(Tenant.objects.count)


async def test_a_thread_cannot_change_the_tenant_of_its_caller() -> None:
    alpha, beta = await in_thread(tenant_called, "alpha"), await in_thread(tenant_called, "beta")

    def strays() -> None:
        db.set_scope(db.Scope(tenant=beta, schema=beta.schema_name))

    with db.tenant_scope(alpha):
        await in_thread(strays)
        assert await in_thread(in_force) == expected(alpha)


def test_a_pooled_connection_forgets_who_had_it(alpha: Tenant) -> None:
    from django.conf import settings

    default = settings.DATABASES["default"]
    pool = {"min_size": 1, "max_size": 1, "timeout": 5, "connection_class": PooledConnection}
    options = {**default["OPTIONS"], "pool": pool}
    # Under a name of its own: Django keeps one pool for all connections of a name.
    handler = ConnectionHandler({"default": default, "own": {**default, "OPTIONS": options}})
    pooled = handler["own"]
    try:
        with db.tenant_scope(alpha), pooled.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid(), current_setting('kimono.tenant')")
            process, tenant = cursor.fetchone()
            cursor.execute("SET statement_timeout = 7")
        assert tenant == str(alpha.pk)
        pooled.close()
        # Below our backend: what a statement would meet that forgot to say whom it speaks for.
        with pooled.pool.connection() as raw:
            row = raw.execute(
                "SELECT pg_backend_pid(), current_setting('kimono.tenant', true), current_setting('search_path'),"
                " current_setting('statement_timeout')"
            ).fetchone()
        assert row == (process, "", '"$user", public', "15s")
    finally:
        pooled.close_pool()


def test_a_transaction_speaks_for_whoever_is_in_force(alpha: Tenant) -> None:
    beta = tenant_called("beta")
    with transaction.atomic(), db.tenant_scope(alpha):
        assert in_force() == in_force() == expected(alpha)
        with db.tenant_scope(beta):
            assert in_force() == in_force() == expected(beta)
        assert in_force() == expected(alpha)
        with transaction.atomic():
            marker = transaction.savepoint()
            with db.tenant_scope(beta):
                assert in_force() == expected(beta)
                transaction.savepoint_rollback(marker)
                assert in_force() == expected(beta)
        with pytest.raises(DatabaseError), transaction.atomic(), db.tenant_scope(beta):
            in_force()
            Tenant.objects.raw("SELECT 1/0")[0]
        assert in_force() == expected(alpha)
        with connection.cursor() as cursor:
            cursor.execute("SET search_path = nowhere")
        assert in_force() == expected(alpha)
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('kimono.tenant', '', false)")
        assert in_force() == expected(alpha)


@pytest.mark.parametrize("name", ["public; DROP TABLE x", 'a" , "b', "pg_temp'", ""])
def test_a_schema_s_name_is_never_sql(name: str) -> None:
    class Made:
        schema_name = name
        pk = None

    with ExitStack() as stack:
        stack.enter_context(db.tenant_scope(Made()))
        stack.enter_context(pytest.raises(Exception))
        in_force()
    with db.public_scope():
        assert Tenant.objects.count() >= 3
