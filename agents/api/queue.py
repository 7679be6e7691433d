"""Doors of the queue and of conversations as agents see them: AG-01…04."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router

from agents.api.callers import agent_id_of
from agents.schemas import queue as shapes
from agents.services import cases
from tenants.auth import Guard, actor_of
from tenants.paging import Paged, paged

router = Router(tags=["agents"])
AGENT = Guard("agent")


@router.get("/agent/sessions/pending", response=list[shapes.PendingItem], auth=AGENT, operation_id="AG-01")
def list_pending(request: HttpRequest, query: Query[shapes.PendingQuery]) -> list[dict[str, Any]]:
    """List what waits for a person, the most urgent first, of equals the one that waits longest."""
    waiting = cases.pending(priority=query.priority, group_id=query.group_id, limit=query.limit)
    return cases.pending_items(waiting, now=timezone.now())


@router.get("/agent/sessions", response=Paged[shapes.CaseOut], auth=AGENT, operation_id="AG-02")
def list_cases(request: HttpRequest, query: Query[shapes.CasesQuery]) -> dict[str, Any]:
    """List conversations, newest first: the caller's own, those that wait, or all."""
    found = cases.listed(
        viewer=agent_id_of(request),
        scope=query.scope,
        priority=query.priority,
        agent_id=query.agent_id,
        group_id=query.group_id,
        tag=query.tag,
        state=query.state,
        channel=query.channel,
        text=query.q,
        since=query.since,
        until=query.until,
    )
    page = paged(found, query)
    return {**page, "items": cases.rows(page["items"], now=timezone.now())}


@router.get("/agent/sessions/{session_id}", response=shapes.Detail, auth=AGENT, operation_id="AG-03")
def get_case(request: HttpRequest, session_id: str) -> dict[str, Any]:
    """Return a conversation whole: its state, card, messages and notes."""
    return cases.detail(session_id=session_id)


@router.patch("/agent/sessions/{session_id}", response=shapes.Detail, auth=AGENT, operation_id="AG-04")
def file_case(request: HttpRequest, session_id: str, data: shapes.CasePatch) -> dict[str, Any]:
    """Change a conversation's priority, tags or group."""
    return cases.file(
        session_id=session_id,
        given=data.dict(exclude_unset=True),
        by=actor_of(request),
        now=timezone.now(),
    )
