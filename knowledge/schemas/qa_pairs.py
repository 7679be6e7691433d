"""Shapes of QA pairs, their import and their synchronisation (api.md 6.3)."""

from dataclasses import asdict, replace
from datetime import datetime
from typing import Annotated, Any, Literal

from ninja import Field, Schema
from pydantic import AfterValidator, BeforeValidator, StringConstraints

from kimono.lib.moments import Utc
from knowledge.models import QAPair
from knowledge.schemas.attachments import AttachmentOut, show_attachment
from knowledge.services.qa_pairs.importing import Report, split
from knowledge.services.qa_pairs.quality import Quality
from knowledge.services.qa_pairs.writing import PairDraft
from tenants.paging import Page


def _distinct(values: list[str]) -> list[str]:
    return list(dict.fromkeys(value for value in values if value))


def _listed(value: Any) -> Any:
    return split(value, marks=",，;；、") if isinstance(value, str) else value


Question = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
Answer = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=5000)]
Category = Annotated[str, StringConstraints(strip_whitespace=True, max_length=50)]
Keyword = Annotated[str, StringConstraints(strip_whitespace=True, max_length=100)]
Keywords = Annotated[list[Keyword], BeforeValidator(_listed), Field(max_length=20), AfterValidator(_distinct)]
Similar = Annotated[list[Question], Field(max_length=20), AfterValidator(_distinct)]
SourceName = Literal["manual", "import_csv", "import_xlsx", "template", "feedback", "mining", "solution"]


class QAPairOut(Schema):
    """A QA pair on the wire."""

    id: str
    question: str
    similar_questions: list[str]
    answer: str
    category: str
    keywords: list[str]
    source: str
    priority: int
    quality_score: float
    is_synced: bool
    status: str
    enabled: bool
    valid_from: datetime | None
    valid_to: datetime | None
    attachments: list[AttachmentOut]
    hit_count: int
    template_id: int | None
    created_by: str | None
    created_at: datetime
    updated_at: datetime


class QAPairMade(QAPairOut):
    """QA-02: the new pair and what is weak about it."""

    warnings: list[str]


def show_pair(pair: QAPair) -> dict[str, Any]:
    """Return a pair as `QAPairOut`."""
    return {
        "id": pair.public_id,
        "question": pair.question,
        "similar_questions": [item.text for item in pair.similar.all()],
        "answer": pair.answer,
        "category": pair.category,
        "keywords": pair.keywords,
        "source": pair.source,
        "priority": pair.priority,
        "quality_score": pair.quality_score,
        "is_synced": pair.is_synced,
        "status": pair.status,
        "enabled": pair.enabled,
        "valid_from": pair.valid_from,
        "valid_to": pair.valid_to,
        "attachments": [show_attachment(item) for item in pair.attachments.all()],
        "hit_count": pair.hit_count,
        "template_id": pair.template_id,
        "created_by": pair.created_by or None,
        "created_at": pair.created_at,
        "updated_at": pair.updated_at,
    }


class QAFilters(Schema):
    """Filters of QA-01 and QA-08."""

    keyword: str | None = Field(default=None, max_length=500)
    category: str | None = Field(default=None, max_length=50)
    source: SourceName | None = None
    is_synced: bool | None = None
    enabled: bool | None = None
    quality_min: float | None = Field(default=None, ge=0, le=1)
    quality_max: float | None = Field(default=None, ge=0, le=1)
    status: Literal["active", "deleted"] = "active"


class QAQuery(QAFilters, Page):
    """QA-01."""


class QAPairIn(Schema):
    """QA-02."""

    question: Question
    answer: Answer
    category: Category = ""
    keywords: Keywords = Field(default_factory=list)
    similar_questions: Similar = Field(default_factory=list)
    priority: int = Field(default=0, ge=0, le=100, strict=True)
    enabled: bool = Field(default=True, strict=True)
    valid_from: Utc | None = None
    valid_to: Utc | None = None

    def draft(self) -> PairDraft:
        """Return what the pair is to say."""
        values = self.dict()
        return PairDraft(
            **{
                **values,
                "keywords": tuple(self.keywords),
                "similar_questions": _others(self.similar_questions, self.question),
            }
        )


