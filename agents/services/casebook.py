"""What resolved conversations leave behind: a ticket, to be counted and learned from."""

from datetime import datetime

from conversations.models import Handoff, Message
from knowledge.models import Ticket
from knowledge.services import tickets
from tenants.services.auditing import SYSTEM

_LONGEST = 5000


def write_ticket(*, handoff_id: str, now: datetime) -> Ticket | None:
    """Write the ticket of a resolved handoff, once however often it is told; None for one that is gone."""
    handoff = Handoff.objects.select_related("conversation").filter(public_id=handoff_id).first()
    if handoff is None:
        return None
    conversation = handoff.conversation
    said = Message.objects.filter(conversation=conversation, created_at__lte=handoff.closed_at or now)
    asked = list(said.filter(author=Message.Author.VISITOR).values_list("content", flat=True))
    answered = said.filter(author=Message.Author.AGENT).order_by("-seq").first()
    summary = str(handoff.card.get("summary") or "")
    return tickets.create(
        title=(summary or (asked[-1] if asked else handoff.reason) or conversation.public_id)[:200],
        description="\n".join(asked)[:_LONGEST],
        resolution=(conversation.resolution_note or (answered.content if answered else ""))[:_LONGEST],
        status=Ticket.Status.RESOLVED,
        priority=handoff.priority,
        user_id=conversation.user_id,
        session_id=conversation.public_id,
        source=Ticket.Source.SESSION,
        source_key=handoff.public_id,
        by=SYSTEM,
        now=now,
    )
