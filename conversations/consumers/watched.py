"""A conversation as a socket shows it: each thing that is seen becomes a frame of the conversation's stream."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from conversations.consumers.closings import Closing
from conversations.models import Conversation
from conversations.services.conversations import Reader
from conversations.services.watching import Resumption, Seen, Show, Watch

# Longer than any socket lives: its own end comes first.
_SECONDS = 24 * 3600.0
# So long a client that has just come may take to say from where it wants to go on, before it is told what is new;
# whoever says anything else wants to hear it at once.
GRACE_SECONDS = 5.0
_NOT_SHOWN = frozenset({"type", "session_id", "created_at"})
_CODES = {"restart": 1001, "tenant_suspended": 4403}
Frame = Callable[..., Awaitable[None]]


class Watched:
    """One conversation on one socket."""

    def __init__(
        self, conversation: Conversation, *, reader: Reader, seq: int, show: Show, frame: Frame
    ) -> None:
        self.session_id = conversation.public_id
        self.told = seq
        self._watch = Watch(conversation, reader=reader, seq=seq, show=show, seconds=_SECONDS)
        self._frame = frame
        self._asked = asyncio.Event()

    @property
    def group(self) -> str:
        """Return the group that the conversation's words are said in."""
        return self._watch.group

    async def run(self, *, grace: float = GRACE_SECONDS) -> None:
        """Tell all there is to tell; ends with `Closing`."""
        try:
            async with asyncio.timeout(grace):
                await self._asked.wait()
        except TimeoutError:
            pass
        async for seen in self._watch.all():
            if seen.event == "bye":
                reason = str(seen.data["reason"])
                raise Closing(_CODES[reason], reason, reconnect=bool(seen.data["reconnect"]))
            if seen.event != "ready":
                await self._tell(seen)

    def go(self) -> None:
        """Wait no longer for the client's wish: it has said something else."""
        self._asked.set()

    def resume(self, after_seq: int) -> Resumption:
        """Tell again all that came after a number."""
        self._asked.set()
        return self._watch.resume(after_seq)

    async def _tell(self, seen: Seen) -> None:
        fields: dict[str, Any] = {name: value for name, value in seen.data.items() if name not in _NOT_SHOWN}
        if seen.seq is not None:
            self.told = max(self.told, seen.seq)
        await self._frame(seen.event, stream=self.session_id, **fields)
