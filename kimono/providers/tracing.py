"""Who asked for a call, and who else is told of each attempt with its texts: the meter is told numbers only."""

import atexit
import hashlib
import logging
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Protocol

from kimono.providers.shapes import CallRecord, Message

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Entry:
    """The door that calls are made for.

    With a `name` all its calls are one trace of the id `trace_id`; without one each purpose is a trace of its own.
    `session_id` is what the traces of one conversation have in common.
    """

    session_id: str = ""
    name: str = ""
    trace_id: str = ""


@dataclass(frozen=True, slots=True)
class Generation:
    """One attempt with what was sent and what came, unmasked; `scope` is the tenant's key."""

    id: str
    scope: str
    trace_id: str
    trace_name: str
    session_id: str
    record: CallRecord
    messages: tuple[Message, ...]
    output: str


class Exporter(Protocol):
    """Told of each attempt on the event loop: it must neither wait nor raise."""

    def export(self, generation: Generation) -> None:
        """Take note of an attempt."""

    def close(self, seconds: float) -> None:
        """Pass on what waits within `seconds`, and end."""


_NOWHERE = Entry()
_entry: ContextVar[Entry] = ContextVar("entry", default=_NOWHERE)
_exporter: Exporter | None = None


@contextmanager
def entered(entry: Entry) -> Iterator[None]:
    """Make the calls of the block, and of tasks started in it, those of `entry`."""
    token = _entry.set(entry)
    try:
        yield
    finally:
        _entry.reset(token)


def install_exporter(exporter: Exporter | None) -> None:
    """Tell `exporter` of every attempt from now on, nobody when it is None; the one before ends."""
    global _exporter
    before, _exporter = _exporter, exporter
    if before is not None:
        before.close(0.0)


def close_exporter(seconds: float = 2.0) -> None:
    """Give what waits for export this long to leave; for processes that end."""
    if _exporter is not None:
        _exporter.close(seconds)


# Other threads still run then.
atexit.register(close_exporter)


def tell(*, scope: str, record: CallRecord, messages: tuple[Message, ...], output: str) -> None:
    """Tell the exporter of an attempt; nothing happens without one, and nothing it does comes back."""
    if _exporter is None:
        return
    entry = _entry.get()
    name = entry.name or record.purpose
    generation = Generation(
        id=uuid.uuid4().hex,
        scope=scope,
        trace_id=entry.trace_id if entry.name else _trace_id(scope, record.ref, name),
        trace_name=name,
        session_id=entry.session_id,
        record=record,
        messages=messages,
        output=output,
    )
    try:
        _exporter.export(generation)
    except Exception:
        logger.exception("an attempt could not be handed over for export")


def _trace_id(scope: str, ref: str, name: str) -> str:
    """Return the same id for all attempts of one purpose of a turn or job, and never that of another tenant's."""
    if not ref:
        return uuid.uuid4().hex
    return hashlib.sha256(f"{scope}\0{ref}\0{name}".encode()).hexdigest()[:32]
