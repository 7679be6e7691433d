"""What happened in a conversation, in order: messages and events under one counter, as far as a reader may see them."""

from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.db.models import QuerySet

from conversations.models import Conversation, ConversationEvent, Message
from conversations.services import conversations, payloads
from conversations.services.conversations import Reader

MOST = 200


@dataclass(frozen=True)
class Slice:
    """A part of a conversation, ascending; `total` counts everything of the kind that was asked for."""

    items: list[dict[str, Any]]
    total: int
    has_more: bool
    conversation: Conversation


def read(
    *,
    public_id: str,
    reader: Reader,
    after_seq: int = 0,
    before_seq: int | None = None,
    limit: int = 50,
    with_events: bool = False,
) -> Slice:
    """Return what lies between two numbers, at most `limit` items: the first ones, with `before_seq` the last ones.

    Raises `Missing`.
    """
    conversation = conversations.get(public_id=public_id, reader=reader)
    # What is committed between the two readings would show in one of them alone: it is left for the next call.
    here = {"seq__gt": after_seq, "seq__lte": conversation.last_seq}
    messages = Message.objects.filter(conversation=conversation, **here)
    events = _visible(conversation, reader).filter(**here)
    backwards = before_seq is not None
    if backwards:
        messages, events = messages.filter(seq__lt=before_seq), events.filter(seq__lt=before_seq)
    found = _merged(messages, events, limit + 1, backwards=backwards, with_events=with_events)
    chosen = sorted(islice(found, limit), key=lambda row: row.seq)
    show = _as_event if with_events else _as_message
    total = Message.objects.filter(conversation=conversation).count()
    if with_events:
        total += _visible(conversation, reader).count()
    return Slice(
        items=[show(row, public_id) for row in chosen],
        total=total,
        has_more=len(found) > limit,
        conversation=conversation,
    )


@dataclass(frozen=True)
class Happened:
    """One thing under the counter, as the wire shows it, and whether agents alone may see it."""

    seq: int
    type: str
    data: dict[str, Any]
    for_agents: bool


def since(*, conversation_pk: int, public_id: str, seq: int, limit: int = MOST) -> list[Happened]:
    """Return what came after a number, ascending, at most `limit`; all of it, whoever may see it."""
    rows = _after(conversation_pk, limit, seq__gt=seq)
    if rows and rows[-1].seq - seq != len(rows):
        # Committed between the two readings, a message is missing before an event. By now all of them are there.
        rows = _after(conversation_pk, limit, seq__gt=seq, seq__lte=rows[-1].seq)
    return [Happened(row.seq, _type(row), _as_event(row, public_id), _for_agents(row)) for row in rows]


def _after(conversation_pk: int, limit: int, **where: int) -> list[Any]:
    messages = Message.objects.filter(conversation_id=conversation_pk, **where)
    events = ConversationEvent.objects.filter(conversation_id=conversation_pk, **where)
    return _merged(messages, events, limit, backwards=False, with_events=True)


def _for_agents(row: Message | ConversationEvent) -> bool:
    return isinstance(row, ConversationEvent) and row.audience != ConversationEvent.Audience.ALL


def _visible(conversation: Conversation, reader: Reader) -> QuerySet[ConversationEvent]:
    events = ConversationEvent.objects.filter(conversation=conversation)
    return events if reader.sees_agents else events.filter(audience=ConversationEvent.Audience.ALL)


def _merged(
    messages: QuerySet[Message],
    events: QuerySet[ConversationEvent],
    most: int,
    *,
    backwards: bool,
    with_events: bool,
) -> list[Any]:
    order = "-seq" if backwards else "seq"
    rows: list[Any] = list(messages.order_by(order)[:most])
    if with_events:
        rows.extend(events.order_by(order)[:most])
        rows.sort(key=lambda row: row.seq, reverse=backwards)
    return rows[:most]


def _type(row: Message | ConversationEvent) -> str:
    return "message" if isinstance(row, Message) else row.type


def _as_message(row: Any, session_id: str) -> dict[str, Any]:
    return payloads.message(row, session_id=session_id)


def _as_event(row: Any, session_id: str) -> dict[str, Any]:
    if isinstance(row, Message):
        return payloads.message_event(row, session_id=session_id)
    return payloads.event(row, session_id=session_id)
