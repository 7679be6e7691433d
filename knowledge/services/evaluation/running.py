"""A run over a set of questions: a job that asks them a few at a time and goes on where a lost worker left off."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from asgiref.sync import async_to_sync
from django.db import transaction
from django.utils import timezone

from kimono import providers
from kimono.lib.cleaning import detect_language
from kimono.lib.errors import Invalid
from kimono.lib.ids import new_id
from kimono.lib.jobs import JobFailed, JobRun, Result
from knowledge.models import CaseResult, EvaluationReport
from knowledge.services import answering, retrieval, revisions, tuner, tuning, visibility
from knowledge.services.evaluation import cases as written
from knowledge.services.evaluation import datasets, figures, judging, reports
from knowledge.services.evaluation.cases import Case
from knowledge.services.evaluation.judging import Verdict
from knowledge.services.folders import paths
from knowledge.services.tuning import Params
from tenants.models import Job
from tenants.services import auditing, jobs
from tenants.services.auditing import Actor

JOB = "knowledge.evaluate"
Mode = Literal["retrieval", "answer"]
# More cases than this are never waited for.
MOST_WAITED_FOR = 200
_BATCH, _AT_ONCE = 8, 4
# As long as a question in chat may take.
_SECONDS = 25.0
_REFUSAL = "抱歉，我没有找到相关资料。"


@dataclass(frozen=True)
class Order:
    """What is to be run: a set by its id, or a file of the merchant's folder on the server, or the shipped set."""

    dataset_id: str | None = None
    testset_path: str | None = None
    top_k: int | None = None
    mode: Mode = "answer"
    params: Mapping[str, Any] | None = None


def start(*, order: Order, by: Actor) -> tuple[EvaluationReport, Job]:
    """Enqueue a run and return its report, which is empty until then, with the job.

    Raises `Missing`, `Invalid` (also for parameters out of range), `PathNotAllowed`, `TooLarge`, `Unsupported`.
    """
    with transaction.atomic():
        report = _prepared(order, by)
        job = jobs.enqueue(JOB, by=by.id, source=report.dataset_name, report_id=report.public_id)
        report.job_id = job.job_id
        report.save(update_fields=["job_id"])
    return report, job


def run_now(*, order: Order, by: Actor, told: Callable[[float], None]) -> dict[str, Any]:
    """Run in this process, without a worker, and return the Report with its cases; `told` hears how far it is.

    Raises what `start` raises.
    """
    with transaction.atomic():
        report = _prepared(order, by)
    run(_Alone(report.public_id, told), report_id=report.public_id)
    report.refresh_from_db()
    return reports.shown(report, with_cases=True)


class _Alone:
    """A run that nobody else can take over or stop."""

    def __init__(self, job_id: str, told: Callable[[float], None]) -> None:
        self.job_id, self.attempt, self._told = job_id, 1, told

    def progress(self, fraction: float, *, stage: str) -> None:
        """Tell how far it is."""
        self._told(fraction)

    def check(self) -> None:
        """Go on."""


def _prepared(order: Order, by: Actor) -> EvaluationReport:
    """Store what is to be run, in the open transaction."""
    overrides = tuning.checked(order.params or {})
    params = _params(overrides, order.top_k)
    name, dataset_id, questions = _questions(order)
    report = EvaluationReport.objects.create(
        public_id=new_id("rep"),
        dataset_id=dataset_id,
        dataset_name=name[:255],
        source="default" if dataset_id == datasets.builtin_id() else "external",
        mode=order.mode,
        top_k=params.rerank_top_k,
        overrides=overrides,
        params=tuner.shown(params),
        total=len(questions),
        knowledge_version=revisions.label(),
        created_by=by.id,
    )
    CaseResult.objects.bulk_create(
        CaseResult(report=report, position=place, case=case.model_dump(mode="json"))
        for place, case in enumerate(questions, start=1)
    )
    auditing.record(
        action="run_evaluation",
        by=by,
        target_type="evaluation",
        target_id=report.public_id,
        details={"cases": len(questions), "mode": order.mode, "set": sorted(overrides)},
    )
    return report


