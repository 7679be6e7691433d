"""Whether this process has been asked to stop, for what would otherwise go on for an hour."""

import asyncio
import signal
import threading
from collections.abc import Callable
from types import FrameType

# How long what is called has before the server itself hears of it, which then closes every line as it stands.
LAST_WORDS_SECONDS = 0.3

_asked = threading.Event()
_called: list[Callable[[], None]] = []


def asked() -> bool:
    """Tell whether the process is to end soon."""
    return _asked.is_set()


def call(function: Callable[[], None]) -> None:
    """Call `function`, which must not wait, as soon as the process is asked to end."""
    _called.append(function)


def listen() -> None:
    """Note SIGTERM and SIGINT from now on, ahead of what is done about them already; in the main thread's loop only."""
    if threading.current_thread() is threading.main_thread():
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            _also_note(number, loop)


def _also_note(number: signal.Signals, loop: asyncio.AbstractEventLoop) -> None:
    before = signal.getsignal(number)

    def note(received: int, frame: FrameType | None) -> None:
        _asked.set()
        for function in _called:
            function()
        if callable(before):
            loop.call_soon_threadsafe(loop.call_later, LAST_WORDS_SECONDS, before, received, frame)

    signal.signal(number, note)
