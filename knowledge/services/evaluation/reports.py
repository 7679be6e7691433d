"""Reports of runs: listed, shown with their cases, compared with an earlier one, taken away as a table."""

from collections.abc import Sequence
from typing import Any, Literal

from django.db.models import QuerySet

from kimono.lib import tables
from kimono.lib.errors import Missing
from knowledge.models import CaseResult, EvaluationReport
from knowledge.services.evaluation import figures
from tenants.services import auditing
from tenants.services.auditing import Actor

_COLUMNS = (
    "query", "category", "answerable", "expected_sources", "expected_answer_keywords", "reference_answer",
    "answer", "retrieved", "hit", "rank", "correct", "abstained", "fabricated",
)  # fmt: skip


def listed(*, dataset_id: str | None = None) -> QuerySet[EvaluationReport]:
    """Return the reports of finished runs, newest first."""
    rows = EvaluationReport.objects.filter(status=EvaluationReport.Status.DONE)
    return rows.filter(dataset_id=dataset_id) if dataset_id else rows


def get(*, report_id: str) -> EvaluationReport:
    """Return the report of a finished run. Raises `Missing`."""
    row = listed().filter(public_id=report_id).first()
    if row is None:
        raise Missing
    return row


def shown(report: EvaluationReport, *, with_cases: bool = False) -> dict[str, Any]:
    """Return a Report (api.md 8), on request with its case rows."""
    cases = {"cases": rows_of(report)} if with_cases else {}
    return {
        "report_id": report.public_id,
        "dataset_id": report.dataset_id or None,
        "dataset_name": report.dataset_name,
        "source": report.source,
        "mode": report.mode,
        "created_at": report.created_at.isoformat().replace("+00:00", "Z"),
        "top_k": report.top_k,
        **report.figures,
        "params": report.params,
        "knowledge_version": report.knowledge_version,
        "duration_seconds": round(report.duration_seconds, 2),
        **cases,
    }


def rows_of(report: EvaluationReport) -> list[dict[str, Any]]:
    """Return the cases of a report with what came of each, in their order."""
    return [_row(result) for result in report.results.all()]


def _row(result: CaseResult) -> dict[str, Any]:
    verdict = result.verdict
    return {
        **result.case,
        "answer": verdict["answer"],
        "retrieved": verdict["retrieved"],
        "hit": verdict["hit"],
        "rank": verdict["rank"],
        "correct": verdict["correct"],
        "abstained": verdict["abstained"],
        "fabricated": verdict["fabricated"],
        "unsupported": verdict["unsupported"],
    }


def compared(*, report: EvaluationReport, earlier: EvaluationReport) -> dict[str, Any]:
    """Return what became better and worse in `report` since `earlier`, case by case."""
    return figures.regression((earlier.figures, rows_of(earlier)), (report.figures, rows_of(report)))


def export(*, report: EvaluationReport, format: Literal["xlsx", "csv"], by: Actor) -> bytes:
    """Return the cases of a report as a table."""
    auditing.record(action="export_evaluation", by=by, target_type="evaluation", target_id=report.public_id)
    return tables.write(_COLUMNS, (_cells(row) for row in rows_of(report)), format=format)


def _cells(row: dict[str, Any]) -> Sequence[Any]:
    found = [f"{one['source']} ({one['score']:.2f})" for one in row["retrieved"]]
    return [found if name == "retrieved" else row[name] for name in _COLUMNS]
