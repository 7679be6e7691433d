"""Asks a file of questions against a file of knowledge through the product's own search, to be scored elsewhere."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from knowledge.models import QAPair, Unit
from knowledge.services import ingestion, retrieval, syncing, tuning
from knowledge.services.documents import uploading
from knowledge.services.qa_pairs import importing
from knowledge.services.qa_pairs.writing import PairDraft
from knowledge.services.retrieval import Found, Passage
from knowledge.services.tuning import Params
from knowledge.services.visibility import View, view_of
from tenants.services.auditing import SYSTEM

Leg = Literal["fused", "dense", "lexical"]
Told = Callable[[int, int], None]

BEST = 10
# A document may be found by several of its chunks; so many passages hold ten documents.
_PASSAGES = 40
# So many passages can an answer cite.
_CITED = 5
# Questions under way at once: the database and Python take turns.
_AT_ONCE = 4
# A slow machine is no reason to measure another search than the one that was asked for.
_ATTEMPTS = 5
# Longer than an encoder that failed is left alone.
_REST_SECONDS = 20.0
_WEIGHTS: dict[Leg, dict[str, float]] = {
    "fused": {},
    "dense": {"rrf_vector_weight": 1.0, "rrf_keyword_weight": 0.0},
    "lexical": {"rrf_vector_weight": 0.0, "rrf_keyword_weight": 1.0},
}


class Degraded(Exception):
    """A search went on without the model that is being measured."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """What search says to a question: the best entries by their ids in the knowledge file, and whether chat answers.

    `cited` holds the text of the spans of documents that the first five passages point at.
    """

    query: str
    ranked: tuple[tuple[str, float], ...]
    answerability: float
    answered: bool
    cited: tuple[str, ...] = ()

    def line(self) -> str:
        """Return it as a line of JSONL."""
        shown = {
            "query": self.query,
            "ranked": [[name, round(score, 6)] for name, score in self.ranked],
            "answerability": round(self.answerability, 6),
            "answered": self.answered,
            **({"cited": self.cited} if self.cited else {}),
        }
        return json.dumps(shown, ensure_ascii=False)


def read(path: Path) -> list[dict[str, Any]]:
    """Return the rows of a JSONL file; empty lines are passed over."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.strip()]


def add_pairs(entries: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Store entries as QA pairs of the current tenant; return which entry each pair (by its public id) is.

    An entry has `id` and `question`, and may have `similar`, `answer`, `keywords`.
    """
    drafts = [
        PairDraft(
            question=entry["question"],
            answer=entry.get("answer", ""),
            keywords=tuple(entry.get("keywords", ())),
            similar_questions=tuple(dict.fromkeys(entry.get("similar", ()))),
        )
        for entry in entries
    ]
    asyncio.run(importing.store_drafts(drafts, by=SYSTEM))
    _complete()
    # The last ones are new, in their order.
    stored = list(QAPair.objects.order_by("-pk").values_list("public_id", flat=True)[: len(entries)])
    return dict(zip(reversed(stored), (str(entry["id"]) for entry in entries), strict=True))


class _Quiet:
    """A run of a job that nobody watches."""

    job_id = ""
    attempt = 1

    def progress(self, fraction: float, *, stage: str) -> None:
        """Say nothing."""

    def check(self) -> None:
        """Let it go on."""


def add_documents(entries: Sequence[Mapping[str, Any]], *, told: Told) -> dict[str, str]:
    """Store entries as text files, read as uploads are; return which entry each document (by its public id) is.

    An entry has `id`, and its text in `text` or `question`.
    """
    named: dict[str, str] = {}
    for done, entry in enumerate(entries):
        told(done, len(entries))
        content = str(entry.get("text") or entry["question"]).encode()
        upload = uploading.upload(content=content, name=f"{entry['id']}.txt", by=SYSTEM, enqueues=False)
        if upload.job is None and not upload.version.is_indexed:
            ingestion.ingest(run=_Quiet(), version_id=upload.version.pk, publish=True, facts={})
        named[upload.version.document.public_id] = str(entry["id"])
    _complete()
    told(len(entries), len(entries))
    return named


def _complete() -> None:
    """Make the vectors that a slow encoder left out. Raises `Degraded` when it goes on leaving them out."""
    missing, failed = _missing(), 0
    while missing and failed < _ATTEMPTS:
        syncing.run(_Quiet(), limit=None, full=False)
        before, missing = missing, _missing()
        if missing >= before:
            failed += 1
            time.sleep(_REST_SECONDS)
    if missing:
        raise Degraded("embedding_unavailable: the knowledge has no vectors")


def _missing() -> int:
    return Unit.objects.exclude(role=Unit.Role.ANSWER).filter(embedding__isnull=True).count()


def params_of(leg: Leg) -> Params:
    """Return the current tenant's parameters, with the weights of one leg alone where that is asked for."""
    return tuning.effective(_WEIGHTS[leg])


def ask(
    questions: Sequence[str], *, named: Mapping[str, str], params: Params, told: Told
) -> Iterator[Prediction]:
    """Ask every question of the current tenant's knowledge, in batches, and yield the predictions in order.

    `named` tells the entry of every pair and document. Raises `Degraded` when the embedding model fails.
    """
    view = view_of()
    size = 16 * _AT_ONCE
    with asyncio.Runner() as runner:
        for start in range(0, len(questions), size):
            told(start, len(questions))
            batch = questions[start : start + size]
            for query, found in zip(batch, runner.run(_asked(batch, view, params)), strict=True):
                if found.degraded is not None:
                    raise Degraded(f"{found.degraded}: {query}")
                yield _prediction(query, found, named)
    told(len(questions), len(questions))


async def _asked(questions: Sequence[str], view: View, params: Params) -> list[Found]:
    turn = asyncio.Semaphore(_AT_ONCE)

    async def one(question: str) -> Found:
        async with turn:
            for _ in range(_ATTEMPTS):
                found = await retrieval.search(
                    query=question, limit=_PASSAGES, view=view, params=params, ref="trial"
                )
                if found.degraded is None:
                    break
            return found

    return list(await asyncio.gather(*map(one, questions)))


def _prediction(query: str, found: Found, named: Mapping[str, str]) -> Prediction:
    scores: dict[str, float] = {}
    for passage in found.passages:
        scores.setdefault(_entry(passage, named), passage.score)
    best = tuple(scores.items())[:BEST]
    cited = tuple(passage.text for passage in found.passages[:_CITED] if passage.kind == "chunk")
    return Prediction(query, best, found.answerability, found.answerable, cited)


def _entry(passage: Passage, named: Mapping[str, str]) -> str:
    return named[passage.qa_id or passage.doc_id or ""]
