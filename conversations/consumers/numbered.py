"""A stream of numbered entries on one socket: what was missed, then what comes; and again from an earlier number."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from django.conf import settings

from conversations.consumers.closings import restart
from conversations.consumers.watched import GRACE_SECONDS, Frame
from conversations.services import doorbell
from conversations.services.numbering import MOST, Reach
from conversations.services.watching import TICK_SECONDS, Resumption
from kimono.lib import stopping
from kimono.lib.errors import Conflict
from kimono.lib.threads import in_thread


class ResumeTooOld(Conflict):
    """What came after that number is not kept any more; the rest is to be read over REST."""

    code = "resume_too_old"
    detail = "Too long ago: load the lists anew and go on from last_seq."


class Entry(Protocol):
    """One thing to tell."""

    @property
    def seq(self) -> int:
        """Return its number."""

    @property
    def type(self) -> str:
        """Return the type of its frame."""

    @property
    def fields(self) -> Mapping[str, Any]:
        """Return the fields of its frame."""


@dataclass(frozen=True)
class Source:
    """Where entries come from: who rings, how far they go, and at most `MOST` of those after a number."""

    name: str
    group: str
    reach: Callable[[], Reach]
    since: Callable[[int], Sequence[Entry]]


class Numbered:
    """One such stream; ends with `Closing`. `tick` is called every few seconds, and may end it."""

    def __init__(
        self,
        source: Source,
        *,
        told: int,
        frame: Frame,
        tick: Callable[[], Awaitable[None]],
        wanted: Callable[[str], bool] = lambda _: True,
    ) -> None:
        self.told = told
        self._source, self._frame, self._tick, self._wanted = source, frame, tick, wanted
        self._wishes: list[Resumption] = []
        self._asked = asyncio.Event()
        self._bell: doorbell.Listener | None = None

    def go(self) -> None:
        """Wait no longer for the client's wish: it has said something else."""
        self._asked.set()

    def resume(self, after_seq: int) -> Resumption:
        """Tell again all that came after a number; once `go` was called."""
        wish = Resumption(after_seq)
        self._wishes.append(wish)
        if self._bell is not None:
            self._bell.wake()
        return wish

    async def run(self) -> None:
        """Tell all there is to tell."""
        loop = asyncio.get_running_loop()
        async with doorbell.listening(self._source.group) as self._bell:
            try:
                async with asyncio.timeout(GRACE_SECONDS):
                    await self._asked.wait()
            except TimeoutError:
                pass
            looked, ticked, new = 0.0, 0.0, True
            while not stopping.asked():
                for wish in self._taken_wishes():
                    await self._fulfil(wish)
                    new = True
                for word in self._bell.words():
                    await self._frame(word["type"], **word["data"])
                if new or loop.time() - looked >= settings.POLL_SECONDS:
                    looked = loop.time()
                    await self._tell_new()
                if loop.time() - ticked >= TICK_SECONDS:
                    ticked = loop.time()
                    await self._tick()
                new = await self._bell.wait(min(TICK_SECONDS, settings.POLL_SECONDS))
        raise restart()

    async def _tell_new(self) -> int:
        count = 0
        while True:
            entries = await in_thread(self._source.since, self.told)
            for entry in entries:
                self.told = entry.seq
                if self._wanted(entry.type):
                    count += 1
                    await self._frame(entry.type, stream=self._source.name, seq=entry.seq, **entry.fields)
            if len(entries) < MOST:
                return count

    def _taken_wishes(self) -> list[Resumption]:
        wishes, self._wishes = self._wishes, []
        return wishes

    async def _fulfil(self, wish: Resumption) -> None:
        reach = await in_thread(self._source.reach)
        if wish.after_seq < reach.kept_after:
            self.told = reach.last
            await self._frame(
                "error",
                stream=self._source.name,
                code=ResumeTooOld.code,
                detail=ResumeTooOld.detail,
                last_seq=reach.last,
            )
        else:
            self.told = min(wish.after_seq, reach.last)
        count = await self._tell_new()
        if not wish.caught_up.done():
            wish.caught_up.set_result((self.told, count))
        await wish.go_on.wait()
