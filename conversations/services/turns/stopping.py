"""Stopping a reply that is being written, in whichever process."""

import asyncio
from datetime import datetime
from typing import Any

from conversations.models import Turn
from conversations.services import conversations, doorbell
from conversations.services.conversations import Reader
from kimono.lib.threads import in_thread

_PATIENCE = 5.0
_LOOK_SECONDS = 0.2


async def stop(*, session_id: str, reader: Reader, message_id: str | None, now: datetime) -> dict[str, Any]:
    """End the reply being written and return what became of it (CH-15). Raises `Missing`.

    `message_id`: only if this is the reply that is being written.
    """
    turn_pk = await in_thread(_ask, session_id=session_id, reader=reader, message_id=message_id)
    if turn_pk is None:
        return _answer(session_id, None)
    group = doorbell.group_of(session_id)
    deadline = asyncio.get_running_loop().time() + _PATIENCE
    async with doorbell.listening(group, near_only=True) as bell:
        doorbell.ring(group)
        while True:
            turn = await in_thread(_look, turn_pk)
            if turn.status not in Turn.OPEN or asyncio.get_running_loop().time() > deadline:
                return _answer(session_id, turn)
            await bell.wait(_LOOK_SECONDS)


def _ask(*, session_id: str, reader: Reader, message_id: str | None) -> int | None:
    """Mark the running turn of a conversation to be stopped; None when none runs."""
    conversation = conversations.get(public_id=session_id, reader=reader)
    running = Turn.objects.filter(conversation=conversation, status=Turn.Status.RUNNING)
    if message_id is not None:
        running = running.filter(reply_public_id=message_id)
    turn = running.only("pk").first()
    if turn is None or not running.filter(pk=turn.pk).update(stop_requested=True):
        return None
    return turn.pk


def _look(turn_pk: int) -> Turn:
    return Turn.objects.select_related("reply").get(pk=turn_pk)


def _answer(session_id: str, turn: Turn | None) -> dict[str, Any]:
    stopped = turn is not None and turn.outcome == Turn.Outcome.STOPPED
    reply = turn.reply.public_id if turn is not None and stopped and turn.reply is not None else None
    return {"session_id": session_id, "stopped": stopped, "message_id": reply}
