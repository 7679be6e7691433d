"""Every write to QA pairs. A pair is embedded first and then stored with its index in one transaction."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from django.db import transaction
from django.utils import timezone

from kimono import providers
from kimono.lib.db import current_schema
from kimono.lib.errors import Invalid, Missing, TooMany
from kimono.lib.ids import new_id
from kimono.lib.threads import in_thread
from knowledge.models import QAPair, SimilarQuestion
from knowledge.services import encoders, indexing, revisions
from knowledge.services.folding import fold
from knowledge.services.qa_pairs.quality import Quality, evaluate
from tenants.services import auditing
from tenants.services.auditing import Actor

MOST_PAIRS = 100_000
_EMBED_SECONDS = 10.0


@dataclass(frozen=True)
class PairDraft:
    """What a pair is to say; texts are trimmed, lists are without repeats."""

    question: str
    answer: str
    category: str = ""
    keywords: tuple[str, ...] = ()
    similar_questions: tuple[str, ...] = ()
    priority: int = 0
    enabled: bool = True
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    source: str = QAPair.Source.MANUAL
    template: tuple[int, int] | None = field(default=None)


@dataclass(frozen=True)
class Vectors:
    """Vectors by text, and who made them; empty when the encoder failed (keyword search still finds the pair)."""

    by_text: Mapping[str, Sequence[float]]
    encoder_id: str

    @property
    def complete(self) -> bool:
        """Tell whether there is anything to store."""
        return bool(self.by_text)


def question_key(question: str) -> str:
    """Return how a pair is recognised by an import: the SHA-256 of its folded question."""
    return hashlib.sha256(fold(question).encode()).hexdigest()


async def embed(texts: Sequence[str], *, purpose: str = "index", encoder_id: str = "") -> Vectors:
    """Return vectors of `texts` by the encoder in force (or `encoder_id`); none when it fails, for a later sync."""
    if not texts:
        return Vectors({}, "")
    encoder = encoder_id or await in_thread(encoders.in_force)
    try:
        made = await providers.embed(
            list(texts),
            purpose=purpose,
            ref="",
            scope=current_schema(),
            kind="passage",
            deadline_seconds=_EMBED_SECONDS,
            fallback=False,
            encoder_id=encoder,
        )
    except providers.ProviderError:
        return Vectors({}, "")
    return Vectors(dict(zip(texts, made.vectors, strict=True)), made.encoder_id)


def _texts(draft: PairDraft) -> list[str]:
    return list(dict.fromkeys([draft.question, *draft.similar_questions]))


async def create(*, draft: PairDraft, by: Actor) -> tuple[QAPair, Quality]:
    """Make a pair, live at once, and return it with its quality. Raises `Invalid`, `TooMany` (`quota_exceeded`)."""
    _check(draft)
    vectors = await embed(_texts(draft))
    return await in_thread(store_new, draft, vectors, by)


def store_new(draft: PairDraft, vectors: Vectors, by: Actor) -> tuple[QAPair, Quality]:
    """Store a new pair that has been embedded, live with the transaction. Raises `TooMany` (`quota_exceeded`)."""
    with transaction.atomic():
        if QAPair.objects.filter(status=QAPair.Status.ACTIVE).count() >= MOST_PAIRS:
            raise TooMany(retry_after=3600, code="quota_exceeded", detail="No more QA pairs can be stored.")
        (pair,) = insert([draft], vectors=vectors, by=by)
        revisions.bump()
        auditing.record(action="create_qa_pair", by=by, target_type="qa_pair", target_id=pair.public_id)
    return pair, evaluate(question=draft.question, answer=draft.answer)


def insert(drafts: Iterable[PairDraft], *, vectors: Vectors, by: Actor) -> list[QAPair]:
    """Store new pairs with their index in the open transaction; the caller bumps the revision and audits."""
    pairs = []
    for draft in drafts:
        pair = QAPair(public_id=new_id("qa"), created_by=by.id, source=draft.source)
        _fill(pair, draft)
        if draft.template is not None:
            pair.template_id, pair.template_version = draft.template
            pair.template_hash = content_hash(draft.question, draft.answer)
        pair.is_synced = vectors.complete
        pair.save()
        _set_similar(pair, draft.similar_questions)
        pairs.append(pair)
    indexing.index_pairs(pairs=pairs, vectors=vectors.by_text or None, encoder_id=vectors.encoder_id)
    return pairs


def content_hash(question: str, answer: str) -> str:
    """Return what tells an edited copy of a template from an untouched one."""
    return hashlib.sha256(f"{question}\x00{answer}".encode()).hexdigest()


def _fill(pair: QAPair, draft: PairDraft) -> None:
    pair.question, pair.answer = draft.question, draft.answer
    pair.question_key = question_key(draft.question)
    pair.category, pair.keywords = draft.category, list(draft.keywords)
    pair.priority, pair.enabled = draft.priority, draft.enabled
    pair.valid_from, pair.valid_to = aware(draft.valid_from), aware(draft.valid_to)
    pair.quality_score = evaluate(question=draft.question, answer=draft.answer).overall


def aware(moment: datetime | None) -> datetime | None:
    """Return a moment with an offset; one without is UTC (api.md 3.2)."""
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment


def _set_similar(pair: QAPair, texts: Sequence[str]) -> None:
    pair.similar.all().delete()
    SimilarQuestion.objects.bulk_create(
        [SimilarQuestion(pair=pair, text=text, position=position) for position, text in enumerate(texts)]
    )


def _check(draft: PairDraft) -> None:
    for name in ("question", "answer"):
        if not getattr(draft, name).strip():
            raise Invalid("must not be empty", loc=["body", name], type="string_too_short")
    start, end = aware(draft.valid_from), aware(draft.valid_to)
    if start is not None and end is not None and start >= end:
        raise Invalid("must be later than valid_from", loc=["body", "valid_to"])


def get(*, qa_id: str) -> QAPair:
    """Return a living pair. Raises `Missing`."""
    pair = (
        QAPair.objects.prefetch_related("similar", "attachments")
        .filter(public_id=qa_id, status=QAPair.Status.ACTIVE)
        .first()
    )
    if pair is None:
        raise Missing
    return pair


def draft_of(pair: QAPair) -> PairDraft:
    """Return a pair as the draft that would make it."""
    return PairDraft(
        question=pair.question,
        answer=pair.answer,
        category=pair.category,
        keywords=tuple(pair.keywords),
        similar_questions=tuple(item.text for item in pair.similar.all()),
        priority=pair.priority,
        enabled=pair.enabled,
        valid_from=pair.valid_from,
        valid_to=pair.valid_to,
        source=pair.source,
    )


async def update(
    *, qa_id: str, change: Callable[[PairDraft], PairDraft], by: Actor
) -> tuple[QAPair, Quality]:
    """Change a pair, live at once. `change` makes the new draft from the present one. Raises `Invalid`, `Missing`."""
    present = draft_of(await in_thread(get, qa_id=qa_id))
    vectors = await embed(_texts(change(present)))
    return await in_thread(_store_change, qa_id, change, vectors, by)


def _store_change(
    qa_id: str, change: Callable[[PairDraft], PairDraft], vectors: Vectors, by: Actor
) -> tuple[QAPair, Quality]:
    with transaction.atomic():
        pair = (
            QAPair.objects.select_for_update(no_key=True)
            .filter(public_id=qa_id, status=QAPair.Status.ACTIVE)
            .first()
        )
        if pair is None:
            raise Missing
        draft = change(draft_of(pair))
        _check(draft)
        overwrite(pair, draft, vectors=vectors)
        revisions.bump()
        auditing.record(action="update_qa_pair", by=by, target_type="qa_pair", target_id=qa_id)
    return pair, evaluate(question=draft.question, answer=draft.answer)


def overwrite(pair: QAPair, draft: PairDraft, *, vectors: Vectors) -> None:
    """Write a draft over a pair with its index in the open transaction."""
    _fill(pair, draft)
    if draft.template is not None:
        pair.template_id, pair.template_version = draft.template
        pair.template_hash = content_hash(draft.question, draft.answer)
    # A text that changed between embedding and locking has no vector yet; the sync makes it.
    pair.is_synced = all(text in vectors.by_text for text in _texts(draft))
    pair.save()
    _set_similar(pair, draft.similar_questions)
    indexing.index_pairs(pairs=[pair], vectors=vectors.by_text or None, encoder_id=vectors.encoder_id)


def delete(*, qa_id: str, by: Actor) -> None:
    """Delete a pair: gone from answers at once, its row kept for the records that name it. Raises `Missing`."""
    with transaction.atomic():
        if not _delete([qa_id]):
            raise Missing
        revisions.bump()
        auditing.record(action="delete_qa_pair", by=by, target_type="qa_pair", target_id=qa_id)


def _delete(ids: Sequence[str]) -> list[str]:
    pairs = list(
        QAPair.objects.select_for_update(no_key=True)
        .filter(public_id__in=ids, status=QAPair.Status.ACTIVE)
        .order_by("pk")
    )
    QAPair.objects.filter(pk__in=[pair.pk for pair in pairs]).update(
        status=QAPair.Status.DELETED, updated_at=timezone.now()
    )
    indexing.remove_pairs(pair_ids=[pair.pk for pair in pairs])
    return [pair.public_id for pair in pairs]


@dataclass(frozen=True)
class BulkResult:
    """How many of the named pairs were changed, and which were not found."""

    done: int
    not_found: tuple[str, ...]


def bulk_delete(*, qa_ids: Sequence[str], by: Actor) -> BulkResult:
    """Delete many pairs; ids that are unknown here count as not found."""
    with transaction.atomic():
        done = _delete(qa_ids)
        return _bulk_done(qa_ids, done, action="bulk_delete", by=by)


def bulk_categorise(*, qa_ids: Sequence[str], category: str, by: Actor) -> BulkResult:
    """Move many pairs to a category; ids that are unknown here count as not found."""
    with transaction.atomic():
        pairs = QAPair.objects.filter(public_id__in=qa_ids, status=QAPair.Status.ACTIVE)
        done = list(pairs.values_list("public_id", flat=True))
        pairs.update(category=category, updated_at=timezone.now())
        return _bulk_done(qa_ids, done, action="bulk_update_category", by=by)


def _bulk_done(asked: Sequence[str], done: Sequence[str], *, action: str, by: Actor) -> BulkResult:
    if done:
        revisions.bump()
    auditing.record(action=action, by=by, target_type="qa_pair", details={"count": len(done)})
    found = set(done)
    return BulkResult(len(done), tuple(dict.fromkeys(qa_id for qa_id in asked if qa_id not in found)))
