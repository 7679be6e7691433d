"""Circuit breakers: stop asking what keeps failing, and try again a little later.

One breaker per (scope, name) in each process; the scope is the tenant's key, so that one merchant's failures
never silence another's model. Generic: business connectors and caches use the same ones.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Literal, TypedDict

from kimono.providers.config import BreakerLimits
from kimono.providers.errors import BreakerOpen

NAMES = ("llm", "embedding", "rerank", "vector_store", "business_api", "redis")

State = Literal["closed", "open", "half_open"]


class Snapshot(TypedDict):
    """A breaker as operators see it; times in UTC, `recovery_timeout` in seconds."""

    name: str
    state: State
    failure_threshold: int
    recovery_timeout: float
    success_threshold: int
    failure_count: int
    success_count: int
    total_failures: int
    total_successes: int
    last_opened_at: datetime | None
    last_failure_at: datetime | None
    last_failure: str | None
    last_success_at: datetime | None


class Guard:
    """The permission to make one attempt; says how it went. Saying nothing counts neither way."""

    def __init__(self) -> None:
        self.outcome: Literal["success", "failure"] | None = None
        self.reason = ""

    def succeeded(self) -> None:
        """Count the attempt as a success."""
        self.outcome = "success"

    def failed(self, reason: str) -> None:
        """Count the attempt as a failure of the other side."""
        self.outcome, self.reason = "failure", reason


class Breaker:
    """Closed: all pass. Open: none pass. Half open: one at a time passes, as a probe."""

    def __init__(
        self,
        name: str,
        limits: BreakerLimits,
        *,
        success_threshold: int = 1,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self._limits = limits
        self._success_threshold = success_threshold
        self._clock = clock
        self._lock = threading.Lock()
        self._failures: deque[float] = deque()
        self._opened: float | None = None
        self._probing = False
        self._probe_successes = 0
        self._total_failures = 0
        self._total_successes = 0
        self._last_opened_at: datetime | None = None
        self._last_failure_at: datetime | None = None
        self._last_failure: str | None = None
        self._last_success_at: datetime | None = None

    @contextmanager
    def guard(self) -> Iterator[Guard]:
        """Let one attempt through and count what its guard says. Raises BreakerOpen."""
        probe = self._enter()
        guard = Guard()
        try:
            yield guard
        finally:
            self._leave(guard, probe=probe)

    def snapshot(self) -> Snapshot:
        """Return the state and the counters."""
        with self._lock:
            self._forget_old()
            return Snapshot(
                name=self.name,
                state=self._state(),
                failure_threshold=self._limits.failures,
                recovery_timeout=self._limits.probe_seconds,
                success_threshold=self._success_threshold,
                failure_count=len(self._failures),
                success_count=self._probe_successes,
                total_failures=self._total_failures,
                total_successes=self._total_successes,
                last_opened_at=self._last_opened_at,
                last_failure_at=self._last_failure_at,
                last_failure=self._last_failure,
                last_success_at=self._last_success_at,
            )

    def reset(self) -> None:
        """Close the breaker and forget recent failures; totals and times stay."""
        with self._lock:
            self._close()

    def _enter(self) -> bool:
        with self._lock:
            state = self._state()
            if state == "closed":
                return False
            if state == "open" or self._probing:
                raise BreakerOpen(self.name, retry_after=self._seconds_to_probe())
            self._probing = True
            return True

    def _leave(self, guard: Guard, *, probe: bool) -> None:
        with self._lock:
            if probe:
                self._probing = False
            if guard.outcome == "success":
                self._count_success(probe=probe)
            elif guard.outcome == "failure":
                self._count_failure(guard.reason, probe=probe)

    def _count_success(self, *, probe: bool) -> None:
        self._total_successes += 1
        self._last_success_at = datetime.now(UTC)
        if not probe or self._opened is None:
            return
        self._probe_successes += 1
        if self._probe_successes >= self._success_threshold:
            self._close()

    def _count_failure(self, reason: str, *, probe: bool) -> None:
        self._total_failures += 1
        self._last_failure_at = datetime.now(UTC)
        self._last_failure = reason
        self._failures.append(self._clock())
        self._forget_old()
        # A straggler that began before the breaker opened must not put off the probe.
        if probe or (self._opened is None and len(self._failures) >= self._limits.failures):
            self._open()

    def _open(self) -> None:
        self._opened = self._clock()
        self._probe_successes = 0
        self._last_opened_at = datetime.now(UTC)

    def _close(self) -> None:
        self._opened = None
        self._probe_successes = 0
        self._failures.clear()

    def _state(self) -> State:
        if self._opened is None:
            return "closed"
        return "open" if self._seconds_to_probe() > 0 else "half_open"

    def _seconds_to_probe(self) -> float:
        if self._opened is None:
            return 0.0
        return max(0.0, self._opened + self._limits.probe_seconds - self._clock())

    def _forget_old(self) -> None:
        oldest = self._clock() - self._limits.seconds
        while self._failures and self._failures[0] < oldest:
            self._failures.popleft()


_lock = threading.Lock()
_breakers: dict[tuple[str, str], Breaker] = {}
_limits = BreakerLimits()


def configure(limits: BreakerLimits) -> None:
    """Set the limits of breakers made from now on, and drop those made before."""
    global _limits
    with _lock:
        _limits = limits
        _breakers.clear()


def get(scope: str, name: str) -> Breaker:
    """Return the breaker of this scope and name, made closed at its first use."""
    with _lock:
        key = (scope, name)
        if key not in _breakers:
            _breakers[key] = Breaker(name, _limits)
        return _breakers[key]


def snapshot(scope: str) -> dict[str, Snapshot]:
    """Return all breakers of a scope by name, those never used included, as closed."""
    with _lock:
        known = {name: breaker for (owner, name), breaker in _breakers.items() if owner == scope}
    names = [*NAMES, *(name for name in known if name not in NAMES)]
    return {name: (known.get(name) or Breaker(name, _limits)).snapshot() for name in names}


def reset(scope: str, name: str) -> bool:
    """Close one breaker. Returns False when there is none of this name."""
    with _lock:
        breaker = _breakers.get((scope, name))
    if breaker is not None:
        breaker.reset()
    return breaker is not None or name in NAMES


def everywhere() -> dict[str, list[Snapshot]]:
    """Return the breakers of all scopes by name; the list is empty for one that was never used."""
    with _lock:
        known = list(_breakers.values())
    found: dict[str, list[Snapshot]] = {name: [] for name in NAMES}
    for breaker in known:
        found.setdefault(breaker.name, []).append(breaker.snapshot())
    return found


def unused(name: str) -> Snapshot:
    """Return how a breaker looks that was never used."""
    return Breaker(name, _limits).snapshot()


def reset_everywhere(name: str) -> bool:
    """Close the breakers of this name in all scopes. Returns False when there is none of this name."""
    with _lock:
        found = [breaker for (_, known), breaker in _breakers.items() if known == name]
    for breaker in found:
        breaker.reset()
    return bool(found) or name in NAMES
