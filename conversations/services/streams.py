"""What server-sent events show: the events of one turn (api.md 4.4), and those of a conversation (4.5)."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils import timezone

from conversations.models import Conversation
from conversations.services import conversations, doorbell, handoffs, payloads, timeline
from conversations.services.conversations import Reader
from conversations.services.turns import awaiting, drafts, live
from conversations.services.turns.live import Frame, Live
from conversations.services.turns.shapes import Begun
from kimono.lib import db, stopping
from kimono.lib.threads import in_thread
from tenants.models import Tenant
from tenants.services import hosts

HEARTBEAT_SECONDS = 15.0
LONGEST_SECONDS = 3600.0
_TICK_SECONDS = 5.0
_DRAFT_SECONDS = 0.06
PING = b": ping\n\n"
# Line ends to some readers of the stream, though not to JSON.
_LINE_ENDS = {0x85: "\\u0085", 0x2028: "\\u2028", 0x2029: "\\u2029"}
Show = Callable[[Mapping[str, Any]], Mapping[str, Any]]


def framed(event: str, data: Mapping[str, Any], *, id: str | None = None) -> bytes:
    """Return one event as bytes: `id:` where there is one, `event:`, exactly one `data:` line, an empty line."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":")).translate(_LINE_ENDS)
    first = f"id: {id}\n" if id is not None else ""
    return f"{first}event: {event}\ndata: {text}\n\n".encode()


async def of_turn(begun: Begun, *, after: int, show: Show, request_id: str) -> AsyncIterator[bytes]:
    """Yield the events of a turn after number `after`, with a ping where nothing comes for 15 seconds."""
    turn_id = begun.turn.public_id
    async for frame in awaiting.frames(begun, after=after, heartbeat=HEARTBEAT_SECONDS):
        if frame is None:
            yield PING
        elif frame.event == "error":
            data = {**frame.data, "request_id": request_id}
            yield framed("error", data, id=f"{turn_id}.{frame.number}")
        else:
            yield framed(frame.event, show(frame.data), id=f"{turn_id}.{frame.number}")


def after_number(last_event_id: str | None, turn_id: str) -> int:
    """Return the number in a `Last-Event-ID` of this turn; -1 (everything) for any other."""
    name, _, number = (last_event_id or "").rpartition(".")
    return int(number) if name == turn_id and number.isdecimal() and len(number) < 10 else -1


async def of_conversation(
    conversation: Conversation, *, reader: Reader, after_seq: int, show: Show
) -> AsyncIterator[bytes]:
    """Yield what happens in a conversation after a number: what was missed, `ready`, then live, for an hour at most."""
    # The reader listens before it reads: what comes in between rings.
    async with doorbell.listening(doorbell.group_of(conversation.public_id)) as bell:
        reached = await in_thread(_last_seq, conversation.pk)
        # A number that the conversation has not reached would hide what is yet to come.
        watch = _Watch(conversation, reader, min(after_seq, reached), show)
        async for chunk in watch.missed():
            yield chunk
        yield watch.ready(reached)
        async for chunk in watch.live(bell):
            yield chunk


@dataclass
class _Draft:
    """How much of a reply in the making was shown."""

    message_id: str
    shown: int = 0
    index: int = 0


