"""Doors through which agents work on a conversation: AG-05, AG-06, AG-10…13."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Router

from agents.api.callers import handler_of
from agents.schemas import work as shapes
from agents.schemas.queue import Detail
from agents.services import cases, speaking, targets
from conversations.api.callers import idempotency_key, mark_replay
from conversations.services import escalations, handoffs
from conversations.services.payloads import moment
from kimono.lib.errors import Invalid
from tenants.auth import Guard, actor_of, principal_of

router = Router(tags=["agents"])
AGENT = Guard("agent")
_LONGEST_ID = 64


@router.post("/agent/sessions/{session_id}/accept", response=Detail, auth=AGENT, operation_id="AG-05")
def accept(request: HttpRequest, session_id: str, data: shapes.ActIn | None = None) -> dict[str, Any]:
    """Take a conversation from the queue; of any number at the same instant one gets it."""
    now = timezone.now()
    agent = handler_of(request, data.agent_id if data is not None else None, now=now)
    handoffs.accept(session_id=session_id, agent=agent, by=actor_of(request), now=now)
    return cases.detail(session_id=session_id)


@router.post(
    "/agent/sessions/{session_id}/messages", response=shapes.SaidOut, auth=AGENT, operation_id="AG-06"
)
def say(
    request: HttpRequest, response: HttpResponse, session_id: str, data: shapes.MessageIn
) -> dict[str, Any]:
    """Write to the contact."""
    now = timezone.now()
    own_id = data.client_message_id or idempotency_key(request)
    if own_id is not None and len(own_id) > _LONGEST_ID:
        raise Invalid("at most 64 characters", loc=["header", "Idempotency-Key"], type="string_too_long")
    said = speaking.say(
        session_id=session_id,
        agent=handler_of(request, data.agent_id, session_id=session_id, now=now),
        content=data.content,
        client_message_id=own_id,
        canned_reply_id=data.canned_reply_id,
        owner=principal_of(request).id,
        now=now,
    )
    mark_replay(response, said.repeat)
    return {
        "message_id": said.message.public_id,
        "timestamp": moment(said.message.created_at),
        "role": said.message.role,
        "seq": said.message.seq,
        "session_id": session_id,
        "author": said.message.author,
        "agent_id": said.message.agent_id,
    }


@router.post(
    "/agent/sessions/{session_id}/resolve", response=shapes.ResolvedOut, auth=AGENT, operation_id="AG-10"
)
def resolve(request: HttpRequest, session_id: str, data: shapes.ResolveIn | None = None) -> dict[str, Any]:
    """Say that the contact's case is resolved."""
    now = timezone.now()
    conversation = handoffs.resolve(
        session_id=session_id,
        agent=handler_of(
            request, data.agent_id if data is not None else None, session_id=session_id, now=now
        ),
        note=(data.note or "") if data is not None else "",
        by=actor_of(request),
        now=now,
    )
    return {
        "session_id": session_id,
        "agent_status": conversation.agent_status,
        "state": conversation.state,
        "resolved_at": moment(now),
    }


@router.post("/agent/sessions/{session_id}/release", response=Detail, auth=AGENT, operation_id="AG-11")
def release(request: HttpRequest, session_id: str, data: shapes.ReleaseIn | None = None) -> dict[str, Any]:
    """Give a conversation back to the queue or to the bot."""
    wish, now = data or shapes.ReleaseIn(), timezone.now()
    handoffs.release(
        session_id=session_id,
        agent=handler_of(request, wish.agent_id, session_id=session_id, now=now),
        to=wish.to,
        note=wish.note or "",
        by=actor_of(request),
        now=now,
    )
    return cases.detail(session_id=session_id)


@router.post("/agent/sessions/{session_id}/transfer", response=Detail, auth=AGENT, operation_id="AG-12")
def transfer(request: HttpRequest, session_id: str, data: shapes.TransferIn) -> dict[str, Any]:
    """Give a conversation to another agent, or to the queue of a group."""
    now = timezone.now()
    target = targets.find(to_agent_id=data.to_agent_id, to_group=data.to_group, now=now)
    handoffs.transfer(
        session_id=session_id,
        agent=handler_of(request, data.agent_id, session_id=session_id, now=now),
        to=target.agent,
        group_id=target.group_id,
        note=data.note or "",
        by=actor_of(request),
        now=now,
    )
    return cases.detail(session_id=session_id)


@router.post("/agent/sessions/{session_id}/takeover", response=Detail, auth=AGENT, operation_id="AG-13")
def take_over(request: HttpRequest, session_id: str, data: shapes.TakeOverIn | None = None) -> dict[str, Any]:
    """Take a conversation from the bot or the queue, as a supervisor also from another agent."""
    wish, now = data or shapes.TakeOverIn(), timezone.now()
    escalations.take_over(
        session_id=session_id,
        agent=handler_of(request, wish.agent_id, now=now),
        force=wish.force,
        by=actor_of(request),
        now=now,
    )
    return cases.detail(session_id=session_id)
