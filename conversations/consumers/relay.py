"""The channel layer as the doorbell between processes: it carries a group's name, and at most a word."""

import asyncio
import logging
import os
import threading
import time
import uuid
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from redis.exceptions import RedisError

from conversations.services import doorbell
from conversations.services.doorbell import Word

log = logging.getLogger(__name__)
_PAUSE_SECONDS = 2.0
# A layer that was emptied forgets who listens, and says nothing about it.
_JOIN_AGAIN_SECONDS = 30.0
_HOST = uuid.uuid4().hex[:12]
_FAILURES = (RedisError, OSError, TimeoutError)


def _here() -> str:
    """Return the name of this process, also after a fork; it was woken before its own ring went out."""
    return f"{_HOST}.{os.getpid()}"


class _Ear:
    """What one event loop of this process listens to: one channel for all its groups, one task that reads it."""

    def __init__(self) -> None:
        self.groups: dict[str, int] = {}
        self.channel: str | None = None
        self.task: asyncio.Task[None] | None = None
        self.work: set[asyncio.Task[None]] = set()

    def keep(self, work: Any) -> None:
        """Run `work` in the background."""
        task = asyncio.get_running_loop().create_task(work)
        self.work.add(task)
        task.add_done_callback(self.work.discard)

    async def read(self) -> None:
        """Wake listeners for each ring that arrives; when the layer is down, try again after a pause."""
        while self.groups:
            layer = get_channel_layer()
            try:
                self.channel = self.channel or await layer.new_channel("bell")
                await self._join_all(layer)
                joined = asyncio.get_running_loop().create_task(self._join_again(layer))
                try:
                    while self.groups:
                        message = await layer.receive(self.channel)
                        if message.get("from") != _here():
                            doorbell.wake(message["group"], from_afar=True, word=message.get("word"))
                finally:
                    joined.cancel()
            except _FAILURES as error:
                log.warning("the doorbell does not reach other processes: %s", type(error).__name__)
                await asyncio.sleep(_PAUSE_SECONDS)

    async def _join_all(self, layer: Any) -> None:
        for group in list(self.groups):
            if self.channel is not None:
                await layer.group_add(group, self.channel)

    async def _join_again(self, layer: Any) -> None:
        while True:
            await asyncio.sleep(_JOIN_AGAIN_SECONDS)
            try:
                await self._join_all(layer)
            except _FAILURES:
                continue


class ChannelRelay:
    """Rings through the channel layer. A layer that is down costs nobody anything but the ring."""

    def __init__(self) -> None:
        self._ears: dict[asyncio.AbstractEventLoop, _Ear] = {}
        self._lock = threading.Lock()
        self._down_until = 0.0

    def send(self, group: str, word: Word | None = None) -> None:
        """Ring `group` in the other processes, without waiting; from any thread."""
        if time.monotonic() < self._down_until:
            return
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            self._send_from_thread(group, word)
        else:
            self._ear().keep(self._send(group, word))

    def attach(self) -> None:
        """Remember the running event loop as one that rings can be sent from."""
        self._ear()

    def listen(self, group: str) -> None:
        """Begin to hear `group` in this event loop."""
        ear = self._ear()
        ear.groups[group] = ear.groups.get(group, 0) + 1
        if ear.task is None or ear.task.done():
            ear.task = asyncio.get_running_loop().create_task(ear.read())
        elif ear.channel is not None and ear.groups[group] == 1:
            ear.keep(self._join(group, ear.channel))

    def leave(self, group: str) -> None:
        """Stop hearing `group` in this event loop."""
        ear = self._ear()
        ear.groups[group] = ear.groups.get(group, 1) - 1
        if ear.groups[group] > 0:
            return
        del ear.groups[group]
        if ear.channel is not None:
            ear.keep(self._part(group, ear.channel))
        if not ear.groups and ear.task is not None:
            ear.task.cancel()
            ear.task, ear.channel = None, None

    def _ear(self) -> _Ear:
        loop = asyncio.get_running_loop()
        with self._lock:
            for old in [each for each in self._ears if each.is_closed()]:
                del self._ears[old]
            return self._ears.setdefault(loop, _Ear())

    def _send_from_thread(self, group: str, word: Word | None) -> None:
        """Hand the ring to an event loop of this process; where there is none, send it from here."""
        with self._lock:
            loops = [loop for loop in self._ears if loop.is_running()]
        for loop in loops:
            try:
                loop.call_soon_threadsafe(self.send, group, word)
            except RuntimeError:
                continue
            return
        async_to_sync(self._send)(group, word)

    async def _send(self, group: str, word: Word | None) -> None:
        message = {"type": "ring", "group": group, "from": _here(), "word": dict(word) if word else None}
        try:
            await get_channel_layer().group_send(group, message)
        except _FAILURES as error:
            self._down_until = time.monotonic() + _PAUSE_SECONDS
            log.warning("a ring was lost: %s", type(error).__name__)

    async def _join(self, group: str, channel: str) -> None:
        try:
            await get_channel_layer().group_add(group, channel)
        except _FAILURES:
            self._down_until = time.monotonic() + _PAUSE_SECONDS

    async def _part(self, group: str, channel: str) -> None:
        try:
            await get_channel_layer().group_discard(group, channel)
        except _FAILURES:
            self._down_until = time.monotonic() + _PAUSE_SECONDS
