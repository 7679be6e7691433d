"""Sets of questions: imported, made from QA pairs, taken from what was asked or from graded answers, and one shipped."""

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from kimono.lib.cleaning import detect_language
from kimono.lib.db import current_tenant
from kimono.lib.errors import Conflict, Invalid, Missing, TooLarge
from kimono.lib.ids import new_id
from kimono.lib.masking import mask
from knowledge.models import Dataset, QuestionRecord, SampleItem
from knowledge.services import visibility
from knowledge.services.evaluation import cases as written
from knowledge.services.evaluation.cases import MOST_BYTES, MOST_CASES, Case
from tenants.services import auditing
from tenants.services.auditing import Actor

BUILTIN_NAME = "内置测试集"
# Ways in which people begin a question, and what they leave out of it.
_BEGINNINGS = {"zh": ("", "请问", "你好，", "想问一下，"), "en": ("", "hi, ", "quick question: ", "please: ")}
_LEFT_OUT = re.compile(r"[？?。.!！]+\s*\Z|请(?=问|告)|一下|呢(?=[？?]?\Z)|\bplease\b\s*", re.IGNORECASE)


class InUse(Conflict):
    """The shipped set stays."""

    code = "in_use"
    detail = "The built-in set cannot be deleted."


class NothingToAsk(Invalid):
    """There is nothing that a set could be made from."""

    def __init__(self) -> None:
        super().__init__("there is nothing to make a test set from", loc=["body", "origin"])


@dataclass(frozen=True)
class Shown:
    """A set as it is listed; `cases` are loaded only where they are shown."""

    public_id: str
    name: str
    builtin: bool
    size: int
    answerable: int
    categories: tuple[str, ...]
    created_at: datetime


class Listing(Sequence[Shown]):
    """All sets, newest first and the built-in one last, read a page at a time."""

    def __init__(self) -> None:
        self._rows: QuerySet[Dataset] = Dataset.objects.defer("cases")
        self._count = self._rows.count()

    def __len__(self) -> int:
        """Return how many sets there are."""
        return self._count + 1

    def __getitem__(self, index: Any) -> Any:
        """Return the sets of a slice."""
        if not isinstance(index, slice):
            raise TypeError("sets are read in pages")
        start, stop, _ = index.indices(len(self))
        found = [_shown(row) for row in self._rows[start : min(stop, self._count)]]
        return [*found, *([_builtin()] if start < stop == len(self) else [])]

    def __iter__(self) -> Iterator[Shown]:
        """Yield every set."""
        yield from self[:]


def builtin_id() -> str:
    """Return the id of the shipped set, which every merchant sees under a name of its own."""
    return f"ds-builtinquestions-{current_tenant().tag}"


def get(*, dataset_id: str) -> tuple[Shown, list[Case]]:
    """Return a set with its cases. Raises `Missing`."""
    if dataset_id == builtin_id():
        return _builtin(), written.builtin()
    row = Dataset.objects.filter(public_id=dataset_id).first()
    if row is None:
        raise Missing
    return _shown(row), [Case.model_validate(case) for case in row.cases]


def create(
    *, name: str, cases: Sequence[Case], by: Actor, origin: Dataset.Origin = Dataset.Origin.IMPORTED
) -> Shown:
    """Store a set of questions and return it. Raises `TooLarge` for more than 2,000."""
    if len(cases) > MOST_CASES:
        raise TooLarge(max_bytes=MOST_BYTES, detail=f"A test set has at most {MOST_CASES} cases.")
    with transaction.atomic():
        row = Dataset.objects.create(
            public_id=new_id("ds"),
            name=name,
            origin=origin,
            cases=[case.model_dump(mode="json") for case in cases],
            size=len(cases),
            answerable=sum(case.answerable for case in cases),
            categories=written.categories(cases),
            created_by=by.id,
        )
        auditing.record(
            action="create_dataset",
            by=by,
            target_type="dataset",
            target_id=row.public_id,
            details={"cases": len(cases), "origin": origin},
        )
    return _shown(row)


