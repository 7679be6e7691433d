"""What the steps of a passage share: who takes part, who may, and the writing of the row."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from conversations.models import Conversation, Handoff
from conversations.services import sequencing
from kimono.lib.errors import Conflict
from knowledge.services import tickets
from tenants.services import auditing
from tenants.services.auditing import Actor

# Makes what the next agent reads of a conversation.
Card: TypeAlias = Callable[[Conversation], Mapping[str, Any]]
HANDLED = (
    "state",
    "epoch",
    "assigned_agent_id",
    "assigned_agent_name",
    "priority",
    "group_id",
    "open_handoff",
)


@dataclass(frozen=True)
class Handler:
    """An agent as conversations know it; a supervisor may see to what other agents have."""

    id: str
    name: str
    supervisor: bool = False


class AlreadyAssigned(Conflict):
    """Somebody has the conversation; the refusal says who."""

    code = "already_assigned"

    def __init__(self, conversation: Conversation) -> None:
        super().__init__(
            f"{conversation.assigned_agent_name} has this conversation.",
            extra={
                "assigned_agent_id": conversation.assigned_agent_id,
                "assigned_agent_name": conversation.assigned_agent_name,
            },
        )


class NotYours(Conflict):
    """Another agent has the conversation."""

    code = "not_your_session"
    detail = "Another agent has this conversation."


def check_holds(conversation: Conversation, agent: Handler) -> Handoff:
    """Return the open passage of a conversation that `agent` has, or as a supervisor sees to.

    Raises `Conflict` unless some agent has it, `NotYours` when it is another one.
    """
    check_speaks(conversation, agent, supervisors=True)
    handoff = conversation.open_handoff
    if handoff is None:
        raise Conflict
    return handoff


def check_speaks(conversation: Conversation, agent: Handler, *, supervisors: bool = False) -> None:
    """Raise `Conflict` unless some agent has the conversation, `NotYours` when it is another one."""
    if conversation.state != Conversation.State.ASSIGNED or conversation.open_handoff_id is None:
        raise Conflict
    if conversation.assigned_agent_id != agent.id and not (supervisors and agent.supervisor):
        raise NotYours


def completed(card: Mapping[str, Any], conversation: Conversation) -> dict[str, Any]:
    """Return a card with how many tickets the customer has had; a visitor who only says who it is has had none."""
    known = conversation.user_verified
    return {
        **card,
        "history_ticket_count": tickets.count_of(user_id=conversation.user_id) if known else 0,
    }


def assign(conversation: Conversation, handoff: Handoff, agent: Handler, *, now: datetime) -> None:
    """Give a passage and its conversation to an agent; store the conversation after (`HANDLED`)."""
    handoff.status, handoff.accepted_at = Handoff.Status.ACCEPTED, now
    handoff.agent_id, handoff.agent_name = agent.id, agent.name
    handoff.save(update_fields=["status", "accepted_at", "agent_id", "agent_name"])
    conversation.state = Conversation.State.ASSIGNED
    conversation.assigned_agent_id, conversation.assigned_agent_name = agent.id, agent.name
    conversation.epoch += 1


def unassign(conversation: Conversation, state: Conversation.State) -> None:
    """Take a conversation from its agent; store it after (`HANDLED`)."""
    conversation.state = state
    conversation.assigned_agent_id = conversation.assigned_agent_name = ""
    conversation.epoch += 1


def close(conversation: Conversation, *, outcome: Handoff.Outcome, now: datetime) -> Handoff | None:
    """End the open passage, where there is one, and return it; store the conversation after."""
    handoff = conversation.open_handoff
    if handoff is not None:
        handoff.status, handoff.outcome, handoff.closed_at = Handoff.Status.CLOSED, outcome, now
        handoff.save(update_fields=["status", "outcome", "closed_at"])
        conversation.open_handoff = None
    return handoff


def audit(action: str, conversation: Conversation, *, by: Actor, **details: str) -> None:
    """Record a step in the audit."""
    auditing.record(
        action=action,
        by=by,
        target_type="conversation",
        target_id=conversation.public_id,
        details={name: value for name, value in details.items() if value},
    )


def store(conversation: Conversation, *more: str, now: datetime) -> None:
    """Write a conversation whose handler has changed."""
    sequencing.store(conversation, *HANDLED, *more, now=now)
