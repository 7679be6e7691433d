"""From ranked entries to passages that can be shown."""

from collections.abc import Sequence

from kimono.lib.cleaning import detect_language
from knowledge.models import Chunk, QAPair
from knowledge.services import sentences
from knowledge.services.ranking import Ranked
from knowledge.services.retrieval.shapes import Passage, Scores
from knowledge.services.terms import content_terms

QUOTE_CHARACTERS = 240


def load(entries: Sequence[Ranked], *, query: str) -> tuple[Passage, ...]:
    """Return the passages of `entries` in their order, in three queries at most; an entry that is gone is left out."""
    pairs = QAPair.objects.in_bulk([entry.owner.pk for entry in entries if entry.owner.kind == "qa"])
    wanted = [entry.owner.pk for entry in entries if entry.owner.kind == "chunk"]
    chunks = (
        Chunk.objects.select_related("version__document").defer("version__text").in_bulk(wanted)
        if wanted
        else {}
    )
    passages = []
    for entry in entries:
        if entry.owner.kind == "qa" and (pair := pairs.get(entry.owner.pk)):
            passages.append(_of_pair(pair, entry))
        elif entry.owner.kind == "chunk" and (chunk := chunks.get(entry.owner.pk)):
            passages.append(_of_chunk(chunk, entry, query))
    return tuple(passages)


def quote(text: str, query: str) -> str:
    """Return the sentence of `text` that shares most with `query`, verbatim and cut to a readable length."""
    asked = set(content_terms(query))
    best = max(
        sentences.split(text),
        key=lambda sentence: len(asked & set(content_terms(sentence.text))),
        default=None,
    )
    return (best.text if best else text)[:QUOTE_CHARACTERS]


def _scores(entry: Ranked) -> Scores:
    return Scores(vector=entry.vector, keyword=entry.lexical, rrf=entry.fused)


def _of_pair(pair: QAPair, entry: Ranked) -> Passage:
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
    )


def _of_chunk(chunk: Chunk, entry: Ranked, query: str) -> Passage:
    version, document = chunk.version, chunk.version.document
    title = document.title or document.source
    page = f"#page={chunk.page}" if chunk.page else ""
    return Passage(
        kind="chunk",
        score=entry.score,
        question=title,
        answer=chunk.text,
        text=chunk.text,
        category=document.product_category,
        qa_id=None,
        chunk_id=chunk.public_id,
        doc_id=document.public_id,
        version=version.label,
        source=document.source,
        title=title,
        section=chunk.section or None,
        page=chunk.page,
        url=f"/api/v1/knowledge/documents/{document.public_id}/file?version={version.label}{page}",
        quote=quote(chunk.text, query),
        scores=_scores(entry),
        start=chunk.start,
        end=chunk.end,
        language=detect_language(chunk.text),
    )
