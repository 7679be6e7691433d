"""Sends attempts to Langfuse from a thread of its own: bounded, late rather than in the way, and lost when it must be."""

import json
import logging
import os
import queue
import threading
import time
import weakref
from collections import OrderedDict
from collections.abc import Iterator, Sequence

import httpx

from kimono.providers.config import Langfuse
from kimono.providers.langfuse.events import Event, generation_event, trace_event
from kimono.providers.tracing import Generation

logger = logging.getLogger(__name__)

PATH = "/api/public/ingestion"
# Attempts that wait to be sent. One is some ten thousand characters; what does not fit is dropped.
MOST_WAITING = 1_000
MOST_PER_REQUEST = 50
# Langfuse takes 3.5 MB at once.
MOST_BYTES = 3_000_000
LINGER_SECONDS = 0.3
TIMEOUT_SECONDS = 10.0
PAUSES = (1.0, 4.0)
# The log says that exports fail, not that each of them does.
SECONDS_BETWEEN_COMPLAINTS = 3_600.0
MOST_TRACES_KNOWN = 5_000

_all: "weakref.WeakSet[LangfuseExporter]" = weakref.WeakSet()


class Refused(Exception):
    """Langfuse answered that it does not take what was sent; sending it again is of no use."""


class LangfuseExporter:
    """The exporter of one process. Its thread starts with the first attempt and ends with `close`."""

    def __init__(
        self,
        access: Langfuse,
        *,
        most_waiting: int = MOST_WAITING,
        timeout_seconds: float = TIMEOUT_SECONDS,
        pauses: Sequence[float] = PAUSES,
    ) -> None:
        self.dropped = 0
        self._access = access
        self._most_waiting = most_waiting
        self._timeout = timeout_seconds
        self._pauses = tuple(pauses)
        self._complained_at: float | None = None
        self._begin()
        _all.add(self)

    def export(self, generation: Generation) -> None:
        """Put an attempt into the queue; it is dropped when the queue is full."""
        if self._closing.is_set():
            return
        try:
            self._queue.put_nowait(generation)
        except queue.Full:
            self._drop(1, "the queue of exports is full")
            return
        if self._thread is None or not self._thread.is_alive():
            self._start()

    def close(self, seconds: float) -> None:
        """Send what waits, once and within `seconds`; then nothing more is taken."""
        self._closing.set()
        thread = self._thread
        if thread is not None and seconds > 0:
            thread.join(seconds)

    @property
    def waiting(self) -> int:
        """Return how many attempts wait to be sent."""
        return self._queue.qsize()

    def _begin(self) -> None:
        self._queue: queue.Queue[Generation] = queue.Queue(self._most_waiting)
        self._known: OrderedDict[str, None] = OrderedDict()
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self._closing = threading.Event()

    def _start(self) -> None:
        with self._starting:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._work, name="langfuse", daemon=True)
                self._thread.start()

    def _work(self) -> None:
        access = self._access
        with httpx.Client(
            base_url=access.host,
            auth=(access.public_key, access.secret_key),
            timeout=self._timeout,
            follow_redirects=False,
        ) as client:
            while True:
                batch = self._next_batch()
                if not batch:
                    return
                try:
                    self._send_all(client, batch)
                except Exception as error:
                    # A thread that dies of one strange text would end all exports.
                    self._drop(len(batch), f"{type(error).__name__}: {error}")

    def _next_batch(self) -> list[Generation]:
        """Wait for attempts and return some; none when this exporter is closed and all are sent."""
        batch: list[Generation] = []
        until = 0.0
        while len(batch) < MOST_PER_REQUEST:
            patience = 0.5 if not batch else until - time.monotonic()
            if self._closing.is_set():
                patience = 0.0
            try:
                batch.append(self._queue.get(timeout=patience) if patience > 0 else self._queue.get_nowait())
            except queue.Empty:
                if batch or self._closing.is_set():
                    break
                continue
            if len(batch) == 1:
                until = time.monotonic() + LINGER_SECONDS
        return batch

    def _send_all(self, client: httpx.Client, batch: Sequence[Generation]) -> None:
        for part, traces, body in self._bodies(batch):
            try:
                self._send(client, body)
            except (httpx.HTTPError, Refused, ValueError) as error:
                self._drop(part, f"{type(error).__name__}: {error}")
            else:
                self._remember(traces)

    def _bodies(self, batch: Sequence[Generation]) -> Iterator[tuple[int, list[str], bytes]]:
        """Yield requests of a size that is taken: how many attempts, the traces they make, and the body."""
        count, size = 0, 0
        events: list[bytes] = []
        traces: list[str] = []
        for generation in batch:
            mine = [_encoded(generation_event(generation))]
            is_new = generation.trace_id not in self._known and generation.trace_id not in traces
            if is_new:
                mine.insert(0, _encoded(trace_event(generation)))
            if count and size + sum(map(len, mine)) > MOST_BYTES:
                yield count, traces, _body(events)
                count, size, events, traces = 0, 0, [], []
            count, size, events = count + 1, size + sum(map(len, mine)), [*events, *mine]
            traces += [generation.trace_id] * is_new
        yield count, traces, _body(events)

    def _send(self, client: httpx.Client, body: bytes) -> None:
        for pause in (*self._pauses, None):
            try:
                self._post(client, body)
                return
            except httpx.HTTPError as error:
                if pause is None or self._closing.is_set():
                    raise
                self._complain(f"{type(error).__name__}: {error}")
            self._closing.wait(pause)

    def _post(self, client: httpx.Client, body: bytes) -> None:
        answer = client.post(PATH, content=body, headers={"Content-Type": "application/json"})
        if answer.status_code in (408, 429) or answer.status_code >= 500:
            answer.raise_for_status()
        if not answer.is_success:
            raise Refused(f"HTTP {answer.status_code}")
        said = answer.json()
        if isinstance(said, dict) and said.get("errors"):
            # The other events of the request were taken.
            self._complain(f"{len(said['errors'])} events were refused")

    def _remember(self, traces: Sequence[str]) -> None:
        self._known.update(dict.fromkeys(traces))
        while len(self._known) > MOST_TRACES_KNOWN:
            self._known.popitem(last=False)

    def _drop(self, count: int, reason: str) -> None:
        self.dropped += count
        self._complain(reason)

    def _complain(self, reason: str) -> None:
        now = time.monotonic()
        if self._complained_at is None or now - self._complained_at > SECONDS_BETWEEN_COMPLAINTS:
            self._complained_at = now
            logger.warning("exports to Langfuse at %s fail, calls go on: %s", self._access.host, reason)


def _encoded(event: Event) -> bytes:
    # A lone surrogate is no UTF-8; it must not cost the other events of the request.
    return json.dumps(event, ensure_ascii=False).encode("utf-8", "replace")


def _body(events: Sequence[bytes]) -> bytes:
    return b'{"batch":[' + b",".join(events) + b"]}"


def _begin_again() -> None:
    # Threads stay behind in the parent, and so does what it has to send; locks may be held by them.
    for exporter in list(_all):
        exporter._begin()


os.register_at_fork(after_in_child=_begin_again)
