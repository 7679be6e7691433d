"""QA pairs out of a file: every row is judged first, then the good ones are written, or nothing on a dry run."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, Literal, Protocol

from django.db import transaction

from kimono.lib import files, tables
from kimono.lib.errors import Invalid, TooLarge, Unsupported
from kimono.lib.threads import in_thread
from knowledge.models import QAPair
from knowledge.services import revisions
from knowledge.services.qa_pairs import writing
from knowledge.services.qa_pairs.writing import PairDraft
from tenants.models import Job
from tenants.services import auditing, jobs, ringing
from tenants.services.auditing import Actor

Mode = Literal["upsert", "skip"]
MOST_ROWS = 10_000
# More rows than this are imported in the background.
INLINE_ROWS = 2_000
MOST_BYTES = 10 * 1024 * 1024
_BATCH = 200
# How far an import is when a stage begins.
_EMBEDDING, _INDEXING = 0.2, 0.6
_COLUMNS = {
    "question": ("问题", "question", "标准问", "标准问题"),
    "answer": ("答案", "answer", "回答"),
    "category": ("分类", "category", "类别"),
    "keywords": ("关键词", "keywords"),
    "priority": ("优先级", "priority"),
    "similar_questions": ("相似问", "similar_questions", "相似问题"),
}
_LABEL = {name: labels[0] for name, labels in _COLUMNS.items()}


class Told(Protocol):
    """Hears how far an import is; see `JobRun.progress`."""

    def __call__(self, fraction: float, *, stage: str) -> None:
        """Take `fraction` (0 to 1) of `stage`, or raise to end the import."""


@dataclass(frozen=True)
class RowError:
    """Why one row was not taken; `row` is its line in the file, which `message` does not repeat."""

    sheet: str | None
    row: int
    column: str | None
    code: str
    message: str


@dataclass(frozen=True)
class Candidate:
    """A row that may be written."""

    row: int
    draft: PairDraft


@dataclass(frozen=True)
class Change:
    """What a good row does: `draft` is what the pair will say, `present` what it says now (None for a new one)."""

    row: int
    draft: PairDraft
    present: PairDraft | None = None
    qa_id: str = ""

    @property
    def is_new(self) -> bool:
        """Tell whether the row makes a new pair."""
        return self.present is None

    @property
    def changes_nothing(self) -> bool:
        """Tell whether the pair says so already."""
        return self.draft == self.present


@dataclass
class Report:
    """What an import did, or on a dry run would do."""

    dry_run: bool
    total_rows: int = 0
    success_count: int = 0
    updated_count: int = 0
    skipped_count: int = 0
    errors: list[RowError] = field(default_factory=list)
    preview: list[dict[str, Any]] = field(default_factory=list)


async def run(
    *, content: bytes, name: str, dry_run: bool, mode: Mode, by: Actor, told: Told | None = None
) -> Report:
    """Import a CSV or XLSX file and return the report.

    `upsert` overwrites a pair with the same (folded) question, `skip` leaves it. `told` hears how far it is, and may
    raise to end it: nothing is written then. Raises `Invalid` for a file
    without the two columns, `TooLarge`, `Unsupported`.
    """
    report, changes = await in_thread(plan, content=content, name=name)
    report.dry_run = dry_run
    wanted = [each for each in changes if each.is_new or (mode == "upsert" and not each.changes_nothing)]
    report.success_count = sum(each.is_new for each in wanted)
    report.updated_count = len(wanted) - report.success_count
    report.skipped_count = len(changes) - len(wanted)
    if not dry_run:
        await carry_out(wanted, by=by, told=told)
    return report


def plan(*, content: bytes, name: str) -> tuple[Report, list[Change]]:
    """Return what a file says, with its refused rows, and what each good row would do; nothing is written.

    Raises `Invalid` for a file without the two columns, `TooLarge`, `Unsupported`.
    """
    report = Report(dry_run=True)
    candidates = _read(content, name, report)
    known = _known([writing.question_key(item.draft.question) for item in candidates])
    changes = []
    for item in candidates:
        present = known.get(writing.question_key(item.draft.question))
        if present is None:
            changes.append(Change(item.row, item.draft))
        else:
            changes.append(Change(item.row, _merged(present[1], item.draft), present[1], present[0]))
    return report, changes


async def carry_out(changes: Sequence[Change], *, by: Actor, told: Told | None = None) -> None:
    """Write the changes of a plan, with their index, in one transaction; what changes nothing is left alone."""
    new = [each.draft for each in changes if each.is_new]
    changed = [(each.qa_id, each.draft) for each in changes if not each.is_new and not each.changes_nothing]
    await _write(new, changed, by, told)


def start(*, content: bytes, name: str, dry_run: bool, mode: Mode, by: Actor) -> Job:
    """Store the file and enqueue its import in the background. Raises `QueueDown`."""
    ringing.check_up()
    return jobs.enqueue(
        "knowledge.import_pairs",
        by=by.id,
        source=name,
        file_key=files.store(content, kind="imports"),
        name=name,
        dry_run=dry_run,
        mode=mode,
        by_name=by.name,
    )


def row_count(*, content: bytes, name: str) -> int:
    """Return how many rows a file has, counted up to one more than `INLINE_ROWS`. Raises what `plan` raises."""
    rows = _rows(content, name, most=INLINE_ROWS + 1)
    _columns(rows)
    return len(rows)


def _rows(content: bytes, name: str, *, most: int) -> list[tables.Row]:
    if len(content) > MOST_BYTES:
        raise TooLarge(max_bytes=MOST_BYTES)
    try:
        return list(islice(tables.read(content, name, most_rows=MOST_ROWS), most))
    except tables.TableBomb as error:
        raise Invalid(str(error), loc=["form", "file"], type="archive_bomb", code="archive_bomb") from None
    except tables.NoTable as error:
        raise Unsupported(str(error), supported=["csv", "xlsx"]) from None
    except tables.UnreadableTable as error:
        raise Invalid(
            str(error), loc=["form", "file"], type="unreadable_file", code="unreadable_file"
        ) from None


def _read(content: bytes, name: str, report: Report) -> list[Candidate]:
    rows = _rows(content, name, most=MOST_ROWS + 1)
    columns = _columns(rows)
    seen: dict[str, int] = {}
    found = []
    for row in rows:
        report.total_rows += 1
        if len(report.preview) < 20:
            report.preview.append({"row": row.line, **row.cells})
        draft = _draft(row, columns, report)
        if draft is None:
            continue
        first = seen.setdefault(writing.question_key(draft.question), row.line)
        if first != row.line:
            _refuse(report, row, "question", "duplicate", f"与第 {first} 行的问题重复")
            continue
        found.append(Candidate(row.line, draft))
    return found


def _columns(rows: Sequence[tables.Row]) -> dict[str, str]:
    header = {cell.strip().lower(): cell for row in rows[:1] for cell in row.cells}
    columns = {
        name: header[label.lower()]
        for name, labels in _COLUMNS.items()
        for label in labels
        if label.lower() in header
    }
    for name in ("question", "answer"):
        if name not in columns:
            raise Invalid(
                f"the file has no column {_LABEL[name]} ({name})", loc=["form", "file"], type="missing_column"
            )
    return columns


def _refuse(report: Report, row: tables.Row, column: str | None, code: str, why: str) -> None:
    report.errors.append(RowError(row.sheet, row.line, _LABEL.get(column or ""), code, why))


def _draft(row: tables.Row, columns: dict[str, str], report: Report) -> PairDraft | None:
    def cell(column: str) -> str:
        return row.cells.get(columns.get(column, ""), "").strip()

    question, answer, category = cell("question"), cell("answer"), cell("category")
    if not question or not answer:
        _refuse(report, row, "answer" if question else "question", "empty", "问题或答案为空")
        return None
    for column, text, most in (
        ("question", question, 500),
        ("answer", answer, 5000),
        ("category", category, 50),
    ):
        if len(text) > most:
            _refuse(report, row, column, "too_long", f"{_LABEL[column]}超过 {most} 字")
            return None
    keywords, similar = (
        split(cell("keywords"), marks=",，;；、|"),
        split(cell("similar_questions"), marks=";；|\n"),
    )
    for column, items, longest in (("keywords", keywords, 100), ("similar_questions", similar, 500)):
        if len(items) > 20 or any(len(item) > longest for item in items):
            _refuse(report, row, column, "too_many", f"{_LABEL[column]}最多 20 个，每个最多 {longest} 字")
            return None
    priority = cell("priority") or "0"
    if not priority.isdecimal() or int(priority) > 100:
        _refuse(report, row, "priority", "invalid", "优先级须为 0 到 100 的整数")
        return None
    xlsx = row.sheet is not None
    source = QAPair.Source.IMPORT_XLSX if xlsx else QAPair.Source.IMPORT_CSV
    return PairDraft(
        question=question,
        answer=answer,
        category=category,
        keywords=tuple(keywords),
        similar_questions=tuple(text for text in similar if text != question),
        priority=int(priority),
        source=source,
    )


def split(text: str, *, marks: str) -> list[str]:
    """Return the distinct parts of a cell, separated by any of `marks`."""
    for mark in marks:
        text = text.replace(mark, "\x00")
    return list(dict.fromkeys(part.strip() for part in text.split("\x00") if part.strip()))


def _known(keys: Sequence[str]) -> dict[str, tuple[str, PairDraft]]:
    pairs = QAPair.objects.prefetch_related("similar").filter(
        question_key__in=keys, status=QAPair.Status.ACTIVE
    )
    return {pair.question_key: (pair.public_id, writing.draft_of(pair)) for pair in pairs.order_by("-pk")}


def _merged(present: PairDraft, given: PairDraft) -> PairDraft:
    # A file without a column says nothing about it, so what is there stays.
    return replace(
        given,
        category=given.category or present.category,
        keywords=given.keywords or present.keywords,
        similar_questions=given.similar_questions or present.similar_questions,
        priority=given.priority or present.priority,
        enabled=present.enabled,
        valid_from=present.valid_from,
        valid_to=present.valid_to,
        source=present.source,
    )


def _batches(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), _BATCH):
        yield items[start : start + _BATCH]


async def _write(
    new: Sequence[PairDraft],
    changed: Sequence[tuple[str, PairDraft]],
    by: Actor,
    told: Told | None = None,
) -> None:
    vectors: dict[str, Sequence[float]] = {}
    encoder = ""
    drafts = [*new, *[draft for _, draft in changed]]
    texts = list(
        dict.fromkeys(text for draft in drafts for text in [draft.question, *draft.similar_questions])
    )
    for done, batch in enumerate(_batches(texts)):
        if told is not None:
            share = done * _BATCH / len(texts)
            await in_thread(told, _EMBEDDING + share * (_INDEXING - _EMBEDDING), stage="embedding")
        made = await writing.embed(batch)
        vectors.update(made.by_text)
        encoder = made.encoder_id or encoder
    complete = writing.Vectors(vectors if len(vectors) == len(texts) else {}, encoder)
    if told is not None:
        await in_thread(told, _INDEXING, stage="indexing")
    await in_thread(_store, new, changed, complete, by)


def _store(
    new: Sequence[PairDraft], changed: Sequence[tuple[str, PairDraft]], vectors: writing.Vectors, by: Actor
) -> None:
    # One transaction: an import is there in full or not at all.
    with transaction.atomic():
        for batch in _batches(new):
            writing.insert(batch, vectors=vectors, by=by)
        locked = {
            pair.public_id: pair
            for pair in QAPair.objects.select_for_update(no_key=True)
            .filter(public_id__in=[qa_id for qa_id, _ in changed])
            .order_by("pk")
        }
        for qa_id, draft in changed:
            writing.overwrite(locked[qa_id], draft, vectors=vectors)
        if new or changed:
            revisions.bump()
        auditing.record(
            action="import_qa_pairs",
            by=by,
            target_type="qa_pair",
            details={"created": len(new), "updated": len(changed)},
        )


async def store_drafts(drafts: Sequence[PairDraft], *, by: Actor) -> None:
    """Write drafts that were judged elsewhere: a known (folded) question is overwritten, any other is new."""
    known = await in_thread(_known, [writing.question_key(draft.question) for draft in drafts])
    new: list[PairDraft] = []
    changed: list[tuple[str, PairDraft]] = []
    for draft in drafts:
        present = known.get(writing.question_key(draft.question))
        if present is None:
            new.append(draft)
        elif (merged := _merged(present[1], draft)) != present[1]:
            changed.append((present[0], merged))
    await _write(new, changed, by)
