"""Watching a conversation: what was missed, then what comes, for whoever shows it (event streams and sockets).

PostgreSQL says what happened; the doorbell only says when to look, and every watcher also looks by itself.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from conversations.models import Conversation, Message
from conversations.services import doorbell, handoffs, overdue, reading_together, standing
from conversations.services.conversations import Reader
from conversations.services.turns import drafts, live
from conversations.services.turns.live import Frame, Live
from kimono.lib import stopping
from kimono.lib.threads import in_thread

TICK_SECONDS = 5.0
# Pieces of a reply are gathered this long: a socket gets at most so many frames a second.
DRAFT_SECONDS = 0.06
_GROWING_SECONDS = 1.0
Show = Callable[[Mapping[str, Any]], Mapping[str, Any]]


@dataclass(frozen=True)
class Seen:
    """One thing that a watcher sees: with its number when it was committed, else None."""

    event: str
    data: Mapping[str, Any]
    seq: int | None = None


@dataclass
class Resumption:
    """A reader's wish to hear again all that came after a number.

    `caught_up` tells how far that went and how much it was; then the watcher waits for `go_on`.
    """

    after_seq: int
    caught_up: "asyncio.Future[tuple[int, int]]" = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )
    go_on: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass
class _Draft:
    """How much of a reply in the making was shown."""

    message_id: str
    shown: int = 0
    index: int = 0


class Watch:
    """One reader's place in a conversation. One task at a time reads it."""

    def __init__(
        self,
        conversation: Conversation,
        *,
        reader: Reader,
        seq: int,
        show: Show,
        seconds: float,
        quiet_seconds: float | None = None,
    ) -> None:
        self.conversation, self.reader, self.seq, self.show = conversation, reader, seq, show
        self.session_id, self.state = conversation.public_id, conversation.state
        self.group = doorbell.group_of(self.session_id)
        self.seconds, self.quiet_seconds = seconds, quiet_seconds
        self._draft: _Draft | None = None
        self._over = ""
        self._from_the_start = False
        self._queue: tuple[int, int | None] | None = None
        self._wishes: list[Resumption] = []
        self._bell: doorbell.Listener | None = None

    async def all(self) -> AsyncIterator[Seen]:
        """Yield what was missed, `ready`, then what comes, and at the end `bye`; `quiet` where nothing comes."""
        # The watcher listens before it reads: what comes in between rings.
        async with doorbell.listening(self.group) as self._bell:
            reached = await in_thread(_last_seq, self.conversation.pk)
            # A number that the conversation has not reached would hide what is yet to come.
            self.seq = min(self.seq, reached)
            # Who has asked already from where to go on is not told of anything later first.
            if not self._wishes:
                async for seen in self._missed():
                    yield seen
                self.seq = max(self.seq, reached)
            yield Seen("ready", {"last_seq": self.seq})
            async for seen in self._live(self._bell):
                yield seen

    def resume(self, after_seq: int) -> Resumption:
        """Go back to a number; in the event loop of the watcher."""
        wish = Resumption(after_seq)
        self._wishes.append(wish)
        if self._bell is not None:
            self._bell.wake()
        return wish

    async def _missed(self) -> AsyncIterator[Seen]:
        """Yield what was committed after the reader's number."""
        while True:
            rows = await reading_together.since(
                group=self.group,
                conversation_pk=self.conversation.pk,
                public_id=self.session_id,
                seq=self.seq,
            )
            for row in rows:
                self.seq = row.seq
                if row.for_agents and not self.reader.sees_agents:
                    continue
                for seen in self._noted(row.type, row.data):
                    yield seen
                yield Seen(row.type, self.show(row.data), row.seq)
            if len(rows) < reading_together.MOST:
                return

    def _noted(self, kind: str, data: Mapping[str, Any]) -> list[Seen]:
        """Keep what a committed event means for the watcher; return what is to be shown before it."""
        if kind == "message" and data["message"]["author"] == "bot":
            self._over, self._draft = data["message"]["message_id"], None
        elif kind == "state":
            self.state = data["state"]
            if self.state != Conversation.State.BOT and self._draft is not None:
                return [self._abort(self._draft.message_id, "takeover")]
        return []

    async def _live(self, bell: doorbell.Listener) -> AsyncIterator[Seen]:
        """Yield what comes, until the time is over, the merchant is suspended or the server stops."""
        goodbye: dict[str, Any] = {"reason": "restart", "reconnect": True}
        loop = asyncio.get_running_loop()
        end, ticked, looked, quiet_since = loop.time() + self.seconds, 0.0, loop.time(), loop.time()
        before: Live | None = None
        new, first, rung = False, True, False
        while (now := loop.time()) < end and not stopping.asked():
            shown: list[Seen] = []
            if now - ticked >= TICK_SECONDS:
                ticked = now
                if not await standing.tenant_is_active():
                    goodbye = {"reason": "tenant_suspended", "reconnect": False}
                    break
                shown += await self._queued()
            for wish in self._taken_wishes():
                async for seen in self._fulfilled(wish):
                    yield seen
                new, first = True, True
            writing = live.writing_in(self.group)
            # Who writes elsewhere rings for each piece: without a ring there is nothing to look for.
            quiet = writing is None and self._draft is None and not (first or rung)
            grown = [] if quiet else await self._drafted(writing, from_the_start=not first)
            first = False
            shown += [*(Seen(word["type"], word["data"]) for word in bell.words()), *grown]
            for seen in shown:
                quiet_since = loop.time()
                yield seen
            # A draft that grows rings too; rows are not read for each piece of it.
            if new and (not grown or now - looked >= _GROWING_SECONDS):
                new, looked = False, loop.time()
                async for seen in self._missed():
                    quiet_since = loop.time()
                    yield seen
            for seen in self._aborted(before):
                yield seen
            before = writing
            if self.quiet_seconds is not None and loop.time() - quiet_since >= self.quiet_seconds:
                quiet_since = loop.time()
                yield Seen("quiet", {})
            rung = await self._wait(bell, writing, new)
            new |= rung
            if not new and loop.time() - looked >= settings.POLL_SECONDS:
                looked = loop.time()
                overdue.ask(conversation_pk=self.conversation.pk, seq=self.seq, bell=bell)
        yield Seen("bye", goodbye)

    def _taken_wishes(self) -> list[Resumption]:
        wishes, self._wishes = self._wishes, []
        return wishes

    async def _fulfilled(self, wish: Resumption) -> AsyncIterator[Seen]:
        """Yield what came after the number of a wish, say so, and wait until it may go on."""
        reached = await in_thread(_last_seq, self.conversation.pk)
        self.seq, count, self._draft = min(wish.after_seq, reached), 0, None
        async for seen in self._missed():
            count += 1
            yield seen
        self.seq = max(self.seq, reached)
        if not wish.caught_up.done():
            wish.caught_up.set_result((self.seq, count))
        await wish.go_on.wait()

    async def _wait(self, bell: doorbell.Listener, writing: Live | None, hurry: bool) -> bool:
        """Wait for something to show; tell whether rows are to be read."""
        if writing is None:
            pause = DRAFT_SECONDS if hurry else min(TICK_SECONDS, settings.POLL_SECONDS)
            if self.quiet_seconds is not None:
                pause = min(pause, self.quiet_seconds)
            return await bell.wait(pause)
        await writing.changed(1.0)
        await asyncio.sleep(DRAFT_SECONDS)
        return await bell.wait(0.001) or writing.finished is not None

    async def _drafted(self, writing: Live | None, *, from_the_start: bool) -> list[Seen]:
        """Return what is new of a reply in the making: all of it so far to who comes late, then what was added."""
        # A turn may write on for a moment after a person has taken over: nobody is shown what will not be said.
        if self.state in Conversation.HUMAN:
            return []
        if writing is not None:
            text, message_id = writing.written, writing.reply_id
        else:
            text, message_id, broken = await self._drafted_elsewhere()
            if broken and self._draft is not None and self._draft.message_id == message_id:
                return [self._abort(message_id, "error")]
        if self._draft is not None and message_id and self._draft.message_id != message_id:
            self._draft = None
        if not text or message_id == self._over or (self._draft and len(text) <= self._draft.shown):
            return []
        late = self._draft is None and not from_the_start
        if late and await in_thread(_is_said, self.conversation.pk, message_id):
            # Its turn is not quite over, but who comes now knows the message, and would be told of it no more.
            self._over = message_id
            return []
        event = "snapshot" if late else "delta"
        draft = self._draft = self._draft or _Draft(message_id)
        content = text[draft.shown :]
        seen = Seen(event, {"message_id": message_id, "index": draft.index, "content": content})
        draft.shown, draft.index = len(text), draft.index + 1
        return [seen]

    async def _drafted_elsewhere(self) -> tuple[str, str, bool]:
        """Return the text so far of a reply that another process writes, its id, and whether it has broken off."""
        nothing = ("", "", False)
        writing = await drafts.writing_in(self.session_id)
        if writing is None or writing[1] == self._over or live.find(writing[0]) is not None:
            return nothing
        frames: list[Frame] = await drafts.read(writing[0], -1)
        if not frames or frames[-1].event == "done":
            return nothing
        if frames[-1].event == "error":
            return "", writing[1], True
        return "".join(frame.data["content"] for frame in frames if frame.event == "token"), writing[1], False

    def _aborted(self, writing: Live | None) -> list[Seen]:
        """Return the word that a draft is to be dropped, when its turn has ended without a message."""
        if writing is None or writing.finished is None or self._draft is None:
            return []
        if self._draft.message_id != writing.reply_id or writing.finished.response.get("message_id"):
            return []
        return [self._abort(writing.reply_id, _why(writing))]

    def _abort(self, message_id: str, reason: str) -> Seen:
        self._over, self._draft = message_id, None
        return Seen("abort", {"message_id": message_id, "reason": reason})

    async def _queued(self) -> list[Seen]:
        """Return the place in the queue, where there is one and it is news."""
        if self.state != Conversation.State.PENDING:
            self._queue = None
            return []
        place = await in_thread(_place, self.conversation.pk)
        news = [] if place in (None, self._queue) else [place]
        self._queue = place
        return [
            Seen("queue", {"position": each[0], "estimated_wait_seconds": each[1]}) for each in news if each
        ]


def _why(writing: Live) -> str:
    finished = writing.finished
    if finished is not None and finished.response.get("data", {}).get("stopped"):
        return "stopped"
    return "error" if finished is not None and finished.error else "takeover"


def _last_seq(conversation_pk: int) -> int:
    return Conversation.objects.values_list("last_seq", flat=True).get(pk=conversation_pk)


def _is_said(conversation_pk: int, message_id: str) -> bool:
    return Message.objects.filter(conversation=conversation_pk, public_id=message_id).exists()


def _place(conversation_pk: int) -> tuple[int, int | None] | None:
    conversation = Conversation.objects.select_related("open_handoff").get(pk=conversation_pk)
    position = handoffs.queue_position(conversation)
    return None if position is None else (position, handoffs.estimated_wait_seconds(position))