def _questions(order: Order) -> tuple[str, str, list[Case]]:
    """Return the name of what is asked, its id if it is a set, and its cases."""
    if order.dataset_id and order.testset_path:
        raise Invalid("either this or dataset_id", loc=["body", "testset_path"])
    if order.testset_path:
        where = paths.place(order.testset_path, field="testset_path")
        name = where.source.rpartition("/")[2]
        return where.source, "", written.read(paths.read(where), name, loc=("body", "testset_path"))
    shown, found = datasets.get(dataset_id=order.dataset_id or datasets.builtin_id())
    return shown.name, shown.public_id, found


def _params(overrides: Mapping[str, Any], top_k: int | None) -> Params:
    params = tuning.effective(overrides)
    return params if top_k is None else replace(params, rerank_top_k=top_k)


def run(run: JobRun, *, report_id: str) -> Result:
    """Ask the questions of a report that have not been asked yet, and return it. Raises `JobFailed`, `JobStopped`."""
    report = EvaluationReport.objects.filter(public_id=report_id).first()
    if report is None:
        raise JobFailed("not_found", "The run does not exist any more.")
    params = _params(report.overrides, report.top_k)
    waiting = list(report.results.filter(done=False))
    for start in range(0, len(waiting), _BATCH):
        began = time.monotonic()
        batch = waiting[start : start + _BATCH]
        verdicts = async_to_sync(_judged)(
            [Case.model_validate(row.case) for row in batch], report.mode, params, run.job_id
        )
        for row, verdict in zip(batch, verdicts, strict=True):
            row.done, row.verdict = True, verdict.stored()
        report.duration_seconds += time.monotonic() - began
        with transaction.atomic():
            CaseResult.objects.bulk_update(batch, ["done", "verdict"])
            report.save(update_fields=["duration_seconds"])
        done = report.total - len(waiting) + start + len(batch)
        run.progress(done / max(report.total, 1), stage="quality")
    return _finished(report)


def _finished(report: EvaluationReport) -> dict[str, Any]:
    judged = [
        (Case.model_validate(case), judging.from_stored(verdict))
        for case, verdict in report.results.values_list("case", "verdict")
    ]
    report.figures = figures.summary(judged)
    report.knowledge_version = revisions.label()
    report.status = EvaluationReport.Status.DONE
    report.finished_at = timezone.now()
    report.save()
    return reports.shown(report, with_cases=report.total <= MOST_WAITED_FOR)


def abandon(*, report_id: str, code: str, message: str) -> None:
    """Mark a run whose job has ended without success."""
    EvaluationReport.objects.filter(public_id=report_id, status=EvaluationReport.Status.RUNNING).update(
        status=EvaluationReport.Status.FAILED, finished_at=timezone.now()
    )


async def _judged(questions: Sequence[Case], mode: str, params: Params, ref: str) -> list[Verdict]:
    turn = asyncio.Semaphore(_AT_ONCE)

    async def one(case: Case) -> Verdict:
        async with turn:
            return await (_searched if mode == "retrieval" else _answered)(case, params, ref)

    try:
        with providers.booked("evaluation"):
            return list(await asyncio.gather(*map(one, questions)))
    finally:
        await providers.close_clients()


async def _searched(case: Case, params: Params, ref: str) -> Verdict:
    found = await retrieval.search(
        query=case.query, limit=params.rerank_top_k, view=visibility.view_of(), params=params, ref=ref
    )
    return judging.of_search(case, found.passages, answerable=found.answerable)


async def _answered(case: Case, params: Params, ref: str) -> Verdict:
    given = await answering.answer(
        question=case.query,
        rewritten=case.query,
        view=visibility.view_of(),
        params=params,
        language=detect_language(case.query),
        ref=ref,
        deadline_seconds=_SECONDS,
        refusal=_REFUSAL,
        on_step=lambda step: None,
        cacheable=False,
    )
    return judging.of_answer(case, given)
