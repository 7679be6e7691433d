"""Conversations, messages and events as the wire shows them (api.md 4.3–4.6)."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from conversations.models import Conversation, ConversationEvent, Message
from conversations.services import handoffs
from kimono.lib.moments import written


def moment(value: datetime) -> str:
    """Return a time as UTC ISO 8601 with `Z`, to the millisecond."""
    return written(value)


def sessions(conversations: Collection[Conversation]) -> list[dict[str, Any]]:
    """Return conversations as `Session`s; their places in the queue are looked up together."""
    places = handoffs.queue_positions(conversations)
    return [
        {**session(conversation, with_position=False), "queue_position": places.get(conversation.pk)}
        for conversation in conversations
    ]


def session(conversation: Conversation, *, with_position: bool = True) -> dict[str, Any]:
    """Return a conversation as `Session`."""
    return {
        "session_id": conversation.public_id,
        "thread_id": conversation.public_id,
        "user_id": conversation.user_id or None,
        "visitor_id": conversation.visitor_id,
        "channel": conversation.channel,
        "state": conversation.state,
        "agent_status": conversation.agent_status,
        "assigned_agent_id": conversation.assigned_agent_id or None,
        "priority": conversation.priority or None,
        "turn_count": conversation.turn_count,
        "failed_attempts": conversation.failed_attempts,
        "epoch": conversation.epoch,
        "last_seq": conversation.last_seq,
        "tags": conversation.tags,
        "group_id": conversation.group_id or None,
        "csat": conversation.csat,
        "queue_position": handoffs.queue_position(conversation) if with_position else None,
        "metadata": conversation.metadata,
        "created_at": moment(conversation.created_at),
        "last_activity_at": moment(conversation.last_activity_at),
    }


def own_session(conversation: Conversation) -> dict[str, Any]:
    """Return a conversation as `Session` for its contact: how agents have sorted it is theirs to know."""
    return {**session(conversation), "tags": [], "group_id": None}


def message(row: Message, *, session_id: str) -> dict[str, Any]:
    """Return a message as `Message`."""
    created = moment(row.created_at)
    return {
        "message_id": row.public_id,
        "seq": row.seq,
        "session_id": session_id,
        "role": row.role,
        "author": row.author,
        "kind": row.kind,
        "agent_id": row.agent_id or None,
        "agent_name": row.agent_name or None,
        "content": row.content,
        "citations": row.citations,
        "attachments": row.attachments,
        "feedback": row.feedback,
        "client_message_id": row.client_message_id,
        "created_at": created,
        "timestamp": created,
    }


def event(row: ConversationEvent, *, session_id: str) -> dict[str, Any]:
    """Return an event, or a message wrapped as one, with its number and type."""
    return {
        **row.payload,
        "type": row.type,
        "seq": row.seq,
        "session_id": session_id,
        "created_at": moment(row.created_at),
        "ts": moment(row.created_at),
    }


def message_event(row: Message, *, session_id: str) -> dict[str, Any]:
    """Return the event that a message is."""
    created = moment(row.created_at)
    return {
        "type": "message",
        "seq": row.seq,
        "session_id": session_id,
        "message": message(row, session_id=session_id),
        "created_at": created,
        "ts": created,
    }


def chat_data(**known: Any) -> dict[str, Any]:
    """Return `data` of a ChatResponse with every key, those that are `known` filled in. Raises for an unknown key."""
    unknown = known.keys() - _EMPTY.keys()
    if unknown:
        raise KeyError(f"not in ChatResponse.data: {sorted(unknown)}")
    return {**{key: _fresh(value) for key, value in _EMPTY.items()}, **known}


def _fresh(value: Any) -> Any:
    return value.copy() if isinstance(value, (list, dict)) else value


_EMPTY: Mapping[str, Any] = {
    "intent": "unknown",
    "sources": [],
    "citations": [],
    "attachments": [],
    "confidence": 0.0,
    "escalate_to_human": False,
    "escalation_card": None,
    "handoff_offered": False,
    "agent_status": None,
    "failed_attempts": 0,
    "turn_count": 0,
    "emotion_score": None,
    "sub_tasks": [],
    "slots": {},
    "missing_slots": [],
    "follow_up_question": None,
    "suggestions": [],
    "stopped": False,
    "trace_id": "",
    "experiment": None,
    "cached": False,
    "model_used": None,
    "language": "zh",
    "latency_ms": 0,
    "knowledge_version": None,
    "degraded": None,
}
