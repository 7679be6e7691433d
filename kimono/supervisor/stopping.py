"""Ctrl-C, TERM and a closed terminal, noted by a handler and looked at between two steps."""

import signal
import time
from types import FrameType

from kimono.supervisor.refusals import StopAsked


class Stopping:
    """Counts how often we were asked to stop: once means properly, twice means now."""

    def __init__(self) -> None:
        self._asked = 0

    def listen(self) -> None:
        """Take the signals over; to be called in the main thread."""
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(name, self._note)

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self._asked += 1

    @property
    def asked(self) -> bool:
        """Tell whether to stop."""
        return self._asked > 0

    def impatient(self) -> bool:
        """Tell whether to stop without waiting for anybody."""
        return self._asked > 1

    def pause(self, seconds: float) -> None:
        """Sleep; raises `StopAsked` when a signal came before or during it."""
        until = time.monotonic() + seconds
        while not self.asked and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, 0.1))
        if self.asked:
            raise StopAsked
