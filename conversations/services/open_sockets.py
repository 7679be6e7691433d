"""How many sockets are open: so many per conversation, person and address, over all processes; the oldest makes room.

The places live in Redis as names with an end; while Redis is down each process counts its own.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

from redis.asyncio import Redis

from conversations.services.turns import drafts
from kimono.lib.ids import random_part

# A place is held this long without a sign of life: a few pings.
_LIFE_SECONDS = 120
_DEFAULTS = {"ws_session": 5, "ws_user": 5, "ws_ip": 20}
_here: dict[str, dict[str, Callable[[], None]]] = {}
_leaving: set["asyncio.Task[None]"] = set()


@cache
def most(name: str) -> int:
    """Return how many sockets of a kind may be open; 0 for any number (`KIMONO_LIMIT_WS_SESSION`, `…_USER`, `…_IP`)."""
    return int(os.environ.get(f"KIMONO_LIMIT_{name.upper()}") or _DEFAULTS[name])


@dataclass(frozen=True)
class Place:
    """What a socket counts as."""

    name: str
    keys: tuple[str, ...]

    async def is_lost(self) -> bool:
        """Tell whether a newer socket has taken this one's place; renews it where not."""

        async def look(redis: Redis) -> bool:
            async with redis.pipeline(transaction=False) as pipe:
                for key in self.keys:
                    pipe.exists(_gone(key, self.name))
                    pipe.zadd(key, {self.name: time.time() + _LIFE_SECONDS})
                    pipe.expire(key, _LIFE_SECONDS)
                answers = await pipe.execute()
            return any(answers[::3])

        return bool(await drafts.attempt(look))


@asynccontextmanager
async def counted(
    places: Sequence[tuple[str, str]], *, factor: int, close: Callable[[], None]
) -> AsyncIterator[Place]:
    """Count one socket while the block runs; where there are too many, the oldest is closed.

    `places`: names of limits with whose they are. `close` ends this socket when it is the oldest; called from any thread.
    """
    # The name begins with the time, so that names sort by age.
    name = f"{time.time():017.6f}.{random_part(8)}"
    keys = tuple(drafts.key_of(limit, identity) for limit, identity in places)
    try:
        for key, (limit, _) in zip(keys, places, strict=True):
            _here.setdefault(key, {})[name] = close
            await _make_room(key, name, most(limit) * factor)
        yield Place(name, keys)
    finally:
        for key in keys:
            own = _here.get(key, {})
            own.pop(name, None)
            if not own:
                _here.pop(key, None)
        # A socket that has ended waits for nobody; a place that is not given back ends by itself.
        leaving = asyncio.create_task(_leave(keys, name))
        _leaving.add(leaving)
        leaving.add_done_callback(_leaving.discard)


async def _leave(keys: Sequence[str], name: str) -> None:
    async def give_back(redis: Redis) -> None:
        async with redis.pipeline(transaction=False) as pipe:
            for key in keys:
                pipe.zrem(key, name)
            await pipe.execute()

    await drafts.attempt(give_back)


async def _make_room(key: str, name: str, allowed: int) -> None:
    now = time.time()

    async def enter(redis: Redis) -> list[str]:
        async with redis.pipeline(transaction=True) as pipe:
            pipe.zremrangebyscore(key, 0, now)
            pipe.zadd(key, {name: now + _LIFE_SECONDS})
            pipe.expire(key, _LIFE_SECONDS)
            pipe.zrange(key, 0, -1)
            answers: Any = await pipe.execute()
        return [each.decode() for each in answers[3]]

    there = await drafts.attempt(enter)
    names = sorted(there if there is not None else _here.get(key, {}))
    for oldest in names[: max(0, len(names) - allowed)] if allowed else []:
        close = _here.get(key, {}).get(oldest)
        if close is not None:
            close()
        await drafts.attempt(lambda redis, each=oldest: _mark(redis, key, each))  # type: ignore[misc]


async def _mark(redis: Redis, key: str, name: str) -> None:
    async with redis.pipeline(transaction=True) as pipe:
        pipe.zrem(key, name)
        pipe.set(_gone(key, name), 1, ex=_LIFE_SECONDS)
        await pipe.execute()


def _gone(key: str, name: str) -> str:
    return f"{key}:gone:{name}"
