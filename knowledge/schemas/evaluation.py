"""Shapes of evaluation (api.md 8)."""

from datetime import datetime
from typing import Annotated, Any, Literal

from ninja import Field, Schema
from pydantic import StringConstraints

from knowledge.schemas.tuner import ParamsIn
from knowledge.services.evaluation.cases import Case
from knowledge.services.evaluation.datasets import Shown
from knowledge.services.evaluation.running import Mode, Order
from knowledge.services.evaluation.samples import Grade
from tenants.paging import Page, Paged

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
Id = Annotated[str, StringConstraints(max_length=80)]


class DatasetIn(Schema):
    """EV-02, as JSON."""

    name: Name
    cases: list[Case] = Field(min_length=1)


class DatasetForm(Schema):
    """EV-02, with a file."""

    name: Name


class DatasetOut(Schema):
    """A set in a list."""

    dataset_id: str
    name: str
    builtin: bool
    cases: int
    answerable: int
    unanswerable: int
    categories: list[str]
    created_at: datetime


class DatasetWithCases(DatasetOut, Paged[Case]):
    """EV-03."""


def show_dataset(shown: Shown) -> dict[str, Any]:
    """Return a set as `DatasetOut`."""
    return {
        "dataset_id": shown.public_id,
        "name": shown.name,
        "builtin": shown.builtin,
        "cases": shown.size,
        "answerable": shown.answerable,
        "unanswerable": shown.size - shown.answerable,
        "categories": list(shown.categories),
        "created_at": shown.created_at,
    }


class RunIn(Schema):
    """EV-05."""

    dataset_id: Id | None = None
    testset_path: Annotated[str, StringConstraints(min_length=1, max_length=1000)] | None = None
    top_k: int | None = Field(default=None, ge=1, le=50)
    mode: Mode = "answer"
    params: ParamsIn | None = None
    run_async: bool = Field(default=False, alias="async")

    def order(self) -> Order:
        """Return what is to be run."""
        return Order(
            dataset_id=self.dataset_id,
            testset_path=self.testset_path,
            top_k=self.top_k,
            mode=self.mode,
            params=self.params.given() if self.params is not None else None,
        )


class Abstention(Schema):
    """How rightly questions were left unanswered."""

    precision: float
    precision_ci: list[float]
    recall: float
    recall_ci: list[float]


class Gate(Schema):
    """Whether the targets are met."""

    passed: bool
    accuracy_min: float
    recall_min: float


class Figures(Schema):
    """The figures of a run or of one category of it; the intervals are at 95 %."""

    total_queries: int
    answers: int
    recall_at_k: float
    precision_at_k: float
    hit_rate: float
    hit_rate_ci: list[float]
    mrr: float
    mrr_ci: list[float]
    hallucination_rate: float
    accuracy: float
    accuracy_ci: list[float]
    recall: float
    recall_ci: list[float]
    abstention: Abstention
    fabrication_rate: float
    fabrication_ci: list[float]


class Report(Figures):
    """A run without its cases."""

    report_id: str
    dataset_id: str | None
    dataset_name: str
    source: Literal["default", "external"]
    mode: Mode
    created_at: str
    top_k: int
    by_category: dict[str, Figures]
    gate: Gate
    params: dict[str, Any]
    knowledge_version: str
    duration_seconds: float


class CaseRow(Schema):
    """One case of a run, with what was expected and what came of it."""

    query: str
    expected_sources: list[str]
    expected_answer_keywords: list[str]
    reference_answer: str | None
    answerable: bool
    category: str | None
    answer: str
    retrieved: list[dict[str, Any]]
    hit: bool
    rank: int | None
    correct: bool
    abstained: bool
    fabricated: bool
    unsupported: int


class ReportWithCases(Report):
    """EV-07; `regression` when another run was named."""

    cases: list[CaseRow] | None = None
    regression: dict[str, Any] | None = None


class ReportsQuery(Page):
    """EV-06."""

    dataset_id: Id | None = None


class ExportQuery(Schema):
    """EV-08, EV-13."""

    format: Literal["xlsx", "csv"]


class CompareQuery(Schema):
    """EV-07."""

    compare_to: Id | None = None


class Targets(Schema):
    """What is aimed at."""

    accuracy: float
    recall: float


class SampleOut(Schema):
    """Real answers drawn to be judged, with what their grades add up to."""

    sample_id: str
    size: int
    population: int
    strategy: Literal["random", "low_confidence", "negative_feedback"]
    seed: int
    status: Literal["open", "done"]
    since: str | None = Field(alias="from")
    until: str | None = Field(alias="to")
    graded: int
    accuracy: float
    accuracy_ci: list[float]
    recall: float
    recall_ci: list[float]
    grounded_rate: float
    targets: Targets
    passed: bool
    created_by: str
    created_at: str


class GradeIn(Schema):
    """EV-12."""

    correct: bool
    grounded: bool | None = None
    relevant_chunk_ids: list[Id] = Field(default=[], max_length=100)
    missed_relevant_count: int = Field(default=0, ge=0, le=1000)
    note: Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)] | None = None

    def given(self) -> Grade:
        """Return the grade."""
        return Grade(**{**self.dict(), "note": self.note or ""})


class GradeOut(Schema):
    """A grade with who gave it."""

    correct: bool
    grounded: bool | None
    relevant_chunk_ids: list[str]
    missed_relevant_count: int
    note: str | None
    graded_by: str
    graded_at: str


class SampleItemOut(Schema):
    """One real answer with what was found for it."""

    item_id: int
    session_id: str
    message_id: str
    question: str
    answer: str
    confidence: float
    citations: list[dict[str, Any]]
    retrieved: list[dict[str, Any]]
    grade: GradeOut | None


class SampleWithItems(SampleOut, Paged[SampleItemOut]):
    """EV-11."""
