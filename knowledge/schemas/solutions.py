"""Shapes of solutions (api.md 5)."""

from datetime import datetime
from typing import Annotated, Any, Literal

from ninja import Field, Schema
from pydantic import BeforeValidator, StringConstraints

from kimono.lib.cleaning import trimmed
from knowledge.models import Solution
from knowledge.schemas.qa_pairs import Answer, Category, Keywords
from tenants.paging import Page

StatusName = Literal["pending", "approved", "rejected"]
Asked = Annotated[str, BeforeValidator(trimmed), StringConstraints(min_length=1, max_length=2000)]
Solved = Annotated[str, BeforeValidator(trimmed), StringConstraints(min_length=1, max_length=5000)]
Reason = Annotated[str, BeforeValidator(trimmed), StringConstraints(max_length=500)]
Short = Annotated[str, BeforeValidator(trimmed), StringConstraints(max_length=64)]
PairQuestion = Annotated[str, BeforeValidator(trimmed), StringConstraints(min_length=1, max_length=500)]


class SolutionOut(Schema):
    """A question and what solved it."""

    solution_id: str
    session_id: str | None
    question: str
    solution: str
    intent: str | None
    status: StatusName
    submitted_by: str
    reviewed_by: str | None
    reviewed_at: datetime | None
    reason: str | None
    qa_pair_id: str | None
    created_at: datetime


def show_solution(solution: Solution) -> dict[str, Any]:
    """Return a solution as `SolutionOut`."""
    return {
        "solution_id": solution.public_id,
        "session_id": solution.session_id or None,
        "question": solution.question,
        "solution": solution.solution,
        "intent": solution.intent or None,
        "status": solution.status,
        "submitted_by": solution.submitted_by,
        "reviewed_by": solution.reviewed_by or None,
        "reviewed_at": solution.reviewed_at,
        "reason": solution.reason or None,
        "qa_pair_id": solution.qa_pair_id or None,
        "created_at": solution.created_at,
    }


class SolutionsQuery(Page):
    """SO-02."""

    status: StatusName | None = None
    session_id: Short | None = None


class ApproveIn(Schema):
    """SO-04: the words of the pair where they are not the agent's."""

    question: PairQuestion | None = None
    answer: Answer | None = None
    category: Category = ""
    keywords: Keywords = Field(default_factory=list)


class RejectIn(Schema):
    """SO-05."""

    reason: Reason = ""
