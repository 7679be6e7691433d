"""What server-sent events show: the events of one turn (api.md 4.4), and those of a conversation (4.5)."""

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

from django.utils import timezone

from conversations.models import Conversation
from conversations.services import payloads
from conversations.services.conversations import Reader
from conversations.services.turns import awaiting
from conversations.services.turns.shapes import Begun
from conversations.services.watching import Show, Watch

HEARTBEAT_SECONDS = 15.0
LONGEST_SECONDS = 3600.0
PING = b": ping\n\n"
# Line ends to some readers of the stream, though not to JSON.
_LINE_ENDS = {0x85: "\\u0085", 0x2028: "\\u2028", 0x2029: "\\u2029"}


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
    watch = Watch(
        conversation,
        reader=reader,
        seq=after_seq,
        show=show,
        seconds=LONGEST_SECONDS,
        quiet_seconds=HEARTBEAT_SECONDS,
    )
    async for seen in watch.all():
        if seen.event == "quiet":
            yield PING
        elif seen.seq is not None:
            yield framed(seen.event, seen.data, id=str(seen.seq))
        else:
            stamp = {"session_id": conversation.public_id, "ts": payloads.moment(timezone.now())}
            yield framed(seen.event, {"type": seen.event, **seen.data, **stamp})
