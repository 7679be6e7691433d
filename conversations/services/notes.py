"""What agents tell each other about a conversation; contacts never see it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from conversations.models import Conversation, ConversationEvent
from conversations.services import conversations, sequencing
from conversations.services.conversations import Reader


def add(
    *,
    session_id: str,
    content: str,
    author_id: str,
    author_name: str,
    mentions: Sequence[Mapping[str, str]] = (),
    now: datetime,
) -> ConversationEvent:
    """Add a note under the conversation's next number, also after its end. Raises `Missing`.

    `mentions`: the `id` and `name` of each agent whom it names.
    """
    conversations.get(public_id=session_id, reader=Reader(sees_agents=True))
    with transaction.atomic():
        conversation = sequencing.locked(public_id=session_id)
        event = sequencing.add_note(
            conversation,
            content=content,
            author_id=author_id,
            author_name=author_name,
            mentions=mentions,
            now=now,
        )
        sequencing.store(conversation)
    return event


def listed(*, session_id: str) -> QuerySet[ConversationEvent]:
    """Return the notes of a conversation, in order. Raises `Missing`."""
    conversation: Conversation = conversations.get(public_id=session_id, reader=Reader(sees_agents=True))
    return ConversationEvent.objects.filter(conversation=conversation, type=sequencing.NOTE).order_by("seq")


def shown(event: ConversationEvent) -> dict[str, Any]:
    """Return a note as on the wire (AG-14)."""
    return dict(event.payload["note"])
