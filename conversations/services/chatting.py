"""A contact's message and its answer, whole or as a stream."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from conversations.services.turns import awaiting, ordering, running, starting
from conversations.services.turns.shapes import Begun, Incoming, Limits, Sender, StillRunning, TurnFailed
from kimono.lib.threads import in_thread

# The contract gives POST /chat 25 s and a stream 120 s, the way there and back included.
WHOLE = Limits(total=23.0, on_timeout="degrade")
STREAMED = Limits(total=118.0, on_timeout="fail")
PATIENCE_SECONDS = 24.5


@dataclass(frozen=True)
class Answered:
    """A ChatResponse, and whether it was given before."""

    response: Mapping[str, Any]
    replay: bool


async def begin(*, incoming: Incoming, sender: Sender) -> Begun:
    """Store a message and start its turn; a message that was sent before finds its turn instead.

    The turn completes whether or not anybody listens. Raises `Missing`, `Closed`, `BodyDiffers`.
    """
    owner = ordering.new_owner()
    begun = await in_thread(starting.start, incoming=incoming, sender=sender, owner=owner, now=timezone.now())
    if not begun.repeat:
        limits = STREAMED if incoming.entry in ("stream", "socket") else WHOLE
        running.launch(begun, owner=owner, limits=limits)
    return begun


async def answer(*, incoming: Incoming, sender: Sender) -> Answered:
    """Return the whole answer to a message.

    Raises as `begin`; `TurnFailed` when none could be made in time; `StillRunning` for a repeat that came too early.
    """
    until = asyncio.get_running_loop().time() + PATIENCE_SECONDS
    begun = await begin(incoming=incoming, sender=sender)
    try:
        finished = await awaiting.result(begun, seconds=until - asyncio.get_running_loop().time())
    except StillRunning:
        if begun.repeat:
            raise
        raise TurnFailed from None
    return Answered(finished.response, begun.repeat)
