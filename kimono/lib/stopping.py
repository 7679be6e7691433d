"""Whether this process has been asked to stop, for what would otherwise go on for an hour."""

import signal
import threading
from types import FrameType

_asked = threading.Event()


def asked() -> bool:
    """Tell whether the process is to end soon."""
    return _asked.is_set()


def listen() -> None:
    """Note SIGTERM and SIGINT from now on, besides what is done about them already; in the main thread only."""
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            _also_note(number)


def _also_note(number: signal.Signals) -> None:
    before = signal.getsignal(number)

    def note(received: int, frame: FrameType | None) -> None:
        _asked.set()
        if callable(before):
            before(received, frame)

    signal.signal(number, note)
