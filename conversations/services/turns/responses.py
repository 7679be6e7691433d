"""What a turn answers on the wire: the ChatResponse, stored once and shown to every repeat."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from conversations.models import Message, Turn
from conversations.services import payloads
from conversations.services.turns.shapes import Begun


def response(begun: Begun, *, status: str, reply: Message | None, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return a ChatResponse; `reply` is None where nothing was said."""
    return {
        "session_id": begun.conversation.public_id,
        "reply": reply.content if reply is not None else "",
        "status": status,
        "message_id": reply.public_id if reply is not None else None,
        "seq": reply.seq if reply is not None else None,
        "user_message_id": begun.message.public_id,
        "user_seq": begun.message.seq,
        "data": dict(data),
    }


def silent_data(begun: Begun, *, now: datetime, **known: Any) -> dict[str, Any]:
    """Return `data` of a turn in which the bot said nothing."""
    conversation, turn = begun.conversation, begun.turn
    return payloads.chat_data(
        agent_status=conversation.agent_status,
        failed_attempts=conversation.failed_attempts,
        turn_count=turn.number,
        emotion_score=conversation.emotion_score,
        slots=conversation.slots,
        trace_id=turn.trace_id,
        language=turn.language or conversation.language or "zh",
        latency_ms=int((now - turn.created_at).total_seconds() * 1000),
        **known,
    )


def end_human(begun: Begun, *, now: datetime) -> None:
    """End a turn, in memory, whose message a person answers."""
    turn = begun.turn
    turn.status, turn.outcome = Turn.Status.SUCCESS, Turn.Outcome.HUMAN
    turn.started_at, turn.finished_at = turn.started_at or now, now
    turn.duration_ms = int((now - turn.created_at).total_seconds() * 1000)
    turn.response = response(begun, status="human", reply=None, data=silent_data(begun, now=now))
