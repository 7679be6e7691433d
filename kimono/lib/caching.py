"""The cache in Redis, with one set of connections for the whole process.

Django makes a cache object for each asynchronous context, and each would open connections of its own: one per request.
"""

import threading
from functools import cached_property
from typing import Any

from django.core.cache.backends.redis import RedisCache, RedisCacheClient

_lock = threading.Lock()
_clients: dict[tuple[str, ...], RedisCacheClient] = {}


class SharedRedisCache(RedisCache):
    """Django's cache in Redis; objects for the same servers share their client, whose pools are safe between threads."""

    @cached_property
    def _cache(self) -> RedisCacheClient:
        servers: Any = self._servers  # type: ignore[attr-defined]
        options: Any = self._options  # type: ignore[attr-defined]
        key = (*servers, repr(sorted(options.items())))
        with _lock:
            if key not in _clients:
                _clients[key] = RedisCacheClient(servers, **options)
            return _clients[key]
