"""Children that die are started again, a little later each time, until it is clear that it does not help."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from kimono.supervisor.processes import Child
from kimono.supervisor.refusals import Refused
from kimono.supervisor.stopping import Stopping

MOST_DEATHS_PER_MINUTE = 5
_LONGEST_PAUSE = 5.0


@dataclass
class _Watched:
    child: Child
    deaths: deque[float] = field(default_factory=deque)
    start_at: float | None = None


class Watch:
    """Looks after a set of children."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._watched: list[_Watched] = []

    def over(self, *children: Child) -> None:
        """Look after these, too."""
        self._watched.extend(_Watched(child) for child in children)

    def look(self) -> None:
        """Note who has died and start again whose pause is over. Raises `Refused` for one that keeps dying."""
        now = time.monotonic()
        for watched in self._watched:
            if watched.start_at is None and not watched.child.runs:
                self._died(watched, now)
            elif watched.start_at is not None and now >= watched.start_at:
                watched.start_at = None
                watched.child.start()

    def _died(self, watched: _Watched, now: float) -> None:
        child, deaths = watched.child, watched.deaths
        deaths.append(now)
        while deaths[0] < now - 60:
            deaths.popleft()
        what = f"{child.program.name} ended ({_in_words(child.ended())})"
        if len(deaths) > MOST_DEATHS_PER_MINUTE:
            raise Refused(
                f"{what} {len(deaths)} times within a minute; see {child.log}:\n{child.last_lines()}"
            )
        pause = min(0.25 * 2 ** (len(deaths) - 1), _LONGEST_PAUSE)
        watched.start_at = now + pause
        self._say(f"{what}; it starts again in {pause:g} s. Its log: {child.log}")

    def until_asked_to_stop(self, stopping: Stopping) -> None:
        """Look after them for good. Raises `StopAsked` in the end, or `Refused`."""
        while True:
            self.look()
            stopping.pause(0.25)


def _in_words(status: int | None) -> str:
    if status is None:
        return "still running"
    return f"signal {-status}" if status < 0 else f"status {status}"
