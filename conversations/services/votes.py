"""What a contact thinks of a reply: kept with the message, told to the knowledge, and heard."""

from datetime import datetime
from typing import Any, Literal

from django.db import transaction

from conversations.models import Conversation, Message
from conversations.services import conversations, escalations, sequencing
from conversations.services.conversations import Reader
from kimono.lib.errors import Missing
from knowledge.services import feedback
from knowledge.services.feedback import Vote
from tenants.services.auditing import Actor

Rating = Literal["up", "down", 1, 2, 3, 4, 5]
_BAD = 2


def cast(
    *,
    session_id: str,
    reader: Reader,
    message_id: str | None,
    rating: Rating,
    comment: str,
    corrected: str,
    by: Actor,
    now: datetime,
) -> dict[str, Any]:
    """Store a vote on a reply, the last one if none is named (CH-09); a second vote replaces the first.

    Two replies voted down bring in a person. Raises `Missing`.
    """
    conversations.get(public_id=session_id, reader=reader)
    with transaction.atomic():
        conversation = sequencing.locked(public_id=session_id)
        message = _message(conversation, message_id)
        vote: Vote | None = rating if isinstance(rating, str) else None
        given = feedback.submit(
            session_id=session_id,
            message_id=message.public_id,
            question=_question(conversation, message),
            answer=message.content,
            rating=rating if isinstance(rating, int) else None,
            vote=vote,
            comment=comment,
            corrected=corrected,
            by=by,
        )
        _keep(conversation, message, rating, comment, now)
        escalations.after_down_vote(conversation, now=now)
    return {
        "success": True,
        "message": "Thank you for your feedback.",
        "feedback_id": given.public_id,
        "applied": False,
        "status": "pending",
    }


def is_bad(rating: Rating) -> bool:
    """Tell whether a vote says that the reply was no good."""
    return rating == "down" or (isinstance(rating, int) and rating <= _BAD)


def _message(conversation: Conversation, message_id: str | None) -> Message:
    rows = Message.objects.filter(conversation=conversation)
    if message_id is None:
        found = rows.filter(author=Message.Author.BOT).order_by("-seq").first()
    else:
        found = rows.filter(public_id=message_id, role=Message.Role.ASSISTANT).first()
    if found is None:
        raise Missing
    return found


def _question(conversation: Conversation, message: Message) -> str:
    asked = (
        Message.objects.filter(conversation=conversation, seq__lt=message.seq, author=Message.Author.VISITOR)
        .order_by("-seq")
        .first()
    )
    return asked.content if asked is not None else ""


def _keep(conversation: Conversation, message: Message, rating: Rating, comment: str, now: datetime) -> None:
    was_bad = message.feedback is not None and is_bad(message.feedback["rating"])
    message.feedback = {"rating": rating, "comment": comment or None}
    message.save(update_fields=["feedback"])
    conversation.down_votes = max(0, conversation.down_votes + int(is_bad(rating)) - int(was_bad))
    sequencing.add_event(
        conversation,
        type="feedback",
        payload={"message_id": message.public_id, "rating": rating, "comment": comment or None},
        now=now,
    )
    sequencing.store(conversation, "down_votes", now=now)
