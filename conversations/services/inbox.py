"""What agents are told of the queue and of conversations (the stream `inbox` of their sockets).

An entry is written in the transaction of the change, under a counter whose row stays locked until then: whoever has
seen a number never later learns of a smaller one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Literal

from django.db import connection, transaction

from conversations.models import Conversation, InboxCounter, InboxEntry
from conversations.services import doorbell
from kimono.lib.sockets import group_name

Kind = Literal[
    "queue.added", "queue.updated", "queue.removed", "session.updated", "interrupt", "solution", "csat"
]
KEPT = timedelta(hours=24)
MOST_KEPT = 10_000
MOST = 200
_TIDIED_EVERY = 500
_ONLY = 1
_NEXT = """
    INSERT INTO conversations_inboxcounter AS counter (id, last_seq) VALUES (%s, 1)
    ON CONFLICT (id) DO UPDATE SET last_seq = counter.last_seq + 1 RETURNING last_seq
"""


@dataclass(frozen=True)
class Reach:
    """How far the inbox goes: its last number, and the number before the oldest entry that is still kept."""

    last: int
    kept_after: int


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
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, [_ONLY])
        seq = int(cursor.fetchone()[0])
    InboxEntry.objects.create(
        seq=seq,
        type=kind,
        conversation=conversation,
        reason=reason[:500],
        agent_id=agent_id,
        payload=dict(payload or {}),
        created_at=now,
    )
    if seq % _TIDIED_EVERY == 0:
        InboxEntry.objects.filter(seq__lte=seq - MOST_KEPT).delete()
        InboxEntry.objects.filter(created_at__lt=now - KEPT).delete()
    transaction.on_commit(partial(doorbell.ring, group()))
    return seq


def reach() -> Reach:
    """Return how far the inbox goes."""
    last = InboxCounter.objects.filter(pk=_ONLY).values_list("last_seq", flat=True).first() or 0
    oldest = InboxEntry.objects.order_by("seq").values_list("seq", flat=True).first()
    return Reach(last, oldest - 1 if oldest is not None else last)


def since(seq: int) -> list[InboxEntry]:
    """Return the entries after a number, in order; at most `MOST`."""
    rows = InboxEntry.objects.filter(seq__gt=seq).select_related("conversation__open_handoff")
    return list(rows.order_by("seq")[:MOST])
