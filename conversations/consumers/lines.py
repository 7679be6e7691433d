"""The server's side of one connection: frames one after the other, a refusal before it opens, and a last word."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

from django.utils import timezone

from conversations.consumers.closings import Closing
from conversations.services import payloads
from kimono.lib.errors import Refusal

Message: TypeAlias = Mapping[str, Any]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
_NOT_ALWAYS = frozenset({"id", "client_message_id", "message_id", "seq", "retry_after"})


class Line:
    """What is said to one client."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._writing = asyncio.Lock()
        self._closed = self._over = False

    async def accept(self, subprotocol: str | None) -> None:
        """Open the connection."""
        await self._send({"type": "websocket.accept", "subprotocol": subprotocol})

    async def turn_away(self, refusal: Refusal, *, with_status: bool) -> None:
        """Answer the handshake with an HTTP status, where the server can (`with_status`); else it is 403."""
        if not with_status:
            await self._send({"type": "websocket.close", "code": 1008})
            return
        body = json.dumps({"detail": refusal.detail, "code": refusal.code}).encode()
        headers = [(b"content-type", b"application/json; charset=utf-8")]
        await self._send(
            {"type": "websocket.http.response.start", "status": refusal.status, "headers": headers}
        )
        await self._send({"type": "websocket.http.response.body", "body": body})

    async def frame(self, kind: str, /, **fields: Any) -> None:
        """Send one frame; of the fields that not every frame of its type has, those that are None are left out.

        Raises `Closing` when nobody is there to hear it.
        """
        given = {
            name: value for name, value in fields.items() if value is not None or name not in _NOT_ALWAYS
        }
        body = {"type": kind, **given}
        body.setdefault("ts", payloads.moment(timezone.now()))
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        async with self._writing:
            if self._over:
                raise Closing(None)
            try:
                await self._send({"type": "websocket.send", "text": text})
            except OSError:
                # The client has gone, as clients do.
                raise Closing(None) from None

    async def refuse(self, refusal: Refusal, id: str | None, **about: Any) -> None:
        """Tell why a frame was not taken."""
        retry_after = refusal.extra.get("retry_after")
        more = {key: value for key, value in refusal.extra.items() if key != "retry_after"} | about
        await self.frame(
            "error", id=id, code=refusal.code, detail=refusal.detail, retry_after=retry_after, **more
        )

    async def close(self, closing: Closing) -> None:
        """Say goodbye and close the connection, once."""
        if closing.code is None or self._closed:
            return
        self._closed = True
        try:
            await self.frame("bye", reason=closing.reason, reconnect=closing.reconnect)
            async with self._writing:
                self._over = True
                await self._send({"type": "websocket.close", "code": closing.code, "reason": closing.reason})
        except (Closing, OSError, RuntimeError):
            # The client did not wait for it.
            return
