"""What agents are told of the queue and of conversations (the stream `inbox` of their sockets)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from conversations.models import Conversation, InboxCounter, InboxEntry
from conversations.services.numbering import MOST, Numbering, Reach
from kimono.lib.sockets import group_name

Kind = Literal[
    "queue.added", "queue.updated", "queue.removed", "session.updated", "interrupt", "solution", "csat"
]
_numbering = Numbering(InboxEntry, InboxCounter)


def group() -> str:
    """Return the group that the current tenant's inbox rings in."""
    return group_name("inbox", "all")


def add(
    kind: Kind,
    conversation: Conversation | None = None,
    *,
    reason: str = "",
    agent_id: str = "",
    payload: Mapping[str, Any] | None = None,
    now: datetime,
) -> int:
    """Tell agents something, and return its number. Needs an open transaction; the last thing in it, or others wait."""
    return _numbering.add(
        group=group(),
        now=now,
        type=kind,
        conversation=conversation,
        reason=reason[:500],
        agent_id=agent_id,
        payload=dict(payload or {}),
    )


def reach() -> Reach:
    """Return how far the inbox goes."""
    return _numbering.reach()


def since(seq: int) -> list[InboxEntry]:
    """Return the entries after a number, in order; at most `MOST`."""
    rows = InboxEntry.objects.filter(seq__gt=seq).select_related("conversation__open_handoff")
    return list(rows.order_by("seq")[:MOST])
