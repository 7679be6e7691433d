"""Whether this process has been asked to stop, for what would otherwise go on for an hour."""

import asyncio
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

# The server closes every line as it stands; before it hears of the end, what has last words may say them so long.
LAST_WORDS_SECONDS = 5.0
_LOOK_SECONDS = 0.02

_asked = threading.Event()
_called: list[Callable[[], None]] = []
_awaited: list[Callable[[], bool]] = []


def asked() -> bool:
    """Tell whether the process is to end soon."""
    return _asked.is_set()


def call(function: Callable[[], None], *, until: Callable[[], bool] | None = None) -> None:
    """Call `function`, which must not wait, as soon as the process is asked to end.

    The server goes on until `until` is true as well, but no longer than `LAST_WORDS_SECONDS`.
    """
    _called.append(function)
    if until is not None:
        _awaited.append(until)


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
            loop.call_soon_threadsafe(
                hand_on, loop, loop.time() + LAST_WORDS_SECONDS, before, received, frame
            )

    signal.signal(number, note)


def hand_on(loop: asyncio.AbstractEventLoop, latest: float, to: Callable[..., Any], *args: Any) -> None:
    """Call `to` once everybody has had their last words, `latest` at that time of the loop."""
    if loop.time() < latest and not all(said() for said in _awaited):
        loop.call_later(_LOOK_SECONDS, hand_on, loop, latest, to, *args)
    else:
        to(*args)
