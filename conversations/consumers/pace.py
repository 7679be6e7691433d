"""How fast a client may talk."""

from collections import deque


class Pace:
    """So many frames in any so many seconds, of one socket."""

    def __init__(self, amount: int, seconds: float) -> None:
        self._times: deque[float] = deque(maxlen=amount or 1)
        self._amount, self._seconds = amount, seconds
        self._warned_at: float | None = None

    def wait(self, now: float) -> float:
        """Count a frame; return how many seconds it came too early, 0 when it may pass."""
        if not self._amount or len(self._times) < self._amount or now - self._times[0] >= self._seconds:
            self._times.append(now)
            return 0.0
        return self._seconds - (now - self._times[0])

    def is_first(self, now: float) -> bool:
        """Tell whether this is the first frame too many of this span."""
        first = self._warned_at is None or now - self._warned_at >= self._seconds
        self._warned_at = now if first else self._warned_at
        return first
