"""The beginning of a passage: a person is wanted."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from conversations.events import HandoffRequested
from conversations.models import Conversation, Handoff
from conversations.services import inbox, sequencing
from conversations.services.handoffs import parts
from kimono.lib.ids import new_id
from tenants.services import outbox


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
        card=parts.completed(card, conversation),
        requested_at=now,
        pending_since=now,
    )
    conversation.state = Conversation.State.PENDING
    conversation.epoch += 1
    conversation.priority = priority
    conversation.open_handoff = handoff
    sequencing.add_state_event(conversation, reason=rule, now=now)
    inbox.add("queue.added", conversation, reason=rule, now=now)
    outbox.publish(
        HandoffRequested(
            session_id=conversation.public_id, handoff_id=handoff.public_id, rule=rule, priority=priority
        )
    )
    return handoff


REQUESTED = ("state", "epoch", "priority", "open_handoff")
