"""Talks to the bot in this process, as the doors do, and reads what streams say."""

import asyncio
import json
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

from django.utils import timezone

from conversations.models import Conversation, Turn
from conversations.services import chatting, streams
from conversations.services.chatting import Answered
from conversations.services.conversations import Reader
from conversations.services.turns.shapes import Begun, Incoming, Sender
from kimono import providers
from kimono.lib.threads import in_thread

KEY = Sender(kind="key", id="key-1")
AGENT_EYES = Reader(sees_agents=True)
T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` in an event loop of its own and wait for the turns it started."""

    async def whole() -> T:
        try:
            return await work
        finally:
            await settled()
            await providers.close_clients()

    return asyncio.run(whole())


async def settled() -> None:
    """Wait until no turn of this process is under way."""
    from conversations.services.turns import running

    while running._tasks:
        await asyncio.wait(set(running._tasks), timeout=10)


def incoming(text: str, session_id: str | None = None, **more: Any) -> Incoming:
    """Return a message as a door hands it on."""
    return Incoming(text=text, session_id=session_id, channel=more.pop("channel", "web"), **more)


async def say(text: str, session_id: str | None = None, *, by: Sender = KEY, **more: Any) -> Answered:
    """Send a message and return the answer."""
    return await chatting.answer(incoming=incoming(text, session_id, **more), sender=by)


async def begin(text: str, session_id: str | None = None, *, by: Sender = KEY, **more: Any) -> Begun:
    """Send a message whose answer is to be streamed."""
    return await chatting.begin(incoming=incoming(text, session_id, entry="stream", **more), sender=by)


@dataclass(frozen=True)
class Event:
    """One server-sent event."""

    id: str | None
    name: str
    data: dict[str, Any]


def parse(block: bytes) -> Event | None:
    """Read one event; a comment is None. Fails on anything that the contract's framing does not allow."""
    text = block.decode("utf-8")
    assert text.endswith("\n\n")
    assert "\r" not in text
    lines = text[:-2].split("\n")
    if lines[0].startswith(":"):
        assert len(lines) == 1
        return None
    fields = [line.split(": ", 1) for line in lines]
    names = [name for name, _ in fields]
    assert names in (["id", "event", "data"], ["event", "data"])
    values = dict(fields)
    return Event(values.get("id"), values["event"], json.loads(values["data"]))


async def events_of(begun: Begun, *, last_event_id: str | None = None) -> AsyncIterator[Event]:
    """Yield the events of a turn as its stream shows them."""
    chunks = streams.of_turn(
        begun,
        after=streams.after_number(last_event_id, begun.turn.public_id),
        show=dict,
        request_id="req-1",
    )
    async for chunk in chunks:
        event = parse(chunk)
        if event is not None:
            yield event


async def streamed(text: str, session_id: str | None = None, **more: Any) -> list[Event]:
    """Send a message and return all events of its stream, having checked the rules that always hold."""
    begun = await begin(text, session_id, **more)
    events = [event async for event in events_of(begun)]
    assert_well_formed(events)
    return events


def assert_well_formed(events: list[Event]) -> None:
    """Check order, numbers and equality as api.md 4.4 says."""
    names = [event.name for event in events]
    assert names[0] == "meta"
    assert names.count("meta") == 1
    assert names[-1] in ("done", "error")
    assert set(names[1:-1]) <= {"token"}
    numbers = [int((event.id or "").rsplit(".", 1)[1]) for event in events]
    assert numbers == list(range(len(events)))
    tokens = [event.data for event in events if event.name == "token"]
    assert [token["index"] for token in tokens] == list(range(len(tokens)))
    if names[-1] == "done":
        assert "".join(token["content"] for token in tokens) == events[-1].data["answer"]


async def conversation(session_id: str) -> Conversation:
    """Return a conversation's row."""
    return await in_thread(Conversation.objects.select_related("open_handoff").get, public_id=session_id)


async def turns_of(session_id: str) -> list[Turn]:
    """Return a conversation's turns, oldest first."""
    return await in_thread(
        lambda: list(Turn.objects.filter(conversation__public_id=session_id).order_by("id"))
    )


def now() -> Any:
    """Return the time."""
    return timezone.now()
