"""Doors of help for agents: AG-07 from the knowledge, AG-08 from the business system."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router

from agents.schemas import assist as shapes
from agents.services import assisting
from tenants.auth import AsyncGuard

router = Router(tags=["agents"])


@router.post(
    "/agent/sessions/{session_id}/knowledge-recommend",
    response=shapes.RecommendOut,
    auth=AsyncGuard("agent", reads=True),
    operation_id="AG-07",
)
async def recommend(request: HttpRequest, session_id: str, data: shapes.RecommendIn) -> dict[str, Any]:
    """Find what the knowledge says to a question of a conversation."""
    return await assisting.recommend(session_id=session_id, query=data.query, limit=data.top_k)


@router.post(
    "/agent/sessions/{session_id}/business-assist",
    response=shapes.AssistOut,
    auth=AsyncGuard("agent"),
    operation_id="AG-08",
)
async def assist(request: HttpRequest, session_id: str, data: shapes.AssistIn) -> dict[str, Any]:
    """Ask the merchant's business system what a question of a conversation needs."""
    return await assisting.ask_business(session_id=session_id, query=data.query, now=timezone.now())
