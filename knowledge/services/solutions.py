"""Solutions of agents: handed in, reviewed, and from approval on part of what the bot knows."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from kimono.lib.errors import Conflict, Invalid, Missing
from kimono.lib.ids import new_id
from kimono.lib.threads import in_thread
from knowledge.events import SolutionApproved, SolutionRejected, SolutionSubmitted
from knowledge.models import QAPair, Solution
from knowledge.services.qa_pairs import writing
from knowledge.services.qa_pairs.writing import PairDraft, Vectors
from tenants.services import auditing, outbox
from tenants.services.auditing import Actor

MOST_PENDING = 500
LONGEST_QUESTION = 500


def submit(
    *,
    question: str,
    solution: str,
    intent: str,
    session_id: str = "",
    submitted_by: str,
    by: Actor,
    now: datetime,
) -> Solution:
    """Put a solution up for review and return it; `session_id` is an opaque key of the caller's."""
    with transaction.atomic():
        made = Solution.objects.create(
            public_id=new_id("sol"),
            session_id=session_id,
            question=question,
            solution=solution,
            intent=intent,
            submitted_by=submitted_by,
            created_at=now,
        )
        auditing.record(action="submit_solution", by=by, target_type="solution", target_id=made.public_id)
        outbox.publish(SolutionSubmitted(solution_id=made.public_id, session_id=session_id or None))
    return made


def listed(*, status: str | None = None, session_id: str | None = None) -> QuerySet[Solution]:
    """Return the solutions that match, newest first."""
    rows = Solution.objects.all()
    rows = rows.filter(status=status) if status else rows
    return rows.filter(session_id=session_id) if session_id else rows


def waiting() -> QuerySet[Solution]:
    """Return what waits for review, oldest first, at most 500."""
    return Solution.objects.filter(status=Solution.Status.PENDING).order_by("created_at", "pk")[:MOST_PENDING]


def get(*, solution_id: str) -> Solution:
    """Return a solution. Raises `Missing`."""
    found = Solution.objects.filter(public_id=solution_id).first() if "\x00" not in solution_id else None
    if found is None:
        raise Missing
    return found


async def approve(
    *,
    solution_id: str,
    question: str | None = None,
    answer: str | None = None,
    category: str = "",
    keywords: Sequence[str] = (),
    by: Actor,
    now: datetime,
) -> Solution:
    """Make a solution a QA pair that answers from this call on; its words may be given anew.

    Raises `Missing`, `Conflict` unless it waits for review, `Invalid` when the question is longer than a pair's.
    """
    solution = await in_thread(get, solution_id=solution_id)
    _check_waits(solution)
    draft = PairDraft(
        question=question or solution.question.strip(),
        answer=answer or solution.solution.strip(),
        category=category,
        keywords=tuple(keywords),
        source=QAPair.Source.SOLUTION,
    )
    if len(draft.question) > LONGEST_QUESTION:
        raise Invalid(
            f"String should have at most {LONGEST_QUESTION} characters",
            loc=["body", "question"],
            type="string_too_long",
        )
    vectors = await writing.embed([draft.question])
    return await in_thread(_store_approved, solution_id, draft, vectors, by, now)


def _store_approved(
    solution_id: str, draft: PairDraft, vectors: Vectors, by: Actor, now: datetime
) -> Solution:
    with transaction.atomic():
        solution = _locked(solution_id)
        pair, _ = writing.store_new(draft, vectors, by)
        solution.qa_pair_id = pair.public_id
        _review(solution, Solution.Status.APPROVED, by=by, now=now)
        auditing.record(
            action="approve_solution",
            by=by,
            target_type="solution",
            target_id=solution_id,
            details={"qa_pair_id": pair.public_id},
        )
        outbox.publish(SolutionApproved(solution_id=solution_id, qa_pair_id=pair.public_id))
    return solution


def reject(*, solution_id: str, reason: str, by: Actor, now: datetime) -> Solution:
    """Refuse a solution; the bot does not learn it. Raises `Missing`, `Conflict` unless it waits for review."""
    with transaction.atomic():
        solution = _locked(solution_id)
        solution.reason = reason
        _review(solution, Solution.Status.REJECTED, by=by, now=now)
        auditing.record(action="reject_solution", by=by, target_type="solution", target_id=solution_id)
        outbox.publish(SolutionRejected(solution_id=solution_id))
    return solution


def _locked(solution_id: str) -> Solution:
    rows = Solution.objects.select_for_update(no_key=True)
    solution = rows.filter(public_id=solution_id).first() if "\x00" not in solution_id else None
    if solution is None:
        raise Missing
    _check_waits(solution)
    return solution


def _check_waits(solution: Solution) -> None:
    if solution.status != Solution.Status.PENDING:
        raise Conflict


def _review(solution: Solution, status: Solution.Status, *, by: Actor, now: datetime) -> None:
    solution.status, solution.reviewed_by, solution.reviewed_at = status, by.id, now
    solution.save(update_fields=["status", "reviewed_by", "reviewed_at", "reason", "qa_pair_id"])
