"""Shapes of background jobs: what a handler is and what it may ask of the run it is in."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias

Queue: TypeAlias = Literal["chat", "ingest", "bulk", "beat"]
Kind: TypeAlias = Literal[
    "ingest", "update_full", "update_incremental", "sync", "import", "mining", "evaluation", "reindex", "provision",
    "maintenance",
]  # fmt: skip
Result: TypeAlias = dict[str, Any] | None


class JobStopped(Exception):
    """The run must end at this stage boundary: cancelled, its lease lost, its tenant suspended, room to make."""


class JobFailed(Exception):
    """The job failed for a reason that trying again does not change; `code` and the text are shown to the user."""

    def __init__(self, code: str, message: str, *, errors: list[dict[str, Any]] | None = None) -> None:
        self.code = code
        self.message = message
        self.errors = errors or []
        super().__init__(f"{code}: {message}")


class JobRun(Protocol):
    """What a handler sees of the run it is in."""

    job_id: str
    attempt: int

    def progress(self, fraction: float, *, stage: str) -> None:
        """Report how far the job is (0–1; never falls) and renew the lease."""

    def check(self) -> None:
        """Raise `JobStopped` when the run must end here."""


@dataclass(frozen=True)
class JobHandler:
    """One kind of work: `function(run, **payload)` returns the job's result, JSON-able.

    `abandoned(code=, message=, **payload)` is called in the transaction that ends a job without success; code
    `cancelled` for one that was cancelled.
    """

    name: str
    queue: Queue
    kind: Kind
    function: Callable[..., Result]
    abandoned: Callable[..., None] | None = None


_handlers: dict[str, JobHandler] = {}


def job(
    name: str, *, queue: Queue, kind: Kind, abandoned: Callable[..., None] | None = None
) -> Callable[[Callable[..., Result]], Callable[..., Result]]:
    """Register the decorated function as the handler of jobs called `name`; see `JobHandler`."""

    def register(function: Callable[..., Result]) -> Callable[..., Result]:
        _handlers[name] = JobHandler(
            name=name, queue=queue, kind=kind, function=function, abandoned=abandoned
        )
        return function

    return register


def handler(name: str) -> JobHandler:
    """Return the handler of `name`. Raises `KeyError` for an unknown one."""
    return _handlers[name]


def handlers() -> dict[str, JobHandler]:
    """Return all registered handlers by name."""
    return dict(_handlers)
