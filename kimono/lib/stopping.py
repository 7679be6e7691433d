"""Whether this process has been asked to stop, for what would otherwise go on for an hour."""

import signal
import threading
from collections.abc import Callable
from types import FrameType

_asked = threading.Event()
_called: list[Callable[[], None]] = []


def asked() -> bool:
    """Tell whether the process is to end soon."""
    return _asked.is_set()


def call(function: Callable[[], None]) -> None:
    """Call `function`, which must not wait, as soon as the process is asked to end."""
    _called.append(function)


def listen() -> None:
    """Note SIGTERM and SIGINT from now on, besides what is done about them already; in the main thread only."""
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            _also_note(number)


def _also_note(number: signal.Signals) -> None:
    before = signal.getsignal(number)

    def note(received: int, frame: FrameType | None) -> None:
        _asked.set()
        for function in _called:
            function()
        if callable(before):
            before(received, frame)

    signal.signal(number, note)
