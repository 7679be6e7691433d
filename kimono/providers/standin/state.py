"""What the stand-in remembers: how to behave next, and every request it got."""

import threading
import time
from dataclasses import asdict, dataclass, field

from kimono.providers.standin.modes import Mode


@dataclass
class Entry:
    """One request. Times are seconds since the epoch; `closed_at` is set when the client left before the end."""

    number: int
    method: str
    path: str
    body: object
    mode: str
    received_at: float = field(default_factory=time.time)
    first_token_at: float | None = None
    finished_at: float | None = None
    closed_early: bool = False
    closed_at: float | None = None

    def wrote_token(self) -> None:
        """Note the time of the first token."""
        if self.first_token_at is None:
            self.first_token_at = time.time()

    def finished(self) -> None:
        """Note the time of the last byte."""
        self.finished_at = time.time()

    def left(self) -> None:
        """Note that the client is gone before the end."""
        if self.finished_at is None and not self.closed_early:
            self.closed_early, self.closed_at = True, time.time()


class State:
    """Shared by all requests of one server; safe between threads."""

    def __init__(self, mode: Mode = Mode.OK, *, token_delay: float = 0.0, retry_after: float = 1.0) -> None:
        self.token_delay = token_delay
        self.retry_after = retry_after
        self.words = ""
        self._default = mode
        self._next: tuple[Mode, int] | None = None
        self._log: list[Entry] = []
        self._count = 0
        self._lock = threading.Lock()

    def set_mode(self, mode: Mode, times: int | None = None) -> None:
        """Behave in this way from now on, or for the next `times` requests only."""
        with self._lock:
            if times is None:
                self._default, self._next = mode, None
            else:
                self._next = (mode, times)

    def begin(self, method: str, path: str, body: object, asked: Mode | None) -> Entry:
        """Log a request and decide how to treat it; `asked` is what its model name asks for."""
        with self._lock:
            self._count += 1
            entry = Entry(self._count, method, path, body, asked or self._take())
            self._log.append(entry)
            return entry

    def log(self) -> list[dict[str, object]]:
        """Return all requests so far, oldest first."""
        with self._lock:
            return [asdict(entry) for entry in self._log]

    def clear(self) -> None:
        """Forget the requests."""
        with self._lock:
            self._log.clear()

    def _take(self) -> Mode:
        if self._next is None:
            return self._default
        mode, times = self._next
        self._next = (mode, times - 1) if times > 1 else None
        return mode
