"""The turns that run in this process, as their followers see them: numbered events that can be read again.

What a follower reads is a list that only grows, so any number of them may follow, late or twice.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from conversations.models import Turn
from conversations.services import doorbell, payloads
from conversations.services.turns.shapes import Begun, Finished

KEPT_SECONDS = 600.0
_MOST = 2000
_PIECE = 24


@dataclass(frozen=True)
class Frame:
    """One event of a turn: its number, its name, its data."""

    number: int
    event: str
    data: Mapping[str, Any]


class Live:
    """One turn on its way: what is known, what was written, and how it ended."""

    def __init__(self, begun: Begun) -> None:
        self.turn_id = begun.turn.public_id
        self.reply_id = begun.turn.reply_public_id
        self.session_id = begun.conversation.public_id
        self.group = doorbell.group_of(self.session_id)
        self.frames: list[Frame] = []
        self.finished: Finished | None = None
        self.written = ""
        self._tokens = 0
        self._changed = asyncio.Event()
        _unfinished.setdefault(self.group, []).append(self)
        self._meta: dict[str, Any] = {
            "session_id": self.session_id,
            "turn_id": self.turn_id,
            "user_message_id": begun.message.public_id,
            "user_seq": begun.message.seq,
            "status": "ok",
            "intent": "unknown",
            "sources": [],
            "citations": [],
            "escalate": False,
            "experiment": None,
            "trace_id": begun.turn.trace_id,
            "cached": False,
        }

    @property
    def opened(self) -> bool:
        """Tell whether the opening event is out."""
        return bool(self.frames)

    def know(self, **known: Any) -> None:
        """Remember what the opening event is to say; too late is no error, the last event says it again."""
        self._meta.update(known)

    def open(self) -> None:
        """Send the opening event, unless it is out."""
        if not self.frames:
            self._add("meta", self._meta)
            doorbell.wake(self.group, from_afar=True)

    async def text(self, piece: str) -> None:
        """Write the next piece of the reply."""
        if piece and self.finished is None:
            self.open()
            self.written += piece
            self._add("token", {"content": piece, "index": self._tokens})
            self._tokens += 1

    async def rest(self, whole: str) -> None:
        """Write what is missing of the finished reply, in pieces that can be watched."""
        missing = whole[len(self.written) :]
        for start in range(0, len(missing), _PIECE):
            await self.text(missing[start : start + _PIECE])

    def end(self, finished: Finished, event: str, data: Mapping[str, Any]) -> None:
        """Send the last event and tell how the turn ended."""
        global _running
        self.open()
        self.finished = finished
        _running -= 1
        others = [each for each in _unfinished.pop(self.group, []) if each is not self]
        if others:
            _unfinished[self.group] = others
        self._add(event, data)

    async def ended(self) -> Finished:
        """Wait for the end of the turn and return it."""
        while self.finished is None:
            await self._changed.wait()
        return self.finished

    async def changed(self, seconds: float) -> None:
        """Wait until something was added, at most `seconds`."""
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            return

    async def follow(self, after: int = -1, *, heartbeat: float = 15.0) -> AsyncIterator[Frame | None]:
        """Yield the events after number `after` to the last one; None each time nothing came for `heartbeat` seconds."""
        next_one = after + 1
        while True:
            while next_one < len(self.frames):
                yield self.frames[next_one]
                next_one += 1
            if self.finished is not None:
                return
            before = len(self.frames)
            await self.changed(heartbeat)
            if len(self.frames) == before and self.finished is None:
                yield None

    def _add(self, event: str, data: Mapping[str, Any]) -> None:
        self.frames.append(Frame(len(self.frames), event, {"type": event, **data}))
        # Whoever waits holds the old event; the next ones wait for the next change.
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()


_lives: OrderedDict[str, Live] = OrderedDict()
# By group, which carries the tenant: two merchants may use the same name for a session. In the order of their beginning.
_unfinished: dict[str, list[Live]] = {}

_running = 0
_most_at_once = 0


def begin(begun: Begun) -> Live:
    """Make a turn known to this process."""
    global _running, _most_at_once
    _running += 1
    _most_at_once = max(_most_at_once, _running)
    live = _lives[begun.turn.public_id] = Live(begun)
    while len(_lives) > _MOST and next(iter(_lives.values())).finished is not None:
        _lives.popitem(last=False)
    return live


def forget_later(live: Live) -> None:
    """Forget a turn when nobody can want to read it again."""
    asyncio.get_running_loop().call_later(KEPT_SECONDS, lambda: _lives.pop(live.turn_id, None))


def running() -> int:
    """Return how many turns this process works on."""
    return _running


def most_at_once() -> int:
    """Return how many turns this process has worked on at the same time, at most."""
    return _most_at_once


def find(turn_id: str) -> Live | None:
    """Return a turn that runs, or ran of late, in this process."""
    return _lives.get(turn_id)


def writing_in(group: str) -> Live | None:
    """Return the turn that is being written in this process, of the conversation whose group this is."""
    waiting = _unfinished.get(group)
    return waiting[0] if waiting else None


def done_data(turn: Turn) -> dict[str, Any]:
    """Return the data of the last event of a turn that has ended well."""
    response = turn.response
    data = response["data"]
    return {
        "turn_count": data["turn_count"],
        "escalate": data["escalate_to_human"],
        "answer": response["reply"],
        "session_id": response["session_id"],
        "message_id": response["message_id"],
        "seq": response["seq"],
        "status": response["status"],
        "data": data,
    }


def meta_data(turn: Turn) -> dict[str, Any]:
    """Return the data of the opening event of a turn that has ended."""
    response = turn.response
    data = response.get("data") or payloads.chat_data()
    return {
        "session_id": response["session_id"],
        "turn_id": turn.public_id,
        "user_message_id": response["user_message_id"],
        "user_seq": response["user_seq"],
        "status": response["status"],
        "intent": data["intent"],
        "sources": data["sources"],
        "citations": data["citations"],
        "escalate": data["escalate_to_human"],
        "experiment": data["experiment"],
        "trace_id": turn.trace_id,
        "cached": data["cached"],
    }


def error_data(code: str) -> dict[str, Any]:
    """Return the data of an `error` event."""
    retryable = code != "taken_over"
    return {
        "message": _ERRORS[code],
        "code": code,
        "detail": _ERRORS[code],
        "request_id": "",
        "retryable": retryable,
    }


_ERRORS = {
    "unavailable": "Temporarily unavailable.",
    "timeout": "The answer took too long.",
    "internal": "Internal error",
    "taken_over": "A person has taken over.",
}


def replayed(turn: Turn) -> list[Frame]:
    """Return the events of a turn whose own are no longer kept: the opening, the whole text at once, the end."""
    frames = [Frame(0, "meta", {"type": "meta", **meta_data(turn)})]
    text = turn.response["reply"]
    if text:
        frames.append(Frame(1, "token", {"type": "token", "content": text, "index": 0}))
    if turn.outcome == Turn.Outcome.TAKEN_OVER:
        frames = [frames[0], Frame(1, "error", {"type": "error", **error_data("taken_over")})]
    else:
        frames.append(Frame(len(frames), "done", {"type": "done", **done_data(turn)}))
    return frames
