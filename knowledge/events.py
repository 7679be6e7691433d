"""What happens to a merchant's knowledge, told upwards and to webhooks (api.md 12)."""

from dataclasses import dataclass
from typing import ClassVar

from kimono.lib.events import Event, event


@event
@dataclass(frozen=True)
class DocumentIngested(Event):
    """A version of a document is stored and indexed; whether it is on show is the document's affair."""

    name: ClassVar[str] = "document.ingested"
    doc_id: str
    version: str
    source: str
    chunk_count: int


@event
@dataclass(frozen=True)
class DocumentFailed(Event):
    """A version of a document could not be taken; what was on show before still is."""

    name: ClassVar[str] = "document.failed"
    doc_id: str
    version: str
    source: str
    code: str
    message: str


@event
@dataclass(frozen=True)
class SolutionSubmitted(Event):
    """An agent's solution waits for review."""

    name: ClassVar[str] = "solution.submitted"
    solution_id: str
    session_id: str | None


@event
@dataclass(frozen=True)
class SolutionApproved(Event):
    """A solution has become a QA pair."""

    name: ClassVar[str] = "solution.approved"
    solution_id: str
    qa_pair_id: str


@event
@dataclass(frozen=True)
class SolutionRejected(Event):
    """A solution was refused in its review."""

    name: ClassVar[str] = "solution.rejected"
    solution_id: str
