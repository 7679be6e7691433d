"""Fills a tenant's knowledge for tests by the product's own index, and answers from it."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from kimono import providers
from kimono.lib.ids import new_id
from knowledge.models import Chunk, Document, QAPair, SimilarQuestion, Version
from knowledge.services import answering, indexing, retrieval, revisions, tuning, visibility
from knowledge.services.answers import Answer
from knowledge.services.retrieval import Found
from knowledge.services.steps import StepRecord
from knowledge.services.tuning import Params

REFUSAL = "抱歉，我没有找到相关资料。"


def encoded(texts: Sequence[str]) -> list[list[float]]:
    """Return the local encoder's vectors."""
    return providers.current().local.encode(texts)


def encoder_id() -> str:
    """Return the local encoder's name."""
    return providers.current().local.encoder_id


def add_pair(question: str, answer: str = "好的。", *, similar: Sequence[str] = (), **fields: Any) -> QAPair:
    """Store and index a QA pair of the tenant in force."""
    with transaction.atomic():
        pair = QAPair.objects.create(public_id=new_id("qa"), question=question, answer=answer, **fields)
        SimilarQuestion.objects.bulk_create(
            [SimilarQuestion(pair=pair, text=text, position=place) for place, text in enumerate(similar)]
        )
        texts = indexing.texts_of_pairs([pair])
        vectors = dict(zip(texts, encoded(texts), strict=True))
        indexing.index_pairs(pairs=[pair], vectors=vectors, encoder_id=encoder_id())
        revisions.bump()
    return pair


def add_document(source: str, *chunks: str, status: str = "active", title: str = "") -> Document:
    """Store and index a document with one version, `v1`, on show."""
    with transaction.atomic():
        document = Document.objects.create(public_id=new_id("doc"), source=source, title=title or source)
        version = add_version(document, *chunks, status="active")
        document.current_version, document.status = version, status
        document.save()
        revisions.bump()
    return document


def add_version(document: Document, *chunks: str, status: str, traffic_percent: int = 0) -> Version:
    """Store and index a further version of a document; what is on show stays."""
    text = "\n".join(chunks)
    version = Version.objects.create(
        document=document,
        number=document.versions.count() + 1,
        doc_hash="sha256:0",
        status=status,
        traffic_percent=traffic_percent,
        text=text,
        title=document.title,
    )
    start = 0
    for index, chunk in enumerate(chunks):
        Chunk.objects.create(
            public_id=new_id("chk"),
            version=version,
            index=index,
            text=chunk,
            start=start,
            end=start + len(chunk),
        )
        start += len(chunk) + 1
    texts = {chunk.pk: indexing.text_of_chunk(chunk, version) for chunk in version.chunks.all()}
    vectors = dict(zip(texts, encoded(list(texts.values())), strict=True))
    indexing.index_version(version=version, vectors=vectors, encoder_id=encoder_id())
    return version


def search(
    query: str, *, unit: str = "", at: datetime | None = None, limit: int = 5, **options: Any
) -> Found:
    """Search as a door does, in an event loop of its own."""
    view = visibility.View(unit, at) if at is not None else visibility.view_of(unit)
    params: Params = options.pop("params", None) or tuning.effective()
    return asyncio.run(
        retrieval.search(query=query, limit=limit, view=view, params=params, ref="test", **options)
    )


class Turn:
    """An answer with all that was told on the way."""

    def __init__(self, answer: Answer, pieces: list[str], steps: list[StepRecord]) -> None:
        self.answer, self.pieces, self.steps = answer, pieces, steps

    def step(self, name: str) -> StepRecord:
        """Return the step of this name."""
        return next(step for step in self.steps if step.name == name)


async def asked(question: str, **options: Any) -> Turn:
    """Ask a question and check what must hold of every answer."""
    pieces: list[str] = []
    steps: list[StepRecord] = []

    async def on_text(text: str) -> None:
        pieces.append(text)

    from kimono.lib.threads import in_thread

    given = await answering.answer(
        question=question,
        rewritten=options.pop("rewritten", question),
        view=options.pop("view", None) or visibility.view_of(options.pop("unit", "unit-1")),
        params=options.pop("params", None) or await in_thread(tuning.effective),
        language=options.pop("language", "zh"),
        ref="turn-1",
        deadline_seconds=options.pop("deadline_seconds", 10.0),
        refusal=REFUSAL,
        on_text=on_text,
        on_step=steps.append,
        **options,
    )
    assert "".join(pieces) == given.text
    assert_cited(given)
    return Turn(given, pieces, steps)


def ask(question: str, **options: Any) -> Turn:
    """Ask in an event loop of its own."""

    async def run() -> Turn:
        try:
            return await asked(question, **options)
        finally:
            await providers.close_clients()

    return asyncio.run(run())


def assert_cited(answer: Answer) -> None:
    """Check that text and citations fit: every number exists, every citation is used, every quote is verbatim."""
    import re

    used = {int(number) for number in re.findall(r"\[(\d+)\]", answer.text)}
    assert used == {citation.n for citation in answer.citations}
    assert [citation.n for citation in answer.citations] == list(range(1, len(used) + 1))
    for citation in answer.citations:
        passage = citation.passage
        stored = passage.text
        assert citation.quote in stored
        offset = citation.start - passage.start
        assert stored[offset : offset + len(citation.quote)] == citation.quote
