"""What agents tell each other about a conversation; contacts never see it."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from conversations.models import Conversation, ConversationEvent
from conversations.services import conversations, sequencing
from conversations.services.conversations import Reader
from conversations.services.payloads import moment
from kimono.lib.ids import new_id

_TYPE = "note"


def add(
    *, session_id: str, content: str, author_id: str, author_name: str, now: datetime
) -> ConversationEvent:
    """Add a note under the conversation's next number, also after its end. Raises `Missing`."""
    conversations.get(public_id=session_id, reader=Reader(sees_agents=True))
    with transaction.atomic():
        conversation = sequencing.locked(public_id=session_id)
        note = {
            "note_id": new_id("note"),
            "seq": conversation.last_seq + 1,
            "content": content,
            "author_id": author_id,
            "author_name": author_name,
            "created_at": moment(now),
        }
        event = sequencing.add_event(
            conversation,
            type=_TYPE,
            payload={"note": note},
            now=now,
            audience=ConversationEvent.Audience.AGENTS,
        )
        sequencing.store(conversation)
    return event


def listed(*, session_id: str) -> QuerySet[ConversationEvent]:
    """Return the notes of a conversation, in order. Raises `Missing`."""
    conversation: Conversation = conversations.get(public_id=session_id, reader=Reader(sees_agents=True))
    return ConversationEvent.objects.filter(conversation=conversation, type=_TYPE).order_by("seq")


def shown(event: ConversationEvent) -> dict[str, Any]:
    """Return a note as on the wire (AG-14)."""
    return dict(event.payload["note"])
