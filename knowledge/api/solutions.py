"""Doors of the review of agents' solutions: SO-02…05."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router

from knowledge.schemas import solutions as shapes
from knowledge.schemas.solutions import show_solution
from knowledge.services import solutions
from tenants.auth import AsyncGuard, Guard, actor_of
from tenants.paging import Paged, paged

router = Router(tags=["solutions"])
READS = Guard("agent", "knowledge")


@router.get("/escalation/solutions", response=Paged[shapes.SolutionOut], auth=READS, operation_id="SO-02")
def list_solutions(request: HttpRequest, query: Query[shapes.SolutionsQuery]) -> dict[str, Any]:
    """List agents' solutions, newest first."""
    return paged(solutions.listed(status=query.status, session_id=query.session_id), query, show_solution)


@router.get(
    "/escalation/solutions/pending",
    response=list[shapes.SolutionOut],
    auth=READS,
    operation_id="SO-03",
)
def list_waiting(request: HttpRequest) -> list[dict[str, Any]]:
    """List the solutions that wait for review, oldest first."""
    return [show_solution(solution) for solution in solutions.waiting()]


@router.post(
    "/escalation/solutions/{solution_id}/approve",
    response=shapes.SolutionOut,
    auth=AsyncGuard("knowledge"),
    operation_id="SO-04",
)
async def approve(
    request: HttpRequest, solution_id: str, data: shapes.ApproveIn | None = None
) -> dict[str, Any]:
    """Make a solution a QA pair, live in this call."""
    words = data or shapes.ApproveIn()
    approved = await solutions.approve(
        solution_id=solution_id,
        question=words.question,
        answer=words.answer,
        category=words.category,
        keywords=words.keywords,
        by=actor_of(request),
        now=timezone.now(),
    )
    return show_solution(approved)


@router.post(
    "/escalation/solutions/{solution_id}/reject",
    response=shapes.SolutionOut,
    auth=Guard("knowledge"),
    operation_id="SO-05",
)
def reject(request: HttpRequest, solution_id: str, data: shapes.RejectIn | None = None) -> dict[str, Any]:
    """Refuse a solution."""
    rejected = solutions.reject(
        solution_id=solution_id,
        reason=data.reason if data is not None else "",
        by=actor_of(request),
        now=timezone.now(),
    )
    return show_solution(rejected)
