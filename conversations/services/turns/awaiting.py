"""Waiting for the end of a turn, whether it runs in this process or in another."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta

from django.utils import timezone

from conversations.models import Turn
from conversations.services import doorbell
from conversations.services.turns import drafts, live
from conversations.services.turns.live import Frame
from conversations.services.turns.shapes import Begun, Finished, StillRunning, TurnFailed, lease_is_over
from kimono.lib.threads import in_thread

_LOOK_SECONDS = 0.3
# The row is written first; the events follow it once they are gathered, later where a process has much to do.
_EVENTS_FOLLOW_WITHIN = timedelta(seconds=2)


async def result(begun: Begun, *, seconds: float) -> Finished:
    """Return how a turn ended. Raises `StillRunning` after `seconds`, `TurnFailed` when it gave no answer."""
    try:
        async with asyncio.timeout(seconds):
            finished = await _end_of(begun)
    except TimeoutError:
        raise StillRunning from None
    if not finished.response:
        raise TurnFailed
    # The row gives keys back in an order of its own; a repeat is to be the same to the byte.
    return Finished(json.loads(json.dumps(finished.response, sort_keys=True)), finished.error)


async def _end_of(begun: Begun) -> Finished:
    shown = live.find(begun.turn.public_id)
    if shown is not None:
        return await shown.ended()
    group = doorbell.group_of(begun.conversation.public_id)
    async with doorbell.listening(group) as bell:
        while True:
            turn = await in_thread(Turn.objects.get, pk=begun.turn.pk)
            if turn.status == Turn.Status.SUCCESS:
                return Finished(turn.response)
            if turn.status == Turn.Status.FAILED or lease_is_over(turn, now=timezone.now()):
                return Finished({}, turn.error or "abandoned")
            await bell.wait(_LOOK_SECONDS)


async def frames(begun: Begun, *, after: int, heartbeat: float) -> AsyncIterator[Frame | None]:
    """Yield the events of a turn after number `after`; None where a sign of life is due.

    They come from this process, else from Redis, else (one token with the whole text) from the turn's row.
    """
    shown = live.find(begun.turn.public_id)
    if shown is not None:
        async for frame in shown.follow(after, heartbeat=heartbeat):
            yield frame
        return
    loop = asyncio.get_running_loop()
    quiet_since, last = loop.time(), after
    group = doorbell.group_of(begun.conversation.public_id)
    async with doorbell.listening(group) as bell:
        while True:
            turn = await in_thread(Turn.objects.get, pk=begun.turn.pk)
            for frame in await drafts.read(turn.public_id, last):
                quiet_since, last = loop.time(), frame.number
                yield frame
                if frame.event in ("done", "error"):
                    return
            if turn.status not in Turn.OPEN or lease_is_over(turn, now=timezone.now()):
                async for frame in _remaining(turn, last, after):
                    yield frame
                return
            if loop.time() - quiet_since > heartbeat:
                quiet_since = loop.time()
                yield None
            await bell.wait(_LOOK_SECONDS)


async def _remaining(turn: Turn, last: int, after: int) -> AsyncIterator[Frame]:
    """Yield what is left of a turn that has ended elsewhere: its own events if they still come, else its row's."""
    while True:
        for frame in await drafts.read(turn.public_id, last):
            last = frame.number
            yield frame
            if frame.event in ("done", "error"):
                return
        if not _has_just_ended(turn):
            break
        await asyncio.sleep(drafts.GATHER_SECONDS)
    for frame in _of_row(turn, last, after):
        yield frame


def _has_just_ended(turn: Turn) -> bool:
    return turn.finished_at is not None and timezone.now() - turn.finished_at < _EVENTS_FOLLOW_WITHIN


def _of_row(turn: Turn, last: int, after: int) -> list[Frame]:
    """Return what is left to say of a turn that has ended elsewhere.

    When some of its events were read and the rest is lost, all of it is said again: a `meta` begins anew.
    """
    if turn.status == Turn.Status.SUCCESS:
        return live.replayed(turn)
    error = Frame(last + 1, "error", {"type": "error", **live.error_data("unavailable")})
    if last >= 0:
        return [error]
    return [error] if after >= 0 else [Frame(0, "meta", {"type": "meta", **_bare_meta(turn)}), error]


def _bare_meta(turn: Turn) -> dict[str, object]:
    return {"turn_id": turn.public_id, "trace_id": turn.trace_id, "status": "ok", "intent": turn.intent}
