"""Real answers judged by people: how many are right, and how much of what is relevant was found.

Accuracy is correct answers over graded ones; recall is relevant passages found over those found and missed. Targets are
0.90 and 0.70 (api.md 8).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from django.db import transaction
from django.db.models import Count, F, Func, IntegerField, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from kimono.lib import tables
from kimono.lib.errors import Invalid, Missing
from kimono.lib.ids import new_id
from kimono.lib.masking import mask
from knowledge.models import Chunk, QAPair, Sample, SampleItem
from knowledge.services.evaluation.figures import ACCURACY_MIN, RECALL_MIN, wilson
from tenants.services import auditing
from tenants.services.auditing import Actor

_COLUMNS = (
    "item_id", "session_id", "message_id", "question", "answer", "confidence", "retrieved", "correct", "grounded",
    "relevant_chunk_ids", "missed_relevant_count", "note", "graded_by", "graded_at",
)  # fmt: skip
# A column of 64 bits with a sign; what is larger names nothing.
_MOST_DIGITS = 9


@dataclass(frozen=True)
class Answered:
    """A real answer as the caller knows it; `found` are ids of pairs and chunks with their scores, best first."""

    session_id: str
    message_id: str
    question: str
    answer: str
    confidence: float
    citations: Sequence[dict[str, Any]]
    found: Sequence[tuple[str, float]]


@dataclass(frozen=True)
class Draw:
    """How answers were drawn, and from how many."""

    population: int
    strategy: str
    seed: int
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Grade:
    """What a person thinks of an answer."""

    correct: bool
    grounded: bool | None = None
    relevant_chunk_ids: Sequence[str] = field(default=())
    missed_relevant_count: int = 0
    note: str = ""


def create(*, items: Sequence[Answered], draw: Draw, by: Actor) -> Sample:
    """Store answers to be judged, with the text of what was found for each, and return the sample.

    What people say of themselves in a question is masked; an answer stays as it was, for it is what is judged.
    Raises `Invalid` when there are none.
    """
    if not items:
        raise Invalid("there is no answer to draw from", loc=["body", "from"], type="empty_population")
    contents = _contents([found for item in items for found, _ in item.found])
    with transaction.atomic():
        sample = Sample.objects.create(
            public_id=new_id("smp"),
            size=len(items),
            population=draw.population,
            strategy=draw.strategy,
            seed=draw.seed,
            since=draw.since,
            until=draw.until,
            created_by=by.id,
        )
        SampleItem.objects.bulk_create(
            SampleItem(
                sample=sample,
                number=number,
                session_id=item.session_id,
                message_id=item.message_id,
                question=mask(item.question),
                answer=item.answer,
                confidence=item.confidence,
                citations=list(item.citations),
                retrieved=[
                    {
                        "chunk_id": found,
                        "source": contents.get(found, ("", ""))[0],
                        "score": round(score, 4),
                        "content": contents.get(found, ("", ""))[1],
                    }
                    for found, score in item.found
                ],
            )
            for number, item in enumerate(items, start=1)
        )
        auditing.record(
            action="create_sample",
            by=by,
            target_type="sample",
            target_id=sample.public_id,
            details={"size": len(items), "strategy": draw.strategy, "seed": draw.seed},
        )
    return with_figures(Sample.objects.filter(pk=sample.pk)).get()


def _contents(ids: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Return the source and the text of each pair and chunk that is still there."""
    pairs = QAPair.objects.filter(public_id__in=ids).values_list("public_id", "question", "answer")
    chunks = Chunk.objects.filter(public_id__in=ids).values_list(
        "public_id", "version__document__source", "text"
    )
    return {name: (source, text) for name, source, text in [*pairs, *chunks]}


def listed() -> QuerySet[Sample]:
    """Return the samples with their figures, newest first."""
    return with_figures(Sample.objects.all())


def get(*, sample_id: str) -> Sample:
    """Return a sample with its figures. Raises `Missing`."""
    row = with_figures(Sample.objects.filter(public_id=sample_id)).first()
    if row is None:
        raise Missing
    return row


def with_figures(rows: QuerySet[Sample]) -> QuerySet[Sample]:
    """Return samples with what their graded items add up to."""
    graded = Q(items__correct__isnull=False)
    found = Func(F("items__relevant_chunk_ids"), function="jsonb_array_length", output_field=IntegerField())
    return rows.annotate(
        graded=Count("items", filter=graded),
        right=Count("items", filter=Q(items__correct=True)),
        judged_grounded=Count("items", filter=Q(items__grounded__isnull=False)),
        grounded=Count("items", filter=Q(items__grounded=True)),
        found=Coalesce(Sum(found, filter=graded), 0),
        missed=Coalesce(Sum("items__missed_relevant_count", filter=graded), 0),
    )


