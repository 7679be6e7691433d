"""One timed stage of answering, for whoever keeps a record of the turn."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, TypeAlias

Status = Literal["success", "error", "skipped", "degraded"]
_SUMMARY = 300


@dataclass(frozen=True, slots=True)
class StepRecord:
    """What a stage was given and what it made; times in UTC and milliseconds, summaries short enough to list."""

    name: str
    started_at: datetime
    duration_ms: int
    status: Status
    input_summary: str
    output_summary: str
    detail: Mapping[str, Any]


OnStep: TypeAlias = Callable[[StepRecord], None]


@dataclass
class Note:
    """What a stage says of itself while it runs."""

    input_summary: str = ""
    output_summary: str = ""
    status: Status = "success"
    detail: dict[str, Any] = field(default_factory=dict)


@contextmanager
def timed(name: str, on_step: OnStep, *, input_summary: str = "") -> Iterator[Note]:
    """Time the block and hand its record to `on_step`, also when it is left by an error or a cancellation."""
    note = Note(input_summary=input_summary)
    started, clock = datetime.now(UTC), time.perf_counter()
    try:
        yield note
    except BaseException as error:
        note.status = "error"
        note.output_summary = note.output_summary or type(error).__name__
        raise
    finally:
        on_step(
            StepRecord(
                name=name,
                started_at=started,
                duration_ms=round((time.perf_counter() - clock) * 1000),
                status=note.status,
                input_summary=note.input_summary[:_SUMMARY],
                output_summary=note.output_summary[:_SUMMARY],
                detail=note.detail,
            )
        )
