"""A socket in this process: the server's application, with queues in the place of the network."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from kimono.asgi import application

_PATIENCE_SECONDS = 20.0
Frame = dict[str, Any]


class Wire:
    """One connection; `code` is its close code once it has ended, or the HTTP status that refused it."""

    def __init__(self) -> None:
        self.to_server: asyncio.Queue[Mapping[str, Any]] = asyncio.Queue()
        self.from_server: asyncio.Queue[Mapping[str, Any]] = asyncio.Queue()
        self.seen: list[Frame] = []
        self.code: int | None = None

    def send(self, kind: str, **fields: Any) -> None:
        """Send one frame."""
        self.to_server.put_nowait({"type": "websocket.receive", "text": json.dumps({"type": kind, **fields})})

    async def next(self) -> Frame | None:
        """Return the next frame, None at the end."""
        async with asyncio.timeout(_PATIENCE_SECONDS):
            message = await self.from_server.get()
        if message["type"] != "websocket.send":
            self.code = message.get("code", self.code)
            return None
        frame: Frame = json.loads(message["text"])
        self.seen.append(frame)
        return frame

    async def until(self, kind: str, **wanted: Any) -> Frame:
        """Return the first frame to come of a type with these fields."""
        while (frame := await self.next()) is not None:
            if frame["type"] == kind and all(frame.get(name) == value for name, value in wanted.items()):
                return frame
        raise AssertionError(f"the socket ended ({self.code}) before {kind}: {self.seen}")

    async def rest(self) -> int | None:
        """Read to the end and return the close code."""
        while await self.next() is not None:
            pass
        return self.code


@asynccontextmanager
async def plugged(
    path: str, *, host: str, headers: Mapping[str, str] | None = None, query: str = ""
) -> AsyncIterator[Wire]:
    """Open a socket inside the block."""
    wire = Wire()
    given = {"host": host, **(headers or {})}
    scope = {
        "type": "websocket",
        "scheme": "ws",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "http_version": "1.1",
        "query_string": query.encode(),
        "headers": [(name.lower().encode(), value.encode()) for name, value in given.items()],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 80),
        "subprotocols": [],
        "extensions": {"websocket.http.response": {}},
    }
    wire.to_server.put_nowait({"type": "websocket.connect"})
    serving = asyncio.create_task(application(scope, wire.to_server.get, wire.from_server.put))
    try:
        answer = await wire.from_server.get()
        if answer["type"] != "websocket.accept":
            wire.code = answer.get("status", 403)
        yield wire
    finally:
        wire.to_server.put_nowait({"type": "websocket.disconnect", "code": 1000})
        async with asyncio.timeout(_PATIENCE_SECONDS):
            await serving
