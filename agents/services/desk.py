"""What an agent's socket tells of the inbox, and how far agents have read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models.functions import Greatest

from agents.models import ReadMark
from agents.services import cases
from conversations.models import Conversation, Handoff, InboxEntry
from conversations.services import conversations, inbox, payloads
from conversations.services.conversations import Reader
from conversations.services.payloads import moment

_QUEUE = frozenset({"queue.added", "queue.updated"})


@dataclass(frozen=True)
class Told:
    """One entry of the inbox as it is told."""

    seq: int
    type: str
    fields: Mapping[str, Any]


def since(seq: int, *, now: datetime) -> list[Told]:
    """Return what the inbox holds after a number, in order; at most `numbering.MOST`. Things are shown as they are now."""
    entries = inbox.since(seq)
    items = _items(entries, now)
    return [Told(entry.seq, entry.type, _fields(entry, items)) for entry in entries]


def _items(entries: Sequence[InboxEntry], now: datetime) -> Mapping[int, Mapping[str, Any]]:
    keys = {entry.conversation_id for entry in entries if entry.type in _QUEUE and entry.conversation_id}
    handoffs = list(
        Handoff.objects.filter(conversation_id__in=keys)
        .select_related("conversation")
        .order_by("conversation_id", "-pk")
        .distinct("conversation_id")
    )
    shown = cases.pending_items(handoffs, now=now)
    return {handoff.conversation_id: item for handoff, item in zip(handoffs, shown, strict=True)}


def _fields(entry: InboxEntry, items: Mapping[int, Mapping[str, Any]]) -> dict[str, Any]:
    fields: dict[str, Any] = {**entry.payload, "ts": moment(entry.created_at)}
    conversation = entry.conversation
    if conversation is None:
        return fields
    fields["session_id"] = conversation.public_id
    given = {"reason": entry.reason, "agent_id": entry.agent_id}
    fields |= {name: value for name, value in given.items() if value}
    if entry.type in _QUEUE:
        fields["item"] = items[conversation.pk]
    elif entry.type == "session.updated":
        fields["session"] = payloads.session(conversation, with_position=False)
    return fields


def answers(*, agent_id: str, session_id: str) -> bool:
    """Tell whether it is this agent who answers in a conversation."""
    rows = Conversation.objects.filter(public_id=session_id, state=Conversation.State.ASSIGNED)
    return rows.filter(assigned_agent_id=agent_id).exists()


def has_read(*, agent_id: str, session_id: str, seq: int) -> None:
    """Note how far an agent has read a conversation; a mark never goes back. Raises `Missing`."""
    conversation = conversations.get(public_id=session_id, reader=Reader(sees_agents=True))
    seq = min(seq, conversation.last_seq)
    mark, new = ReadMark.objects.get_or_create(
        conversation=conversation, agent_id=agent_id, defaults={"seq": seq}
    )
    if not new and mark.seq < seq:
        ReadMark.objects.filter(pk=mark.pk).update(seq=Greatest("seq", seq))