def delete(*, dataset_id: str, by: Actor) -> None:
    """Delete a set; the reports of its runs stay. Raises `Missing`, and `InUse` for the shipped one."""
    if dataset_id == builtin_id():
        raise InUse
    with transaction.atomic():
        if not Dataset.objects.filter(public_id=dataset_id).delete()[0]:
            raise Missing
        auditing.record(action="delete_dataset", by=by, target_type="dataset", target_id=dataset_id)


def from_pairs(*, name: str, size: int, seed: int, by: Actor) -> Shown:
    """Make a set of reworded questions of `size` QA pairs, drawn by `seed`; each expects its pair to be found.

    One of the pair's wordings is begun and ended as people do, so the question is not in the index as it stands.
    Raises `NothingToAsk`.
    """
    pairs = list(visibility.live_pairs(timezone.now()).prefetch_related("similar").order_by("public_id"))
    drawn = random.Random(seed)
    chosen = drawn.sample(pairs, min(size, len(pairs), MOST_CASES))
    cases = [
        Case(
            query=reworded(drawn.choice([pair.question, *(one.text for one in pair.similar.all())]), drawn),
            expected_sources=(pair.public_id,),
            category=pair.category or None,
        )
        for pair in chosen
    ]
    return _made(name, cases, Dataset.Origin.PAIRS, by)


def reworded(question: str, drawn: random.Random) -> str:
    """Return a question as somebody in a hurry would type it, chosen by `drawn`."""
    language = "zh" if detect_language(question) == "zh" else "en"
    bare = _LEFT_OUT.sub("", question).strip() or question
    beginning = drawn.choice(_BEGINNINGS[language])
    return f"{beginning}{bare.lower() if language == 'en' else bare}"


def from_questions(*, name: str, size: int, seed: int, by: Actor) -> Shown:
    """Make a set of `size` questions that were asked and answered, drawn by `seed`; each expects the same sources again.

    It says what has become different, not what is right. What was refused is left out: nobody has said yet whether
    there is an answer. Contacts and documents of people are masked. Raises `NothingToAsk`.
    """
    asked = QuestionRecord.objects.filter(outcome="answered").order_by("key", "-at").distinct("key")
    rows = [row for row in asked if row.qa_ids or row.doc_ids]
    chosen = random.Random(seed).sample(rows, min(size, len(rows), MOST_CASES))
    cases = [
        Case(query=mask(row.text), expected_sources=(*row.qa_ids[:25], *row.doc_ids[:25])) for row in chosen
    ]
    return _made(name, cases, Dataset.Origin.QUESTIONS, by)


def from_graded(*, name: str, sample_id: str, by: Actor) -> Shown:
    """Make a set of the answers of a sample that were judged; each expects the sources that were judged relevant.

    What was judged wrong with nothing relevant found or missed has no answer. Raises `NothingToAsk`.
    """
    graded = SampleItem.objects.filter(sample__public_id=sample_id, correct__isnull=False)
    return _made(name, list(filter(None, map(_of_graded, graded))), Dataset.Origin.GRADED, by)


def _of_graded(item: SampleItem) -> Case | None:
    sources = {found["chunk_id"]: found["source"] for found in item.retrieved}
    # The id of a chunk dies with its version; the name of its document stays.
    relevant = [one if one.startswith("qa-") else sources[one] for one in item.relevant_chunk_ids]
    if not relevant and (item.correct or item.missed_relevant_count):
        return None
    return Case(
        query=item.question[:2000],
        expected_sources=tuple(dict.fromkeys(relevant)),
        answerable=bool(relevant),
    )


def _made(name: str, cases: Sequence[Case], origin: Dataset.Origin, by: Actor) -> Shown:
    if not cases:
        raise NothingToAsk
    return create(name=name, cases=cases, by=by, origin=origin)


def _shown(row: Dataset) -> Shown:
    return Shown(
        row.public_id, row.name, False, row.size, row.answerable, tuple(row.categories), row.created_at
    )


def _builtin() -> Shown:
    cases = written.builtin()
    return Shown(
        public_id=builtin_id(),
        name=BUILTIN_NAME,
        builtin=True,
        size=len(cases),
        answerable=sum(case.answerable for case in cases),
        categories=tuple(written.categories(cases)),
        created_at=current_tenant().created_at,
    )
