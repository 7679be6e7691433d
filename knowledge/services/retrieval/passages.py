"""From ranked entries to passages that can be shown."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.db.backends.utils import CursorWrapper

from kimono.lib.cleaning import detect_language
from knowledge.services import sentences
from knowledge.services.folding import fold
from knowledge.services.ranking import Ranked
from knowledge.services.retrieval.shapes import Passage, Scores
from knowledge.services.terms import content_terms

QUOTE_CHARACTERS = 240


class _Pair(NamedTuple):
    pk: int
    public_id: str
    question: str
    answer: str
    category: str
    attached: list[str]


class _Chunk(NamedTuple):
    pk: int
    public_id: str
    text: str
    page: int | None
    section: str
    start: int
    end: int
    version: int
    doc_id: str
    source: str
    title: str
    category: str
    attached: list[str]


# Every search asks these two: written out they take a tenth of the time that models do, which carry what is not shown.
_PAIRS = """
    SELECT p.id, p.public_id, p.question, p.answer, p.category,
           ARRAY(SELECT a.public_id FROM knowledge_attachment a WHERE a.pair_id = p.id)
      FROM knowledge_qapair p WHERE p.id = ANY(%s)
"""
_CHUNKS = """
    SELECT c.id, c.public_id, c.text, c.page, c.section, c.start, c."end",
           v.number, d.public_id, d.source, d.title, d.product_category, c.attachments
      FROM knowledge_chunk c
      JOIN knowledge_version v ON v.id = c.version_id
      JOIN knowledge_document d ON d.id = v.document_id
     WHERE c.id = ANY(%s)
"""


def load(entries: Sequence[Ranked], *, query: str, cursor: CursorWrapper) -> tuple[Passage, ...]:
    """Return the passages of `entries` in their order, in two queries at most; an entry that is gone is left out."""
    pairs = {row.pk: row for row in map(_Pair._make, _rows(cursor, _PAIRS, entries, "qa"))}
    chunks = {row.pk: row for row in map(_Chunk._make, _rows(cursor, _CHUNKS, entries, "chunk"))}
    passages = []
    for entry in entries:
        if entry.owner.kind == "qa" and (pair := pairs.get(entry.owner.pk)):
            passages.append(_of_pair(pair, entry))
        elif entry.owner.kind == "chunk" and (chunk := chunks.get(entry.owner.pk)):
            passages.append(_of_chunk(chunk, entry, query))
    return tuple(passages)


def _rows(cursor: CursorWrapper, sql: str, entries: Sequence[Ranked], kind: str) -> list[tuple[Any, ...]]:
    wanted = [entry.owner.pk for entry in entries if entry.owner.kind == kind]
    if not wanted:
        return []
    cursor.execute(sql, [wanted])
    return list(cursor.fetchall())


def quote(text: str, query: str) -> str:
    """Return the sentence of `text` that shares most with `query`, verbatim and cut to a readable length."""
    asked = set(content_terms(query))
    best = max(
        sentences.split(text),
        # Whether a word is written in it, not whether it is one of its words: cutting it into words takes its time.
        key=lambda sentence: sum(word in folded for word in asked) if (folded := fold(sentence.text)) else 0,
        default=None,
    )
    return (best.text if best else text)[:QUOTE_CHARACTERS]


def _scores(entry: Ranked) -> Scores:
    return Scores(vector=entry.vector, keyword=entry.lexical, rrf=entry.fused)


def _of_pair(pair: _Pair, entry: Ranked) -> Passage:
    return Passage(
        kind="qa",
        score=entry.score,
        question=pair.question,
        answer=pair.answer,
        text=pair.answer,
        category=pair.category,
        qa_id=pair.public_id,
        chunk_id=None,
        doc_id=None,
        version=None,
        source=pair.question,
        title=pair.question,
        section=None,
        page=None,
        url=f"/api/v1/knowledge/qa-pairs/{pair.public_id}",
        quote=pair.answer[:QUOTE_CHARACTERS],
        scores=_scores(entry),
        start=0,
        end=len(pair.answer),
        language=detect_language(pair.answer),
        missing=entry.missing,
        answerable=entry.answerable,
        attached=tuple(pair.attached),
    )


def _of_chunk(chunk: _Chunk, entry: Ranked, query: str) -> Passage:
    title = chunk.title or chunk.source
    label = f"v{chunk.version}"
    page = f"#page={chunk.page}" if chunk.page else ""
    return Passage(
        kind="chunk",
        score=entry.score,
        question=title,
        answer=chunk.text,
        text=chunk.text,
        category=chunk.category,
        qa_id=None,
        chunk_id=chunk.public_id,
        doc_id=chunk.doc_id,
        version=label,
        source=chunk.source,
        title=title,
        section=chunk.section or None,
        page=chunk.page,
        url=f"/api/v1/knowledge/documents/{chunk.doc_id}/file?version={label}{page}",
        quote=quote(chunk.text, query),
        scores=_scores(entry),
        start=chunk.start,
        end=chunk.end,
        language=detect_language(chunk.text),
        missing=entry.missing,
        answerable=entry.answerable,
        attached=tuple(chunk.attached),
    )
