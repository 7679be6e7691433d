"""Events of turns in Redis, so that a follower in another process can read them; kept ten minutes.

Redis may be gone: then other processes see a turn when it ends, from its row.
"""

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, cast

import redis.asyncio
from django.conf import settings
from redis.exceptions import RedisError

from conversations.services import doorbell
from conversations.services.turns.live import KEPT_SECONDS, Frame, Live
from kimono.lib.db import NoTenant, scope_or_none

log = logging.getLogger(__name__)
# The channel layer holds a hundred messages: pieces are gathered this long before anybody is rung.
GATHER_SECONDS = 0.06
_PAUSE = 5.0
_down_until = 0.0
_clients: dict[asyncio.AbstractEventLoop, "redis.asyncio.Redis"] = {}


def _client() -> "redis.asyncio.Redis":
    loop = asyncio.get_running_loop()
    for old in [each for each in _clients if each.is_closed()]:
        del _clients[old]
    if loop not in _clients:
        _clients[loop] = redis.asyncio.Redis.from_url(
            str(settings.CACHES["default"]["LOCATION"]), socket_connect_timeout=0.5, socket_timeout=1
        )
    return _clients[loop]


def key_of(kind: str, identity: str) -> str:
    """Return the Redis key of one thing of the current tenant, or of the platform. Raises `NoTenant`."""
    scope = scope_or_none()
    if scope is None:
        raise NoTenant("neither a tenant nor the platform is set here")
    return f"kimono:{scope.schema}:{kind}:{identity}"


async def attempt(work: Callable[["redis.asyncio.Redis"], Awaitable[Any]]) -> Any:
    """Return what `work` gets from Redis; None while Redis does not answer, for which it is not asked for a while."""
    global _down_until
    if time.monotonic() < _down_until:
        return None
    try:
        return await work(_client())
    except (RedisError, OSError, TimeoutError) as error:
        log.warning("drafts stay in this process: Redis does not answer (%s)", type(error).__name__)
        _down_until = time.monotonic() + _PAUSE
        return None


async def publish(live: Live) -> None:
    """Copy a turn's events to Redis as they come, until its end, and ring the other processes."""
    sent = 0
    # What is over before anybody elsewhere could have asked is copied once, and holds nothing up.
    await asyncio.sleep(GATHER_SECONDS)
    while True:
        ended = live.finished is not None
        waiting = live.frames[sent:]
        if waiting:
            await attempt(lambda redis, frames=tuple(waiting): _push(redis, live, frames))  # type: ignore[misc]
            doorbell.ring_afar(live.group)
        sent += len(waiting)
        if ended:
            return
        await live.changed(1.0)
        await asyncio.sleep(GATHER_SECONDS)


async def _push(redis: "redis.asyncio.Redis", live: Live, frames: Sequence[Frame]) -> None:
    key = key_of("turn", live.turn_id)
    rows = [json.dumps([frame.number, frame.event, frame.data], ensure_ascii=False) for frame in frames]
    async with redis.pipeline(transaction=False) as pipe:
        pipe.rpush(key, *rows)
        pipe.expire(key, int(KEPT_SECONDS))
        pipe.set(key_of("writing", live.session_id), f"{live.turn_id} {live.reply_id}", ex=int(KEPT_SECONDS))
        await pipe.execute()


async def read(turn_id: str, after: int) -> list[Frame]:
    """Return the events of a turn after number `after`, as far as Redis has them."""
    rows = await attempt(
        lambda redis: cast(Awaitable[Any], redis.lrange(key_of("turn", turn_id), after + 1, -1))
    )
    return [Frame(*json.loads(row)) for row in rows or ()]


async def writing_in(session_id: str) -> tuple[str, str] | None:
    """Return the turn that was last written in a conversation, by whichever process, and its reply's id."""
    value = await attempt(lambda redis: redis.get(key_of("writing", session_id)))
    if not value:
        return None
    turn_id, _, reply_id = value.decode().partition(" ")
    return turn_id, reply_id
