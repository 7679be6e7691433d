"""The passage from the bot to a person: requested, accepted, closed. At most one is open in a conversation."""

from collections.abc import Mapping
from datetime import datetime
from statistics import median
from typing import Any

from django.db.models import Case, F, IntegerField, Q, Value, When

from conversations.events import HandoffRequested
from conversations.models import Conversation, Handoff
from conversations.models.conversations import Priority
from conversations.services import sequencing
from kimono.lib.ids import new_id
from tenants.services import outbox

_RANK = {Priority.URGENT: 0, Priority.HIGH: 1, Priority.NORMAL: 2, Priority.INFO: 3}
_LATEST = 20


def request(
    conversation: Conversation,
    *,
    rule: str,
    reason: str,
    priority: str,
    card: Mapping[str, Any],
    now: datetime,
) -> Handoff:
    """Ask for a person: from here on the bot is silent. The row must be locked, and be stored after (`REQUESTED`).

    Raises `Conflict` unless the bot has the conversation.
    """
    sequencing.check_transition(conversation, Conversation.State.PENDING)
    handoff = Handoff.objects.create(
        public_id=new_id("hof"),
        conversation=conversation,
        rule=rule,
        reason=reason[:500],
        priority=priority,
        card=dict(card),
        requested_at=now,
        pending_since=now,
    )
    conversation.state = Conversation.State.PENDING
    conversation.epoch += 1
    conversation.priority = priority
    conversation.open_handoff = handoff
    sequencing.add_state_event(conversation, reason=rule, now=now)
    outbox.publish(
        HandoffRequested(
            session_id=conversation.public_id, handoff_id=handoff.public_id, rule=rule, priority=priority
        )
    )
    return handoff


REQUESTED = ("state", "epoch", "priority", "open_handoff")


def withdraw(conversation: Conversation, *, now: datetime) -> None:
    """Close an open passage because the conversation ends. The row must be locked, and be stored after."""
    _close(conversation, outcome=Handoff.Outcome.WITHDRAWN, now=now)


def _close(conversation: Conversation, *, outcome: Handoff.Outcome, now: datetime) -> None:
    handoff = conversation.open_handoff
    if handoff is None:
        return
    handoff.status = Handoff.Status.CLOSED
    handoff.outcome = outcome
    handoff.closed_at = now
    handoff.save(update_fields=["status", "outcome", "closed_at"])
    conversation.open_handoff = None


def rank() -> Case:
    """Return how far in front a handoff's priority puts it; 0 is the most urgent."""
    whens = [When(priority=name, then=Value(rank)) for name, rank in _RANK.items()]
    return Case(*whens, default=Value(9), output_field=IntegerField())


def queue_position(conversation: Conversation) -> int | None:
    """Return how many are to be served up to this one, itself included; None when it does not wait."""
    if conversation.state != Conversation.State.PENDING or conversation.open_handoff is None:
        return None
    mine = conversation.open_handoff
    mine_rank = _RANK[Priority(mine.priority)]
    before = Q(rank__lt=mine_rank) | Q(rank=mine_rank, pending_since__lt=mine.pending_since)
    waiting = Handoff.objects.filter(status=Handoff.Status.REQUESTED).annotate(rank=rank())
    return waiting.filter(before).exclude(pk=mine.pk).count() + 1


def estimated_wait_seconds(position: int | None) -> int | None:
    """Return how long the place in the queue takes, by the last passages that were accepted; None without any."""
    if position is None:
        return None
    rows = (
        Handoff.objects.filter(accepted_at__isnull=False)
        .order_by("-accepted_at")
        .values_list(F("accepted_at") - F("requested_at"), flat=True)[:_LATEST]
    )
    waits = [each.total_seconds() for each in rows]
    return round(median(waits) * position) if waits else None
