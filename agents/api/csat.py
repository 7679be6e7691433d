"""The door of contacts' satisfaction: AG-27."""

from typing import Any

from django.http import HttpRequest
from ninja import Query, Router

from agents.schemas import csat as shapes
from conversations.services import satisfaction
from tenants.auth import Guard
from tenants.paging import paged

router = Router(tags=["agents"])


@router.get("/agent/csat", response=shapes.CsatOut, auth=Guard("agent", "analytics"), operation_id="AG-27")
def list_ratings(request: HttpRequest, query: Query[shapes.CsatQuery]) -> dict[str, Any]:
    """List how content contacts were, newest first, with a summary."""
    found = satisfaction.listed(
        agent_id=query.agent_id, since=query.since, until=query.until, score=query.score
    )
    return {**paged(found, query, satisfaction.shown), "summary": satisfaction.summary(found)}
