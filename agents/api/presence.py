"""Doors of agents and their presence: AG-20…22."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router

from agents.api.callers import agent_id_of, seat_of
from agents.schemas import presence as shapes
from agents.services import presence
from tenants.auth import Guard
from tenants.paging import Paged, paged

router = Router(tags=["agents"])
AGENT = Guard("agent")


@router.get("/agent/agents", response=Paged[shapes.AgentOut], auth=AGENT, operation_id="AG-20")
def list_agents(request: HttpRequest, query: Query[shapes.AgentsQuery]) -> dict[str, Any]:
    """List those who answer, with their presence and how many conversations each has."""
    found = presence.listed(presence=query.presence, group_id=query.group_id, now=timezone.now())
    return paged(found, query)


@router.get("/agent/presence", response=shapes.PresenceOut, auth=AGENT, operation_id="AG-21")
def get_presence(request: HttpRequest, query: Query[shapes.PresenceQuery]) -> dict[str, Any]:
    """Say whether an agent is there."""
    return presence.of(
        agent_id=query.agent_id or agent_id_of(request), own=agent_id_of(request), now=timezone.now()
    )


@router.put("/agent/presence", response=shapes.PresenceOut, auth=AGENT, operation_id="AG-22")
def set_presence(request: HttpRequest, data: shapes.PresenceIn) -> dict[str, Any]:
    """Say that an agent is there or not; going offline keeps its conversations."""
    now = timezone.now()
    seat = seat_of(request, data.agent_id, now=now)
    chosen = presence.choose(seat=seat, status=data.status, capacity=data.capacity, now=now)
    return presence.shown(chosen, now=now)
