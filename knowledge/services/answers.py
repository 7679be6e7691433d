"""What an answer is."""

from dataclasses import dataclass
from typing import Any, Literal

from knowledge.services.retrieval import Degraded, Passage

__all__ = ["Answer", "Citation", "Degraded", "Draft", "Outcome", "Suggestion"]

Outcome = Literal["answered", "refused", "asked_back"]


@dataclass(frozen=True, slots=True)
class Citation:
    """The tie from `[n]` in an answer to what supports it.

    `quote` is a verbatim piece of the stored text; `start` and `end` are where it lies in the text of the version (of a
    pair: in its answer).
    """

    n: int
    passage: Passage
    quote: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A question that may have been meant."""

    text: str
    qa_id: str


@dataclass(frozen=True, slots=True)
class Answer:
    """The reply to a question. Each `[n]` in `text` has its citation, and each citation is used."""

    text: str
    citations: tuple[Citation, ...]
    outcome: Outcome
    confidence: float
    passages: tuple[Passage, ...]
    suggestions: tuple[Suggestion, ...] = ()
    degraded: Degraded = None
    model_used: str = ""
    attachments: tuple[dict[str, Any], ...] = ()
    cached: bool = False
    knowledge_version: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """A reply before it is decided whether it stands: text with its citations."""

    text: str
    citations: tuple[Citation, ...]