class _Watch:
    """One reader's place in a conversation."""

    def __init__(self, conversation: Conversation, reader: Reader, seq: int, show: Show) -> None:
        self.conversation, self.reader, self.seq, self.show = conversation, reader, seq, show
        self.session_id = conversation.public_id
        self.draft: _Draft | None = None
        self.queue: tuple[int, int | None] | None = None
        self.quiet_since = asyncio.get_running_loop().time()

    async def missed(self) -> AsyncIterator[bytes]:
        """Yield what was committed after the reader's number."""
        while True:
            rows = await in_thread(
                timeline.since,
                conversation_pk=self.conversation.pk,
                public_id=self.session_id,
                reader=self.reader,
                seq=self.seq,
            )
            for seq, kind, data in rows:
                self.seq = seq
                self._forget_draft(data)
                yield self._sent(framed(kind, self.show(data), id=str(seq)))
            if len(rows) < timeline.MOST:
                return

    def ready(self, reached: int) -> bytes:
        """Return the event that says that from here on it is live; `reached` was the last number before reading."""
        self.seq = max(self.seq, reached)
        return self._event("ready", last_seq=self.seq)

    async def live(self, bell: doorbell.Listener) -> AsyncIterator[bytes]:
        """Yield what comes, until an hour is over, the merchant is suspended or the server stops."""
        goodbye: dict[str, Any] = {"reason": "restart", "reconnect": True}
        loop = asyncio.get_running_loop()
        end, ticked, looked = loop.time() + LONGEST_SECONDS, 0.0, loop.time()
        while (now := loop.time()) < end and not stopping.asked():
            if now - ticked >= _TICK_SECONDS:
                ticked = now
                if not await in_thread(_tenant_is_active):
                    goodbye = {"reason": "tenant_suspended", "reconnect": False}
                    break
                for chunk in await self._queued():
                    yield chunk
            writing = live.writing_in(self.session_id)
            grown = await self._drafted(writing)
            for chunk in grown:
                yield chunk
            rung = await self._wait(bell, writing)
            # A draft that grows rings too; rows are not read for each piece of it.
            if (rung and not grown) or loop.time() - looked >= (1.0 if rung else settings.POLL_SECONDS):
                looked = loop.time()
                async for chunk in self.missed():
                    yield chunk
            for chunk in self._aborted(writing):
                yield chunk
            if loop.time() - self.quiet_since >= HEARTBEAT_SECONDS:
                yield self._sent(PING)
        yield self._event("bye", **goodbye)

    async def _wait(self, bell: doorbell.Listener, writing: Live | None) -> bool:
        """Wait for something to show; tell whether rows are to be read."""
        if writing is None:
            return await bell.wait(min(_TICK_SECONDS, settings.POLL_SECONDS))
        await writing.changed(1.0)
        await asyncio.sleep(_DRAFT_SECONDS)
        return await bell.wait(0.001) or writing.finished is not None

    async def _drafted(self, writing: Live | None) -> list[bytes]:
        """Return what is new of a reply in the making: first all of it so far, then what was added."""
        if writing is not None:
            text, message_id = writing.written, writing.reply_id
        else:
            text, message_id = await self._drafted_elsewhere()
        if self.draft is not None and self.draft.message_id != message_id and message_id:
            self.draft = None
        if not text or (self.draft is not None and len(text) <= self.draft.shown):
            return []
        draft = self.draft = self.draft or _Draft(message_id)
        event, content = ("delta" if draft.shown else "snapshot"), text[draft.shown :]
        chunk = self._event(event, message_id=message_id, index=draft.index, content=content)
        draft.shown, draft.index = len(text), draft.index + 1
        return [chunk]

    async def _drafted_elsewhere(self) -> tuple[str, str]:
        """Return the text so far of a reply that another process writes, and its id; empty when there is none."""
        writing = await drafts.writing_in(self.session_id)
        if writing is None or live.find(writing[0]) is not None:
            return "", ""
        frames: list[Frame] = await drafts.read(writing[0], -1)
        if not frames or frames[-1].event in ("done", "error"):
            return "", ""
        return "".join(frame.data["content"] for frame in frames if frame.event == "token"), writing[1]

    def _aborted(self, writing: Live | None) -> list[bytes]:
        """Return the word that a draft is to be dropped, when its turn has ended without a message."""
        if writing is None or writing.finished is None or self.draft is None:
            return []
        if self.draft.message_id != writing.reply_id or writing.finished.response.get("message_id"):
            return []
        reason = {"": "takeover"}.get(writing.finished.error, "error")
        chunk = self._event("abort", message_id=writing.reply_id, reason=reason)
        self.draft = None
        return [chunk]

    async def _queued(self) -> list[bytes]:
        """Return the place in the queue, where there is one and it is news."""
        place = await in_thread(_place, self.conversation.pk)
        news = [] if place in (None, self.queue) else [place]
        self.queue = place
        return [
            self._event("queue", position=each[0], estimated_wait_seconds=each[1]) for each in news if each
        ]

    def _forget_draft(self, data: Mapping[str, Any]) -> None:
        if data.get("type") == "message" and data["message"]["author"] == "bot":
            self.draft = None

    def _event(self, event: str, **data: Any) -> bytes:
        stamp = {"session_id": self.session_id, "ts": payloads.moment(timezone.now())}
        return self._sent(framed(event, {"type": event, **data, **stamp}))

    def _sent(self, chunk: bytes) -> bytes:
        self.quiet_since = asyncio.get_running_loop().time()
        return chunk


def _last_seq(conversation_pk: int) -> int:
    return Conversation.objects.values_list("last_seq", flat=True).get(pk=conversation_pk)


def _place(conversation_pk: int) -> tuple[int, int | None] | None:
    conversation = Conversation.objects.select_related("open_handoff").get(pk=conversation_pk)
    position = handoffs.queue_position(conversation)
    return None if position is None else (position, handoffs.estimated_wait_seconds(position))


def _tenant_is_active() -> bool:
    tenant = hosts.tenant_by_slug(db.current_tenant().public_id)
    return tenant is not None and tenant.status == Tenant.Status.ACTIVE


def open_conversation(*, public_id: str, reader: Reader) -> Conversation:
    """Return the conversation to be watched. Raises `Missing`."""
    return conversations.get(public_id=public_id, reader=reader)
