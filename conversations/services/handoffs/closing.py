"""The end of a passage: resolved, returned to the bot, or withdrawn because the conversation is over."""

from datetime import datetime

from django.db import transaction

from conversations.events import SessionResolved
from conversations.models import Conversation, Handoff, Satisfaction
from conversations.services import inbox, sequencing, windows
from conversations.services.handoffs import parts
from conversations.services.handoffs.parts import Handler
from tenants.services import outbox
from tenants.services.auditing import Actor


def resolve(*, session_id: str, agent: Handler, note: str, by: Actor, now: datetime) -> Conversation:
    """End an agent's work on a conversation: the contact's case is resolved.

    Raises `Missing`, `Conflict` unless an agent has it, `NotYours`.
    """
    with transaction.atomic():
        conversation = sequencing.locked(public_id=session_id)
        handoff = parts.check_holds(conversation, agent)
        parts.close(conversation, outcome=Handoff.Outcome.RESOLVED, now=now)
        conversation.state = Conversation.State.RESOLVED
        conversation.epoch += 1
        conversation.resolved_at, conversation.resolution_note = now, note
        # Said of an earlier passage, a rating answers nothing about this one.
        conversation.csat = (
            Satisfaction.objects.filter(handoff=handoff).values_list("score", flat=True).first()
        )
        sequencing.add_state_event(conversation, reason="resolved", now=now)
        parts.store(conversation, "resolved_at", "resolution_note", "csat", now=now)
        inbox.add("session.updated", conversation, reason="resolved", agent_id=agent.id, now=now)
        outbox.publish(
            SessionResolved(session_id=session_id, handoff_id=handoff.public_id, agent_id=agent.id)
        )
        parts.audit("resolve_conversation", conversation, by=by, agent_id=agent.id)
    return conversation


def return_to_bot(conversation: Conversation, *, now: datetime) -> None:
    """Give an agent's conversation back to the bot, with a new window. The row must be locked."""
    agent_id = conversation.assigned_agent_id
    parts.close(conversation, outcome=Handoff.Outcome.RETURNED, now=now)
    parts.unassign(conversation, Conversation.State.BOT)
    conversation.priority = conversation.group_id = ""
    windows.start_window(conversation)
    sequencing.add_state_event(conversation, reason="returned", now=now)
    conversation.window_start_seq = conversation.last_seq
    parts.store(conversation, *windows.WINDOW, now=now)
    inbox.add("session.updated", conversation, reason="returned", agent_id=agent_id, now=now)


def withdraw(conversation: Conversation, *, now: datetime) -> None:
    """Close an open passage because the conversation ends. The row must be locked, and be stored after."""
    if conversation.state == Conversation.State.PENDING:
        inbox.add("queue.removed", conversation, reason="withdrawn", now=now)
    if parts.close(conversation, outcome=Handoff.Outcome.WITHDRAWN, now=now) is not None:
        inbox.add("session.updated", conversation, reason="withdrawn", now=now)
