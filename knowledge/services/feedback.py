"""What people think of an answer, kept for review. A second word of the same party on a message replaces the first."""

from typing import Literal

from django.db import transaction

from kimono.lib.errors import Invalid
from kimono.lib.ids import new_id
from knowledge.models import Feedback
from tenants.services.auditing import Actor

Vote = Literal["up", "down"]
_RATING: dict[Vote, int] = {"up": 5, "down": 1}


def submit(
    *,
    session_id: str,
    message_id: str,
    question: str,
    answer: str,
    by: Actor,
    rating: int | None = None,
    vote: Vote | None = None,
    comment: str = "",
    corrected: str = "",
) -> Feedback:
    """Store a vote, a rating of 1–5 or a correction on an answer and return it, pending review.

    The party is the actor: its next word on the same message replaces this one under the same id, and goes back to
    review. A vote without rating counts as 5 or 1. Raises `Invalid` when there is neither a vote nor a rating.
    """
    if vote is not None:
        rating = _RATING[vote]
    if rating is None or not 1 <= rating <= 5:
        raise Invalid("A vote or a rating from 1 to 5 is needed", loc=["body", "rating"])
    said = {
        "session_id": session_id,
        "question": question,
        "answer": answer,
        "rating": rating,
        "vote": vote or ("up" if rating >= 4 else "down" if rating <= 2 else ""),
        "comment": comment[:500],
        "corrected_answer": corrected,
        "status": Feedback.Status.PENDING,
        "created_by": by.id,
        "reviewed_by": "",
        "reviewed_at": None,
        "reason": "",
    }
    party = f"{by.kind}:{by.id}"[:80]
    if not message_id:
        return Feedback.objects.create(public_id=new_id("fb"), party=party, **said)
    with transaction.atomic():
        found, _ = Feedback.objects.update_or_create(
            message_id=message_id,
            party=party,
            defaults=said,
            create_defaults={**said, "public_id": new_id("fb")},
        )
    return found


def kind_of(feedback: Feedback) -> Literal["corrected", "positive", "negative"]:
    """Return the type of a feedback as on the wire (api.md 7)."""
    if feedback.corrected_answer:
        return "corrected"
    return "positive" if (feedback.rating or 0) >= 4 else "negative"
