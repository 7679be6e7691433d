"""How content a contact is: one rating for each handoff, which may be thought over for a day."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Avg, Count, Q, QuerySet

from conversations.events import CsatCreated
from conversations.models import Conversation, Handoff, Satisfaction
from conversations.services import conversations, inbox, sequencing
from conversations.services.conversations import Reader
from conversations.services.payloads import moment
from kimono.lib.errors import Conflict
from tenants.services import outbox

CHANGEABLE = timedelta(hours=24)
_POSITIVE = 4


def rate(
    *, session_id: str, reader: Reader, score: int, resolved: bool | None, comment: str, now: datetime
) -> Satisfaction:
    """Store how content a contact is with the last handoff; a later word within a day replaces the first (CH-12).

    Raises `Missing`, and `Conflict` after that day.
    """
    conversations.get(public_id=session_id, reader=reader)
    with transaction.atomic():
        conversation = sequencing.locked(public_id=session_id)
        handoff = Handoff.objects.filter(conversation=conversation).order_by("-pk").first()
        rating = Satisfaction.objects.filter(conversation=conversation, handoff=handoff).first()
        if rating is None:
            rating = Satisfaction(conversation=conversation, handoff=handoff, created_at=now)
        elif rating.created_at + CHANGEABLE < now:
            raise Conflict
        rating.agent_id = handoff.agent_id if handoff is not None else ""
        rating.score, rating.resolved, rating.comment = score, resolved, comment
        rating.save()
        _tell(conversation, rating, now)
    return rating


def _tell(conversation: Conversation, rating: Satisfaction, now: datetime) -> None:
    conversation.csat = rating.score
    said = {"score": rating.score, "resolved": rating.resolved, "comment": rating.comment or None}
    sequencing.add_event(conversation, type="csat", payload=said, now=now)
    sequencing.store(conversation, "csat")
    told = {**said, "session_id": conversation.public_id, "agent_id": rating.agent_id or None}
    inbox.add("csat", conversation, payload=told, now=now)
    outbox.publish(
        CsatCreated(session_id=conversation.public_id, score=rating.score, agent_id=rating.agent_id or None)
    )


def shown(rating: Satisfaction) -> dict[str, Any]:
    """Return a rating as an agent sees it (AG-27)."""
    return {
        "session_id": rating.conversation.public_id,
        "agent_id": rating.agent_id or None,
        "score": rating.score,
        "resolved": rating.resolved,
        "comment": rating.comment or None,
        "created_at": moment(rating.created_at),
    }


def listed(
    *,
    agent_id: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    score: int | None = None,
) -> QuerySet[Satisfaction]:
    """Return the ratings that match, newest first."""
    given = {"agent_id": agent_id, "created_at__gte": since, "created_at__lte": until, "score": score}
    chosen = {name: value for name, value in given.items() if value is not None}
    return Satisfaction.objects.filter(**chosen).select_related("conversation")


def summary(ratings: QuerySet[Satisfaction]) -> dict[str, Any]:
    """Return mean, number, share of fours and fives, and how many there are of each."""
    counts = {f"n{score}": Count("pk", filter=Q(score=score)) for score in range(1, 6)}
    found = ratings.order_by().aggregate(avg=Avg("score"), n=Count("pk"), **counts)
    positive = sum(found[f"n{score}"] for score in range(_POSITIVE, 6))
    return {
        "avg_score": round(float(found["avg"] or 0.0), 4),
        "count": found["n"],
        "positive_rate": round(positive / found["n"], 4) if found["n"] else 0.0,
        "distribution": {str(score): found[f"n{score}"] for score in range(1, 6)},
    }
