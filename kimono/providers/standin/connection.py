"""One exchange with a client, down to the socket: bodies, streams, and ways to break them off."""

import asyncio
import json
import socket
import struct
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from kimono.providers.standin.state import Entry

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

TRANSPORT = "kimono.transport"


class Gone(Exception):
    """The client has left."""


class Connection:
    """One request that is being answered."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.method = str(scope["method"])
        self.path = str(scope["path"])
        self.entry: Entry | None = None
        self._transport: asyncio.Transport | None = scope.get(TRANSPORT)
        self._receive = receive
        self._send = send

    async def body(self) -> bytes:
        """Read the request's body. Raises Gone."""
        body = bytearray()
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise Gone
            body += message.get("body", b"")
            if not message.get("more_body"):
                return bytes(body)

    async def until_gone(self) -> None:
        """Wait until the client leaves."""
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def start(self, status: int, content_type: str, **headers: str) -> None:
        """Send status and headers."""
        lines = [(b"content-type", content_type.encode())]
        lines += [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        await self._send({"type": "http.response.start", "status": status, "headers": lines})

    async def write(self, data: bytes) -> None:
        """Send a part of the body."""
        await self._send({"type": "http.response.body", "body": data, "more_body": True})

    async def event(self, value: object) -> None:
        """Send one event of a stream."""
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        await self.write(f"data: {text}\n\n".encode())

    async def end(self) -> None:
        """End the body properly."""
        if self.entry is not None:
            self.entry.finished()
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def json(self, status: int, value: object, **headers: str) -> None:
        """Send a whole JSON answer."""
        await self.start(status, "application/json", **headers)
        await self.write(json.dumps(value, ensure_ascii=False).encode())
        await self.end()

    def reset(self) -> None:
        """Break the TCP connection with a reset."""
        if self.entry is not None:
            self.entry.finished()
        if self._transport is None:
            raise RuntimeError("a reset needs the stand-in's own server")
        raw: socket.socket = self._transport.get_extra_info("socket")
        # Lingering for zero seconds makes the kernel send RST in place of FIN.
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()
