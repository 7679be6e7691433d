"""What a search gives."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from kimono import providers

Kind = Literal["qa", "chunk"]
Degraded = Literal["embedding_unavailable", "llm_unavailable", "llm_timeout", "budget"] | None


def degraded_by(error: providers.ProviderError) -> Degraded:
    """Return how an answer goes on without the chat model that failed with `error`."""
    if isinstance(error, providers.CallRefused):
        return "budget"
    return "llm_timeout" if isinstance(error, providers.TimedOut) else "llm_unavailable"


@dataclass(frozen=True, slots=True)
class Scores:
    """Where a score comes from: cosine, share of the question's words, both fused, and a reranker's word if there is one."""

    vector: float | None
    keyword: float
    rrf: float
    rerank: float | None = None


@dataclass(frozen=True, slots=True)
class Passage:
    """A QA pair or a chunk as found for a question.

    `score` is the probability that it is the right one if there is one. `text` is what an answer may be made from, the
    stored answer or chunk; `quote` a verbatim piece of it. `start` and `end` count characters of the version's text
    (for a pair: of the answer). `missing` is the share of the question's topic that it does not speak of, `answerable`
    the probability that something this near holds an answer at all. `attached` names the attachments that come along.
    """

    kind: Kind
    score: float
    question: str
    answer: str
    text: str
    category: str
    qa_id: str | None
    chunk_id: str | None
    doc_id: str | None
    version: str | None
    source: str
    title: str
    section: str | None
    page: int | None
    url: str
    quote: str
    scores: Scores
    start: int
    end: int
    language: str
    missing: float = 0.0
    answerable: float = 0.0
    attached: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """The answer to a search, best first.

    `answerable` is whether chat would answer; `answerability` the probability that the knowledge holds an answer; for
    `least_answerability` see `is_answerable`. `verdict` is a chat model's word on it ("answered", "ambiguous",
    "not_answered", "failed"), empty where none was asked.
    """

    passages: tuple[Passage, ...]
    threshold: float
    answerable: bool
    answerability: float
    knowledge_version: str
    took_ms: int
    degraded: Degraded
    least_answerability: float = 0.0
    verdict: str = ""


def is_answerable(passages: Sequence[Passage], *, threshold: float, least_answerability: float) -> bool:
    """Tell whether the first passage is sure enough to answer from.

    A pair is given as it stands, whatever exactly was asked: it must also be probable that it holds an answer at all. What
    is taken out of a chunk is held against the question once more.
    """
    if not passages or passages[0].score < threshold:
        return False
    return passages[0].kind == "chunk" or passages[0].answerable >= least_answerability
