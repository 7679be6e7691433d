"""An agent who keeps a contact waiting too long gives the conversation back without being asked."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import OuterRef, Q, QuerySet, Subquery

from conversations.events import HandoffReleased
from conversations.models import Conversation, Message
from conversations.services import sequencing
from conversations.services.handoffs import giving, parts
from tenants.services import outbox
from tenants.services.auditing import SYSTEM


def release_silent(*, after: timedelta, now: datetime) -> list[str]:
    """Put back in the queue what its agents have left without a word for `after`; return which.

    A contact waits since it wrote after the agent's last word, or since the agent took the conversation.
    """
    released = []
    for public_id in list(_silent(after, now).values_list("public_id", flat=True)):
        with transaction.atomic():
            conversation = sequencing.locked(public_id=public_id)
            handoff = conversation.open_handoff
            # Looked at again under the lock: the agent may have answered meanwhile.
            if handoff is None or not _silent(after, now).filter(pk=conversation.pk).exists():
                continue
            agent_id = conversation.assigned_agent_id
            giving.requeue(conversation, handoff, reason="silent_agent", now=now)
            outbox.publish(
                HandoffReleased(
                    session_id=public_id, handoff_id=handoff.public_id, agent_id=agent_id, to="queue"
                )
            )
            parts.audit("release_conversation", conversation, by=SYSTEM, agent_id=agent_id, to="queue")
            released.append(public_id)
    return released


def _silent(after: timedelta, now: datetime) -> QuerySet[Conversation]:
    said = Message.objects.filter(conversation=OuterRef("pk"))
    own = said.filter(author=Message.Author.AGENT, created_at__gte=OuterRef("open_handoff__accepted_at"))
    answered = Subquery(own.order_by("-seq").values("seq")[:1])
    waits = Q(answered__isnull=True, open_handoff__accepted_at__lt=now - after) | Q(
        answered__isnull=False, asked_at__lt=now - after
    )
    first = said.filter(author=Message.Author.VISITOR, seq__gt=OuterRef("answered")).order_by("seq")
    return (
        Conversation.objects.filter(state=Conversation.State.ASSIGNED)
        .annotate(answered=answered)
        .annotate(
            asked_at=Subquery(first.values("created_at")[:1]),
        )
        .filter(waits)
    )
