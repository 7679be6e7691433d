"""Shapes of search and of what the knowledge consists of (api.md 6.1)."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal

from ninja import Field, Schema
from pydantic import ConfigDict, StringConstraints
from pydantic.config import JsonDict

from knowledge.services.retrieval import Found, Passage

Query = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]


class SearchIn(Schema):
    """KB-18: what is searched for."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"query": "如何退货", "top_k": 3, "explain": True}}
    )

    query: Query
    top_k: int = Field(default=5, ge=1, le=20, strict=True)
    category: Annotated[str, StringConstraints(max_length=100)] | None = None
    doc_id: Annotated[str, StringConstraints(max_length=64)] | None = None
    kind: Literal["all", "qa", "chunk"] = "all"
    min_score: float | None = Field(default=None, ge=0, le=1, strict=True)
    version: Annotated[str, StringConstraints(max_length=12)] | None = None
    explain: bool = Field(default=False, strict=True)


class ScoresOut(Schema):
    """What a score is made of."""

    vector: float | None
    keyword: float
    rrf: float
    rerank: float | None


class HitOut(Schema):
    """One result; for kind chunk `question` is the title and `answer` the text."""

    n: int
    kind: Literal["qa", "chunk"]
    score: float
    question: str
    answer: str
    category: str
    content: str
    qa_id: str | None
    chunk_id: str | None
    doc_id: str | None
    version: str | None
    source: str
    title: str
    page: int | None
    section: str | None
    quote: str
    url: str
    scores: ScoresOut | None


_HITS: JsonDict = {
    "query": "退货",
    "results": [
        {
            "n": 1,
            "kind": "qa",
            "score": 0.93,
            "question": "如何退货？",
            "answer": "签收后 7 天内可在“我的订单”中申请。",
            "category": "售后",
            "content": "签收后 7 天内可在“我的订单”中申请。",
            "qa_id": "qa-aaaaaaaaaaaaaaaa-bbbbbbbb",
            "chunk_id": None,
            "doc_id": None,
            "version": None,
            "source": "如何退货？",
            "title": "如何退货？",
            "page": None,
            "section": None,
            "quote": "签收后 7 天内可在“我的订单”中申请。",
            "url": "/api/v1/knowledge/qa-pairs/qa-aaaaaaaaaaaaaaaa-bbbbbbbb",
            "scores": None,
        }
    ],
    "total": 1,
    "threshold": 0.62,
    "answerable": True,
    "answerability": 0.97,
    "knowledge_version": "kv-41",
    "took_ms": 38,
    "degraded": None,
}


class Hits(Schema):
    """KB-18: what was found, best first."""

    model_config = ConfigDict(json_schema_extra={"example": _HITS})

    query: str
    results: list[HitOut]
    total: int
    threshold: float
    answerable: bool
    answerability: float
    knowledge_version: str
    took_ms: int
    degraded: str | None


class StatsOut(Schema):
    """KB-17: the knowledge in numbers."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "total_documents": 18,
                "total_chunks": 342,
                "total_sources": 12,
                "total_qa_pairs": 120,
                "vector_store_size": 462,
                "bm25_index_size": 462,
                "embedding_dim": 384,
                "collection_name": "t_a1b2c3",
                "persist_dir": "",
                "knowledge_version": "kv-41",
                "last_updated": "2026-07-03T08:30:00Z",
            }
        }
    )

    total_documents: int
    total_chunks: int
    total_sources: int
    total_qa_pairs: int
    vector_store_size: int
    bm25_index_size: int
    embedding_dim: int
    collection_name: str
    persist_dir: str
    knowledge_version: str
    last_updated: datetime | None


class CategoryOut(Schema):
    """KB-19: a category with what is in it."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"category": "售后", "qa_count": 12, "document_count": 0}}
    )

    category: str
    qa_count: int
    document_count: int


def show_hits(found: Found, *, query: str, min_score: float | None, explain: bool) -> dict[str, Any]:
    """Return Hits of api.md 6.2, leaving out what scores below `min_score`."""
    kept = [passage for passage in found.passages if min_score is None or passage.score >= min_score]
    return {
        "query": query,
        "results": [_hit(n, passage, explain=explain) for n, passage in enumerate(kept, start=1)],
        "total": len(kept),
        "threshold": found.threshold,
        "answerable": found.answerable,
        "answerability": found.answerability,
        "knowledge_version": found.knowledge_version,
        "took_ms": found.took_ms,
        "degraded": found.degraded,
    }


def _hit(n: int, passage: Passage, *, explain: bool) -> dict[str, Any]:
    shown = asdict(passage)
    return {**shown, "n": n, "content": passage.text, "scores": shown["scores"] if explain else None}
