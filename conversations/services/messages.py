"""What an agent says to a contact."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from conversations.models import Message
from conversations.services import handoffs, sequencing
from conversations.services.handoffs import Handler
from conversations.services.turns.shapes import BodyDiffers


@dataclass(frozen=True)
class Said:
    """A message that is stored, and whether it had been sent before."""

    message: Message
    repeat: bool


def say(
    *, session_id: str, agent: Handler, content: str, client_message_id: str | None, now: datetime
) -> Said:
    """Store what an agent says; under an id that was used before, the message is found instead.

    Raises `Missing`, `Conflict` unless an agent has the conversation, `NotYours`, `BodyDiffers`.
    """
    body_hash = hashlib.sha256(f"agent|{agent.id}|{content}".encode()).hexdigest()
    with transaction.atomic():
        conversation = sequencing.locked(public_id=session_id)
        if client_message_id is not None:
            earlier = Message.objects.filter(
                conversation=conversation, client_message_id=client_message_id
            ).first()
            if earlier is not None and earlier.body_hash != body_hash:
                raise BodyDiffers
            if earlier is not None:
                return Said(earlier, repeat=True)
        handoffs.check_speaks(conversation, agent)
        message = sequencing.add_message(
            conversation,
            role=Message.Role.ASSISTANT,
            author=Message.Author.AGENT,
            content=content,
            agent_id=agent.id,
            agent_name=agent.name,
            client_message_id=client_message_id,
            body_hash=body_hash,
            now=now,
        )
        sequencing.store(conversation, now=now)
        sequencing.tell(conversation, message)
    return Said(message, repeat=False)
