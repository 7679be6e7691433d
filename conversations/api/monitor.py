"""Doors of the monitor: PM-04…08."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router

from conversations.schemas import monitor as schemas
from conversations.services import traces
from tenants.auth import Guard

router = Router(tags=["monitor"])
OPERATIONS = Guard("operations", platform=True)


@router.get("/monitor/overview", response=schemas.Overview, auth=OPERATIONS, operation_id="PM-04")
def overview(request: HttpRequest) -> dict[str, Any]:
    """Return how many turns there were and how they went."""
    return traces.overview(now=timezone.now())


@router.get("/monitor/traces", response=list[schemas.TraceSummary], auth=OPERATIONS, operation_id="PM-05")
def list_traces(request: HttpRequest, query: Query[schemas.TracesQuery]) -> list[dict[str, Any]]:
    """List turns, newest first."""
    return traces.listed(
        limit=query.limit,
        session_id=query.session_id,
        status=query.status,
        before=query.before,
        now=timezone.now(),
    )


@router.get("/monitor/traces/{trace_id}", response=schemas.Trace, auth=OPERATIONS, operation_id="PM-06")
def get_trace(request: HttpRequest, trace_id: str) -> dict[str, Any]:
    """Return a turn with all its steps."""
    return traces.get(trace_id=trace_id, now=timezone.now())


@router.get("/monitor/agents", response=list[schemas.AgentRow], auth=OPERATIONS, operation_id="PM-07")
def list_agents(request: HttpRequest) -> list[dict[str, Any]]:
    """List the parts of the dialogue with how they did."""
    return traces.agents()


@router.get("/monitor/sessions", response=list[schemas.SessionRow], auth=OPERATIONS, operation_id="PM-08")
def list_sessions(request: HttpRequest, query: Query[schemas.LimitQuery]) -> list[dict[str, Any]]:
    """List the conversations with the latest activity."""
    return traces.sessions(limit=query.limit)
