"""Who waits for a person, in which order, and how long it takes."""

from collections.abc import Collection, Mapping
from statistics import median

from django.db.models import Case, F, IntegerField, Q, Value, When, Window
from django.db.models.functions import Rank

from conversations.models import Conversation, Handoff
from conversations.models.conversations import Priority

_RANK = {Priority.URGENT: 0, Priority.HIGH: 1, Priority.NORMAL: 2, Priority.INFO: 3}
_LATEST = 20


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


def queue_positions(conversations: Collection[Conversation]) -> Mapping[int, int]:
    """Return the `queue_position` of those that wait among many, by primary key; in one query, or none."""
    if not any(conversation.state == Conversation.State.PENDING for conversation in conversations):
        return {}
    order = [F("rank").asc(), F("pending_since").asc()]
    waiting = Handoff.objects.filter(status=Handoff.Status.REQUESTED).annotate(rank=rank())
    places = waiting.annotate(place=Window(Rank(), order_by=order)).values_list("conversation_id", "place")
    return dict(places.order_by())


def estimated_wait_seconds(position: int | None) -> int | None:
    """Return how long the place in the queue takes, by the last passages that were accepted; None without any."""
    if position is None:
        return None
    rows = (
        Handoff.objects.filter(accepted_at__isnull=False)
        .order_by("-accepted_at")
        .values_list(F("accepted_at") - F("pending_since"), flat=True)[:_LATEST]
    )
    waits = [each.total_seconds() for each in rows]
    return round(median(waits) * position) if waits else None