def _others(similar: list[str], question: str) -> tuple[str, ...]:
    return tuple(text for text in similar if text != question)


class QAPairPatch(Schema):
    """QA-04: any part of QA-02."""

    question: Question | None = None
    answer: Answer | None = None
    category: Category | None = None
    keywords: Keywords | None = None
    similar_questions: Similar | None = None
    priority: int | None = Field(default=None, ge=0, le=100, strict=True)
    enabled: bool | None = Field(default=None, strict=True)
    valid_from: Utc | None = None
    valid_to: Utc | None = None

    def applied(self, present: PairDraft) -> PairDraft:
        """Return the present draft with the given parts over it; null clears a time and nothing else."""
        given = self.dict(exclude_unset=True)
        changes = {
            name: value for name, value in given.items() if value is not None or name.startswith("valid_")
        }
        for name in ("keywords", "similar_questions"):
            if name in changes:
                changes[name] = tuple(changes[name])
        draft = replace(present, **changes)
        return replace(draft, similar_questions=_others(list(draft.similar_questions), draft.question))


class Deleted(Schema):
    """QA-05."""

    success: bool
    message: str


class BulkIn(Schema):
    """QA-06."""

    qa_ids: Annotated[list[str], Field(min_length=1, max_length=500)]
    operation: Literal["delete", "sync", "update_category"]
    category: Category | None = None


class BulkOut(Schema):
    """QA-06."""

    success_count: int
    failed_count: int
    errors: list[str]


class ImportForm(Schema):
    """QA-07, beside the file."""

    dry_run: bool = False
    mode: Literal["upsert", "skip"] = "upsert"
    run_async: bool = Field(default=False, alias="async")


class RowErrorOut(Schema):
    """Why one row was not taken."""

    sheet: str | None
    row: int
    column: str | None
    code: str
    message: str


class ImportReport(Schema):
    """QA-07."""

    dry_run: bool
    total_rows: int
    success_count: int
    updated_count: int
    skipped_count: int
    failed_count: int
    errors: list[str]
    row_errors: list[RowErrorOut]
    preview: list[dict[str, Any]]
    job_id: str | None


def show_report(report: Report, *, job_id: str | None = None) -> dict[str, Any]:
    """Return an import's report as `ImportReport`."""
    return {
        "dry_run": report.dry_run,
        "total_rows": report.total_rows,
        "success_count": report.success_count,
        "updated_count": report.updated_count,
        "skipped_count": report.skipped_count,
        "failed_count": len(report.errors),
        "errors": [f"第 {error.row} 行: {error.message}" for error in report.errors],
        "row_errors": [asdict(error) for error in report.errors],
        "preview": report.preview,
        "job_id": job_id,
    }


class EvaluateIn(Schema):
    """QA-10."""

    question: Question
    answer: Answer
    category: Category | None = None


class EvaluateOut(Schema):
    """QA-10."""

    overall_score: float
    question_score: float
    answer_score: float
    relevance_score: float
    issues: list[str]
    suggestions: list[str]


def show_quality(quality: Quality) -> dict[str, Any]:
    """Return a quality as `EvaluateOut`."""
    return {
        "overall_score": quality.overall,
        "question_score": quality.question,
        "answer_score": quality.answer,
        "relevance_score": quality.relevance,
        "issues": list(quality.issues),
        "suggestions": list(quality.suggestions),
    }


class SyncIn(Schema):
    """QA-11."""

    limit: int | None = Field(default=None, ge=1, le=500)
    full: bool = False


class SyncOut(Schema):
    """QA-11."""

    success: bool
    message: str
    job_id: str
    pending_count: int


class SyncStatus(Schema):
    """QA-12."""

    is_running: bool
    last_sync_time: datetime | None
    pending_count: int
    synced_count: int
    last_error: str | None


class Side(Schema):
    """One side of QA-13."""

    question: str | None
    answer: str | None


class UpstreamSide(Side):
    """The template's side of QA-13."""

    version: int | None


class UpstreamOut(Schema):
    """QA-13."""

    template_id: int | None
    yours: Side
    upstream: UpstreamSide
    diff: list[dict[str, str]]
