"""The cache's connections are the process's, not a request's."""

import asyncio
from contextvars import copy_context

import pytest
from django.core.cache import cache, caches
from redis.client import Redis

from kimono.lib import db
from kimono.lib.threads import in_thread
from tenants.models import Tenant
from tests.fixtures.tenants import tenant_called

pytestmark = pytest.mark.django_db(transaction=True)


def connections_made() -> int:
    client: Redis = cache._cache.get_client(None)
    return int(client.info("stats")["total_connections_received"])


async def test_many_requests_share_a_few_connections() -> None:
    alpha = await in_thread(tenant_called, "alpha")

    def use() -> object:
        with db.tenant_scope(alpha):
            cache.set("shared", 1)
            return caches["default"]

    await in_thread(use)
    before = connections_made()
    objects = [await in_thread(copy_context().run, use) for _ in range(20)]
    assert len({id(each) for each in objects}) > 1, "Django gives each context a cache of its own"
    assert connections_made() - before <= 2
    await asyncio.gather(*(in_thread(use) for _ in range(40)))
    assert connections_made() - before <= 20, "one for each thread of the pool, not one for each request"


def test_the_shared_client_still_keeps_merchants_apart(alpha: Tenant, beta: Tenant) -> None:
    with db.tenant_scope(alpha):
        cache.set("word", "alpha's")
    with db.tenant_scope(beta):
        assert cache.get("word") is None
        cache.set("word", "beta's")
    with db.tenant_scope(alpha):
        assert cache.get("word") == "alpha's"
