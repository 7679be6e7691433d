"""What is new in a conversation, read once for all of this process who were rung for it at the same time."""

import asyncio
from typing import TypeAlias

from conversations.services import timeline
from conversations.services.timeline import MOST, Happened
from kimono.lib.threads import in_thread

__all__ = ["MOST", "since"]
_Key: TypeAlias = tuple[asyncio.AbstractEventLoop, str, int]
_next: "dict[_Key, asyncio.Task[list[Happened]]]" = {}


async def since(*, group: str, conversation_pk: int, public_id: str, seq: int) -> list[Happened]:
    """Return what came after a number in the conversation whose group this is, as `timeline.since`.

    Who asks before the reading has begun shares it: what was committed before it asked is in it.
    """
    key = asyncio.get_running_loop(), group, seq
    reading = _next.get(key)
    if reading is None:
        reading = _next[key] = asyncio.create_task(_read(key, conversation_pk, public_id))
    # Who leaves early takes nothing from the others.
    return await asyncio.shield(reading)


async def _read(key: _Key, conversation_pk: int, public_id: str) -> list[Happened]:
    try:
        # Whoever the same ring has woken comes along now.
        for _ in range(2):
            await asyncio.sleep(0)
    finally:
        del _next[key]
    return await in_thread(timeline.since, conversation_pk=conversation_pk, public_id=public_id, seq=key[2])
