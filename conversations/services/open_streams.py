"""How many event streams are open: so many per conversation and per caller, over all processes.

The count lives in Redis as names with an end; while Redis is down each process counts its own.
"""

import os
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache

from redis.asyncio import Redis

from conversations.services.turns import drafts
from kimono.lib.errors import TooMany
from tenants.services import limits

_LIFE_SECONDS = 3700
_DEFAULTS = {"sse_session": 5, "sse_key": 200}
_here: Counter[str] = Counter()


@cache
def most(name: str) -> int:
    """Return how many streams of a kind may be open; 0 for any number (`KIMONO_LIMIT_SSE_SESSION`, `_SSE_KEY`)."""
    return int(os.environ.get(f"KIMONO_LIMIT_{name.upper()}") or _DEFAULTS[name])


@asynccontextmanager
async def counted(*, session_id: str | None, principal: str, ip: str | None) -> AsyncIterator[None]:
    """Count one stream while the block runs. Raises `TooMany`."""
    taken: list[tuple[str, str]] = []
    factor = limits.factor_for(ip)
    wanted = [("sse_key", principal)] + ([("sse_session", session_id)] if session_id else [])
    try:
        for name, identity in wanted:
            key, member = drafts.key_of(name, identity), uuid.uuid4().hex
            allowed = most(name) * factor
            _here[key] += 1
            taken.append((key, member))
            if allowed and await _too_many(key, member, allowed):
                raise TooMany(retry_after=5, detail="Too many open streams.")
        yield
    finally:
        for key, member in taken:
            _here[key] -= 1
            if _here[key] <= 0:
                del _here[key]
            await _forget(key, member)


async def _forget(key: str, member: str) -> None:
    await drafts.attempt(lambda redis: redis.zrem(key, member))


async def _too_many(key: str, member: str, allowed: int) -> bool:
    now = time.time()

    async def count(redis: Redis) -> int:
        async with redis.pipeline(transaction=True) as pipe:
            pipe.zremrangebyscore(key, 0, now)
            pipe.zadd(key, {member: now + _LIFE_SECONDS})
            pipe.zcard(key)
            pipe.expire(key, _LIFE_SECONDS)
            return int((await pipe.execute())[2])

    counted_there = await drafts.attempt(count)
    return bool((counted_there if counted_there is not None else _here[key]) > allowed)
