"""An agent gives a conversation away: back to the queue or the bot, to another agent, to a group."""

from datetime import datetime
from typing import Literal

from django.db import transaction

from conversations.events import HandoffReleased, HandoffTransferred
from conversations.models import Conversation, Handoff
from conversations.services import inbox, sequencing
from conversations.services.handoffs import closing, parts
from conversations.services.handoffs.parts import AlreadyAssigned, Handler
from tenants.services import outbox
from tenants.services.auditing import Actor


def release(
    *, session_id: str, agent: Handler, to: Literal["queue", "bot"], note: str, by: Actor, now: datetime
) -> Conversation:
    """Give an agent's conversation back to the queue, or to the bot, which then begins a new window.

    Raises `Missing`, `Conflict` unless an agent has it, `NotYours`.
    """
    with transaction.atomic():
        conversation = sequencing.locked(public_id=session_id)
        handoff = parts.check_holds(conversation, agent)
        _note(conversation, agent, note, now)
        if to == "bot":
            closing.return_to_bot(conversation, now=now)
        else:
            requeue(conversation, handoff, reason="released", now=now)
        outbox.publish(
            HandoffReleased(session_id=session_id, handoff_id=handoff.public_id, agent_id=agent.id, to=to)
        )
        parts.audit("release_conversation", conversation, by=by, agent_id=agent.id, to=to)
    return conversation


def transfer(
    *,
    session_id: str,
    agent: Handler,
    to: Handler | None = None,
    group_id: str = "",
    note: str,
    by: Actor,
    now: datetime,
) -> Conversation:
    """Give an agent's conversation to another agent, or to the queue of a group.

    Raises `Missing`, `Conflict` unless an agent has it, `NotYours`, `AlreadyAssigned` to that very agent.
    """
    with transaction.atomic():
        conversation = sequencing.locked(public_id=session_id)
        handoff = parts.check_holds(conversation, agent)
        if to is not None and to.id == conversation.assigned_agent_id:
            raise AlreadyAssigned(conversation)
        _note(conversation, agent, note, now)
        if to is None:
            conversation.group_id = group_id
            requeue(conversation, handoff, reason="transferred", now=now)
        else:
            parts.assign(conversation, handoff, to, now=now)
            sequencing.add_state_event(conversation, reason="transferred", now=now)
            parts.store(conversation, now=now)
            inbox.add("session.updated", conversation, reason="transferred", agent_id=to.id, now=now)
        outbox.publish(
            HandoffTransferred(
                session_id=session_id,
                handoff_id=handoff.public_id,
                from_agent_id=agent.id,
                to_agent_id=to.id if to is not None else None,
                to_group_id=group_id or None,
            )
        )
        parts.audit("transfer_conversation", conversation, by=by, to=to.id if to is not None else group_id)
    return conversation


def requeue(conversation: Conversation, handoff: Handoff, *, reason: str, now: datetime) -> None:
    """Put an agent's conversation back among those that wait. The row must be locked."""
    handoff.status, handoff.accepted_at, handoff.pending_since = Handoff.Status.REQUESTED, None, now
    handoff.agent_id = handoff.agent_name = ""
    handoff.save(update_fields=["status", "accepted_at", "pending_since", "agent_id", "agent_name"])
    parts.unassign(conversation, Conversation.State.PENDING)
    sequencing.add_state_event(conversation, reason=reason, now=now)
    parts.store(conversation, now=now)
    inbox.add("queue.added", conversation, reason=reason, now=now)


def _note(conversation: Conversation, agent: Handler, note: str, now: datetime) -> None:
    if note:
        sequencing.add_note(conversation, content=note, author_id=agent.id, author_name=agent.name, now=now)