def shown(sample: Any) -> dict[str, Any]:
    """Return a Sample (api.md 8); `sample` comes from `with_figures`."""
    relevant = sample.found + sample.missed
    accuracy = sample.right / sample.graded if sample.graded else 0.0
    recall = sample.found / relevant if relevant else 0.0
    return {
        "sample_id": sample.public_id,
        "size": sample.size,
        "population": sample.population,
        "strategy": sample.strategy,
        "seed": sample.seed,
        "status": sample.status,
        "from": _moment(sample.since),
        "to": _moment(sample.until),
        "graded": sample.graded,
        "accuracy": round(accuracy, 4),
        "accuracy_ci": wilson(sample.right, sample.graded),
        "recall": round(recall, 4),
        "recall_ci": wilson(sample.found, relevant),
        "grounded_rate": round(sample.grounded / sample.judged_grounded, 4)
        if sample.judged_grounded
        else 0.0,
        "targets": {"accuracy": ACCURACY_MIN, "recall": RECALL_MIN},
        "passed": accuracy >= ACCURACY_MIN and recall >= RECALL_MIN,
        "created_by": sample.created_by,
        "created_at": _moment(sample.created_at),
    }


def show_item(item: SampleItem) -> dict[str, Any]:
    """Return a SampleItem (api.md 8)."""
    return {
        "item_id": item.number,
        "session_id": item.session_id,
        "message_id": item.message_id,
        "question": item.question,
        "answer": item.answer,
        "confidence": item.confidence,
        "citations": item.citations,
        "retrieved": item.retrieved,
        "grade": _grade(item),
    }


def _grade(item: SampleItem) -> dict[str, Any] | None:
    if item.correct is None:
        return None
    return {
        "correct": item.correct,
        "grounded": item.grounded,
        "relevant_chunk_ids": item.relevant_chunk_ids,
        "missed_relevant_count": item.missed_relevant_count,
        "note": item.note or None,
        "graded_by": item.graded_by,
        "graded_at": _moment(item.graded_at),
    }


def grade(*, sample_id: str, item_id: str, given: Grade, by: Actor, now: datetime) -> SampleItem:
    """Judge an answer of a sample, or judge it anew, and return it. Raises `Missing`, `Invalid` for a foreign passage."""
    with transaction.atomic():
        sample = Sample.objects.select_for_update(no_key=True).filter(public_id=sample_id).first()
        if sample is None or not item_id.isdecimal() or len(item_id) > _MOST_DIGITS:
            raise Missing
        item = sample.items.filter(number=int(item_id)).first()
        if item is None:
            raise Missing
        known = {found["chunk_id"] for found in item.retrieved}
        relevant = list(dict.fromkeys(given.relevant_chunk_ids))
        if not known.issuperset(relevant):
            raise Invalid("is no passage of this answer", loc=["body", "relevant_chunk_ids"])
        item.correct, item.grounded = given.correct, given.grounded
        item.relevant_chunk_ids = relevant
        item.missed_relevant_count = given.missed_relevant_count
        item.note = given.note
        item.graded_by, item.graded_at = by.id, now
        item.save()
        if not sample.items.filter(correct__isnull=True).exists():
            Sample.objects.filter(pk=sample.pk).update(status=Sample.Status.DONE)
        auditing.record(
            action="grade_answer",
            by=by,
            target_type="sample",
            target_id=sample_id,
            details={"item": item.number, "correct": given.correct},
        )
    return item


def export(*, sample: Sample, format: Literal["xlsx", "csv"], by: Actor) -> bytes:
    """Return the answers of a sample with their grades as a table."""
    auditing.record(action="export_sample", by=by, target_type="sample", target_id=sample.public_id)
    rows = (show_item(item) for item in sample.items.all())
    return tables.write(_COLUMNS, (_cells(row) for row in rows), format=format)


def _cells(row: dict[str, Any]) -> Sequence[Any]:
    flat = {**row, **(row["grade"] or {})}
    flat["retrieved"] = [
        f"{one['chunk_id']} {one['source']} ({one['score']:.2f})" for one in row["retrieved"]
    ]
    return [flat.get(name) for name in _COLUMNS]


def _moment(value: datetime | None) -> str | None:
    return value.isoformat().replace("+00:00", "Z") if value is not None else None
