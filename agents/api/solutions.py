"""Doors through which agents hand in solutions: AG-09, SO-01."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router

from agents.api.callers import seat_of
from agents.schemas import solutions as shapes
from agents.services import assisting
from knowledge.schemas.solutions import SolutionOut, show_solution
from tenants.auth import Guard, actor_of

router = Router(tags=["solutions"])
AGENT = Guard("agent")


@router.post("/agent/sessions/{session_id}/solution", response=SolutionOut, auth=AGENT, operation_id="AG-09")
def hand_in(request: HttpRequest, session_id: str, data: shapes.SolutionIn) -> dict[str, Any]:
    """Put the solution of a conversation up for review."""
    return _handed_in(request, session_id, data)


@router.post("/escalation/solution", response=SolutionOut, auth=AGENT, operation_id="SO-01")
def hand_in_any(request: HttpRequest, data: shapes.SolutionOfIn) -> dict[str, Any]:
    """Put a solution up for review, of a conversation or of none."""
    return _handed_in(request, data.session_id, data)


def _handed_in(request: HttpRequest, session_id: str | None, data: shapes.SolutionIn) -> dict[str, Any]:
    now = timezone.now()
    submitted = assisting.hand_in(
        session_id=session_id,
        question=data.question,
        solution=data.solution,
        intent=data.intent,
        seat=seat_of(request, None, session_id=session_id, now=now),
        by=actor_of(request),
        now=now,
    )
    return show_solution(submitted)
