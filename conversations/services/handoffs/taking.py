"""An agent takes a conversation: from the queue, from the bot, or from another agent."""

from datetime import datetime

from django.db import transaction

from conversations.events import HandoffAccepted
from conversations.models import Conversation, Handoff
from conversations.models.conversations import Priority
from conversations.services import inbox, sequencing
from conversations.services.handoffs import parts
from conversations.services.handoffs.parts import AlreadyAssigned, Card, Handler
from kimono.lib.errors import Conflict, Denied
from kimono.lib.ids import new_id
from tenants.services import outbox
from tenants.services.auditing import Actor

State = Conversation.State
# As agents read it on the card, in the language of the wire contract.
TAKEOVER, TAKEN_OVER = "takeover", "坐席接管"


def accept(*, session_id: str, agent: Handler, by: Actor, now: datetime) -> Conversation:
    """Give a conversation that waits to an agent; of any number at the same instant one gets it.

    Raises `Missing`; `AlreadyAssigned` for all but the first, also for the same agent again; `Conflict` unless it waits.
    """
    with transaction.atomic():
        conversation = sequencing.locked(public_id=session_id)
        if conversation.state == State.ASSIGNED:
            raise AlreadyAssigned(conversation)
        handoff = conversation.open_handoff
        if conversation.state != State.PENDING or handoff is None:
            raise Conflict
        _take(conversation, handoff, agent, reason="accepted", now=now)
        parts.audit("accept_conversation", conversation, by=by, agent_id=agent.id)
    return conversation


def take_over(
    *,
    session_id: str,
    agent: Handler,
    force: bool = False,
    card: Card | None = None,
    by: Actor,
    now: datetime,
) -> Conversation:
    """Give a conversation that the bot has, or that waits, to an agent; a reply being written is dropped.

    With `force` a supervisor takes it from another agent; `card` makes what is read of one that the bot had.
    Raises `Missing`, `AlreadyAssigned`, `Conflict` (over or resolved), `Denied` (`force` by anybody else).
    """
    if force and not agent.supervisor:
        raise Denied
    with transaction.atomic():
        conversation = sequencing.locked(public_id=session_id)
        handoff = conversation.open_handoff
        if conversation.state == State.ASSIGNED and not (
            force and agent.id != conversation.assigned_agent_id
        ):
            raise AlreadyAssigned(conversation)
        if conversation.state not in (State.BOT, State.PENDING, State.ASSIGNED):
            raise Conflict
        if handoff is None:
            handoff = conversation.open_handoff = _opened(conversation, card, now)
            conversation.priority = handoff.priority
        _take(conversation, handoff, agent, reason="takeover", now=now)
        parts.audit("take_over_conversation", conversation, by=by, agent_id=agent.id)
    return conversation


def _opened(conversation: Conversation, card: Card | None, now: datetime) -> Handoff:
    return Handoff.objects.create(
        public_id=new_id("hof"),
        conversation=conversation,
        rule=TAKEOVER,
        reason=TAKEN_OVER,
        priority=Priority.NORMAL,
        card=parts.completed(card(conversation), conversation) if card is not None else {},
        requested_at=now,
        pending_since=now,
    )


def _take(
    conversation: Conversation, handoff: Handoff, agent: Handler, *, reason: str, now: datetime
) -> None:
    waited = conversation.state == State.PENDING
    parts.assign(conversation, handoff, agent, now=now)
    sequencing.add_state_event(conversation, reason=reason, now=now)
    parts.store(conversation, now=now)
    if waited:
        inbox.add("queue.removed", conversation, reason=reason, agent_id=agent.id, now=now)
    inbox.add("session.updated", conversation, reason=reason, agent_id=agent.id, now=now)
    outbox.publish(
        HandoffAccepted(session_id=conversation.public_id, handoff_id=handoff.public_id, agent_id=agent.id)
    )
