"""The doorbell of a conversation: it says that something is new, never what. What is new is in PostgreSQL.

Only what is never stored (somebody types, somebody has read) goes along as a word, which may be lost. Whoever listens
in this process is woken at once; other processes through the relay that the front installs. A ring that is lost does
no harm, for every listener also looks by itself from time to time.
"""

import asyncio
import threading
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Protocol, TypeAlias

from django.db import transaction

from kimono.lib.sockets import group_name

Word: TypeAlias = Mapping[str, Any]
_MOST_WORDS = 50


class Relay(Protocol):
    """Carries rings between processes. None of its methods raises when the carrier is down."""

    def send(self, group: str, word: Word | None = None) -> None:
        """Ring `group` in the other processes, without waiting."""

    def attach(self) -> None:
        """Remember the running event loop as one that rings can be sent from."""

    def listen(self, group: str) -> None:
        """Begin to hear `group` here; called in the event loop."""

    def leave(self, group: str) -> None:
        """Stop hearing `group` here; called in the event loop."""


_relay: Relay | None = None
_lock = threading.Lock()
_listeners: dict[str, set["Listener"]] = {}


class Listener:
    """One ear at one bell. A ring while nobody waits is kept for the next `wait`."""

    def __init__(self, *, near_only: bool) -> None:
        self.near_only = near_only
        self._loop = asyncio.get_running_loop()
        self._rung = asyncio.Event()
        self._words: deque[Word] = deque(maxlen=_MOST_WORDS)

    async def wait(self, seconds: float) -> bool:
        """Wait for a ring, at most `seconds`; tell whether there was one."""
        try:
            async with asyncio.timeout(seconds):
                await self._rung.wait()
        except TimeoutError:
            return False
        self._rung.clear()
        return True

    def wake(self, word: Word | None = None) -> None:
        """Ring this ear; from any thread."""
        if word is not None:
            self._words.append(word)
        try:
            self._loop.call_soon_threadsafe(self._rung.set)
        except RuntimeError:
            # Its loop is closed: nobody is left to hear it.
            return

    def words(self) -> list[Word]:
        """Return the words that came along since the last look."""
        heard: list[Word] = []
        while self._words:
            heard.append(self._words.popleft())
        return heard


def install(relay: Relay | None) -> None:
    """Set how other processes are reached."""
    global _relay
    _relay = relay


def group_of(conversation_id: str) -> str:
    """Return the group of a conversation of the current tenant, by its public id."""
    return group_name("conversation", conversation_id)


def wake(group: str, *, from_afar: bool = False, word: Word | None = None) -> None:
    """Wake whoever listens to `group` in this process; from any thread.

    `from_afar`: another process rang, or a draft grew; those who listen to this process alone sleep on.
    """
    with _lock:
        listeners = list(_listeners.get(group, ()))
    for listener in listeners:
        if not (from_afar and listener.near_only):
            listener.wake(word)


def wake_all() -> None:
    """Wake everybody in this process: something of the process itself has changed."""
    for group in list(_listeners):
        wake(group)


def say(group: str, word: Word) -> None:
    """Tell whoever listens to `group`, here and elsewhere, a word that nobody keeps."""
    wake(group, word=word)
    if _relay is not None:
        _relay.send(group, word)


def ring(group: str) -> None:
    """Wake whoever listens to `group`, in this process and in others."""
    wake(group)
    if _relay is not None:
        _relay.send(group)


def ring_afar(group: str) -> None:
    """Wake whoever listens to `group` in other processes: the text of a draft has grown."""
    if _relay is not None:
        _relay.send(group)


def after_commit(conversation_id: str) -> None:
    """Ring a conversation of the current tenant when the open transaction commits."""
    transaction.on_commit(partial(ring, group_of(conversation_id)))


@asynccontextmanager
async def listening(group: str, *, near_only: bool = False) -> AsyncIterator[Listener]:
    """Listen to `group` inside the block; `near_only`: to this process alone."""
    listener = Listener(near_only=near_only)
    with _lock:
        _listeners.setdefault(group, set()).add(listener)
    if _relay is not None:
        _relay.attach()
        if not near_only:
            _relay.listen(group)
    try:
        yield listener
    finally:
        if _relay is not None and not near_only:
            _relay.leave(group)
        with _lock:
            _listeners[group].discard(listener)
            if not _listeners[group]:
                del _listeners[group]
