"""The one counter of a conversation: each message and event takes the next number under the row's lock."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from conversations.events import MessageCreated
from conversations.models import Conversation, ConversationEvent, Message
from conversations.services import doorbell
from kimono.lib.errors import Conflict, Missing
from kimono.lib.ids import new_id
from kimono.lib.moments import written
from tenants.services import outbox

NOTE = "note"
_PUBLIC_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Closed(Conflict):
    """The conversation is over for good."""

    code = "session_closed"
    detail = "This conversation is closed."


def locked(*, public_id: str | None = None, pk: int | None = None) -> Conversation:
    """Return a conversation with its row locked until the transaction ends. Raises `Missing`."""
    if public_id is not None and not _PUBLIC_ID.fullmatch(public_id):
        raise Missing
    rows = Conversation.objects.select_for_update(no_key=True)
    conversation = rows.filter(pk=pk).first() if pk is not None else rows.filter(public_id=public_id).first()
    if conversation is None:
        raise Missing
    return conversation


def add_message(
    conversation: Conversation,
    *,
    role: Message.Role,
    author: Message.Author,
    content: str,
    now: datetime,
    public_id: str | None = None,
    **fields: Any,
) -> Message:
    """Add a message under the next number. The row must be locked; `store` it afterwards."""
    conversation.last_seq += 1
    doorbell.after_commit(conversation.public_id)
    return Message.objects.create(
        public_id=public_id or new_id("msg"),
        conversation=conversation,
        seq=conversation.last_seq,
        role=role,
        author=author,
        content=content,
        created_at=now,
        **fields,
    )


def tell(conversation: Conversation, message: Message) -> None:
    """Publish that a message was said; in the transaction that has added it."""
    outbox.publish(
        MessageCreated(
            session_id=conversation.public_id,
            message_id=message.public_id,
            seq=message.seq,
            author=message.author,
        )
    )


def add_event(
    conversation: Conversation,
    *,
    type: str,
    payload: Mapping[str, Any],
    now: datetime,
    audience: ConversationEvent.Audience = ConversationEvent.Audience.ALL,
) -> ConversationEvent:
    """Add an event under the next number. The row must be locked; `store` it afterwards."""
    conversation.last_seq += 1
    doorbell.after_commit(conversation.public_id)
    return ConversationEvent.objects.create(
        conversation=conversation,
        seq=conversation.last_seq,
        type=type,
        audience=audience,
        payload=dict(payload),
        created_at=now,
    )


def add_note(
    conversation: Conversation,
    *,
    content: str,
    author_id: str,
    author_name: str,
    mentions: Sequence[Mapping[str, str]] = (),
    now: datetime,
) -> ConversationEvent:
    """Add a note, which agents alone see. The row must be locked; `store` it afterwards."""
    note: dict[str, Any] = {
        "note_id": new_id("note"),
        "seq": conversation.last_seq + 1,
        "content": content,
        "author_id": author_id,
        "author_name": author_name,
        "created_at": written(now),
    }
    if mentions:
        note["mentions"] = [dict(each) for each in mentions]
    return add_event(
        conversation,
        type=NOTE,
        payload={"note": note},
        now=now,
        audience=ConversationEvent.Audience.AGENTS,
    )


def add_state_event(conversation: Conversation, *, reason: str, now: datetime) -> ConversationEvent:
    """Add the event that tells of the conversation's new state."""
    agent = None
    if conversation.assigned_agent_id and conversation.state == Conversation.State.ASSIGNED:
        agent = {"id": conversation.assigned_agent_id, "name": conversation.assigned_agent_name}
    payload = {
        "state": conversation.state,
        "agent_status": conversation.agent_status,
        "agent": agent,
        "epoch": conversation.epoch,
        "reason": reason,
    }
    return add_event(conversation, type="state", payload=payload, now=now)


def store(conversation: Conversation, *fields: str, now: datetime | None = None) -> None:
    """Write the named fields and the counter; with `now`, the time of the last activity too."""
    names = {*fields, "last_seq"}
    if now is not None:
        conversation.last_activity_at = now
        names.add("last_activity_at")
    conversation.save(update_fields=sorted(names))


def check_transition(conversation: Conversation, to: str) -> None:
    """Raise `Conflict` unless the conversation may go from its state to `to`."""
    if conversation.state == Conversation.State.CLOSED and to != Conversation.State.CLOSED:
        raise Closed
    if to not in Conversation.TRANSITIONS[conversation.state]:
        raise Conflict
