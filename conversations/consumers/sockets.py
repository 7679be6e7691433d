"""What every socket does: handshake, frames in and out, a sign of life, limits, and a proper end (api.md 15).

A socket stores nothing and remembers nothing: whatever it tells was committed before, so a new one goes on from there.
"""

import asyncio
import json
import logging
import random
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone
from pydantic import BaseModel, ValidationError

from conversations.consumers import knocking
from conversations.consumers.knocking import Knock, Suspended
from conversations.services import open_sockets, payloads
from kimono.lib import db
from kimono.lib.errors import Denied, Invalid, Missing, Refusal, TooMany, Unauthenticated
from kimono.lib.ids import random_part
from kimono.lib.threads import in_thread
from tenants.answers import EXPECTED, refusal_of
from tenants.auth import Principal
from tenants.models import Tenant
from tenants.services import limits

log = logging.getLogger(__name__)
Message: TypeAlias = Mapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
AUTH_SECONDS = 5.0
_MOST_UNKNOWN = 5
_LONGEST_ID = 64
_LIFE_SECONDS = 12 * 3600.0


class Closing(Exception):
    """The socket is to end, with a code of api.md 15.3; without one the client has gone."""

    def __init__(self, code: int | None, reason: str = "", *, reconnect: bool = False) -> None:
        super().__init__(reason)
        self.code, self.reason, self.reconnect = code, reason, reconnect


class Unknown(Invalid):
    """A frame of a type that this socket does not take."""

    def __init__(self) -> None:
        super().__init__("Unknown type", loc=["frame", "type"], type="enum")


class _Bare(BaseModel):
    """A frame without fields."""


@dataclass(frozen=True)
class Taken:
    """One type of frame: its shape, and what is done with it."""

    shape: type[BaseModel]
    by: Callable[[Any, str | None], Awaitable[None]]


class Pace:
    """So many frames in any so many seconds, of one socket."""

    def __init__(self, amount: int, seconds: float) -> None:
        self._times: deque[float] = deque(maxlen=amount or 1)
        self._amount, self._seconds = amount, seconds
        self._warned_at: float | None = None

    def wait(self, now: float) -> float:
        """Count a frame; return how many seconds it came too early, 0 when it may pass."""
        if not self._amount or len(self._times) < self._amount or now - self._times[0] >= self._seconds:
            self._times.append(now)
            return 0.0
        return self._seconds - (now - self._times[0])

    def is_first(self, now: float) -> bool:
        """Tell whether this is the first frame too many of this span."""
        first = self._warned_at is None or now - self._warned_at >= self._seconds
        self._warned_at = now if first else self._warned_at
        return first


class Socket:
    """One connection, from the handshake to its end."""

    pace: ClassVar[str]
    max_bytes: ClassVar[int]
    cookies: ClassVar[bool] = True
    token_in_address: ClassVar[bool] = False
    listed_sites: ClassVar[bool] = False

    def __init__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        self.knock = Knock(scope, self.cookies, self.token_in_address)
        self._receive, self._send = receive, send
        self._loop = asyncio.get_running_loop()
        self._writing = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._ended: asyncio.Future[Closing] = self._loop.create_future()
        self._heard = self._loop.time()
        self._unknown = 0
        self._closed = False
        self.id = f"con-{random_part(16)}"
        self.takes: dict[str, Taken] = {}

    async def serve(self) -> None:
        """Serve the connection."""
        if (await self._receive())["type"] != "websocket.connect":
            return
        try:
            tenant, principal = await in_thread(knocking.settled, self.knock, listed_sites=self.listed_sites)
        except Refusal as refusal:
            await self._refuse(refusal)
            return
        offered = self.knock.protocols
        await self._send(
            {
                "type": "websocket.accept",
                "subprotocol": knocking.PROTOCOL if knocking.PROTOCOL in offered else None,
            }
        )
        try:
            closing = await self._talk(tenant, principal)
        except Closing as early:
            closing = early
        except Exception as error:
            closing = self._crashed(error)
        await self._close(closing)

    async def admit(self, principal: Principal) -> None:
        """Check that the caller may have this socket, and remember what for. Raises refusals."""
        raise NotImplementedError

    def places(self) -> list[tuple[str, str]]:
        """Return what this socket counts as: names of limits and identities."""
        raise NotImplementedError

    async def begin(self) -> None:
        """Greet the client and start what goes on by itself."""
        raise NotImplementedError

    def progress(self) -> dict[str, Any]:
        """Return the highest numbers that the client was told."""
        raise NotImplementedError

    def spoken_to(self) -> None:
        """Tell the client what is new from now on: it has said something, and not that it wants to go back."""
        raise NotImplementedError

    async def heard(self) -> None:
        """Do what follows from a sign of life of the client."""

    async def _talk(self, tenant: Tenant | None, principal: Principal | Refusal) -> Closing:
        if knocking.may_be_asked(principal):
            principal = await self._named(tenant)
        if isinstance(principal, Refusal):
            raise _closing_of(principal)
        self.principal = principal
        if principal.tenant is None:
            raise Closing(4403, "forbidden")
        db.set_scope(db.Scope(tenant=principal.tenant, schema=principal.tenant.schema_name))
        try:
            await self.admit(principal)
        except Refusal as refusal:
            raise _closing_of(refusal) from None
        window = limits.limit_of(self.pace)
        self.factor = limits.factor_for(principal.ip)
        self._pace = Pace(window.amount * self.factor, window.seconds)
        async with open_sockets.counted(self.places(), factor=self.factor, close=self._evict) as place:
            self._place = place
            await self.begin()
            self.spawn(self._read())
            self.spawn(self._live())
            _open.add(self)
            try:
                closing = await self._ended
                # Before anything else: a server that stops gives it a tenth of a second.
                await self._close(closing)
                return closing
            finally:
                _open.discard(self)
                for task in self._tasks:
                    task.cancel()
                await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _named(self, tenant: Tenant | None) -> Principal | Refusal:
        """Wait for the first frame, which says who calls. Raises `Closing`."""
        try:
            async with asyncio.timeout(AUTH_SECONDS):
                frame = self._parsed(await self._receive())
        except TimeoutError:
            raise Closing(4408, "auth_timeout", reconnect=True) from None
        token = frame.get("token")
        if frame.get("type") != "auth" or not isinstance(token, str) or not token:
            raise Closing(4401, "unauthenticated")
        try:
            principal = await in_thread(knocking.recognise, self.knock, tenant, token)
        except Refusal as refusal:
            return refusal
        if principal.kind == "anonymous":
            raise Closing(4401, "unauthenticated")
        return principal

    def spawn(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        """Do something beside the rest; when it fails the socket ends."""
        task = asyncio.create_task(self._guarded(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Closing as closing:
            self.end(closing)
        except Exception as error:
            self.end(self._crashed(error))

    def _crashed(self, error: Exception) -> Closing:
        if isinstance(error, DatabaseError):
            log.warning("a socket ends: the database does not answer (%s)", type(error).__name__)
        else:
            log.exception("a socket crashed", exc_info=error)
        return Closing(1011, "internal", reconnect=True)

    def end(self, closing: Closing) -> None:
        """End the socket."""
        if not self._ended.done():
            self._ended.set_result(closing)

    def end_soon(self, closing: Closing) -> None:
        """End the socket; from any thread."""
        self._loop.call_soon_threadsafe(self.end, closing)

    def _evict(self) -> None:
        self.end_soon(Closing(4409, "too_many_sockets"))

    async def frame(self, kind: str, /, **fields: Any) -> None:
        """Send one frame; fields that are None are left out."""
        body = {"type": kind, **{name: value for name, value in fields.items() if value is not None}}
        body.setdefault("ts", payloads.moment(timezone.now()))
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        async with self._writing:
            await self._send({"type": "websocket.send", "text": text})

    async def refuse(self, refusal: Refusal, id: str | None, **about: Any) -> None:
        """Tell why a frame was not taken."""
        retry_after = refusal.extra.get("retry_after")
        more = {key: value for key, value in refusal.extra.items() if key != "retry_after"} | about
        await self.frame(
            "error", id=id, code=refusal.code, detail=refusal.detail, retry_after=retry_after, **more
        )

    async def _read(self) -> None:
        while True:
            message = await self._receive()
            frame = self._parsed(message)
            self._heard = now = self._loop.time()
            wait = self._pace.wait(now)
            if not wait:
                await self._take(frame)
            elif self._pace.is_first(now):
                await self.refuse(TooMany(retry_after=int(wait) + 1), _id_of(frame))
            else:
                raise Closing(4429, "rate_limited", reconnect=True)

    def _parsed(self, message: Message) -> dict[str, Any]:
        if message["type"] == "websocket.disconnect":
            raise Closing(None)
        text = message.get("text")
        if text is None:
            raise Closing(4400, "not_text")
        if len(text) > self.max_bytes or len(text.encode()) > self.max_bytes:
            raise Closing(4413, "payload_too_large")
        try:
            frame = json.loads(text)
        except (ValueError, RecursionError):
            raise Closing(4400, "invalid_json") from None
        if not isinstance(frame, dict):
            raise Closing(4400, "invalid_json")
        return frame

    async def _take(self, frame: dict[str, Any]) -> None:
        id = _id_of(frame)
        try:
            taken = self._known(frame.get("type"))
            if frame.get("type") != "resume":
                self.spoken_to()
            if taken is not None:
                await taken.by(_shaped(taken.shape, frame), id)
        except EXPECTED as error:
            await self.refuse(refusal_of(error), id)

    def _known(self, kind: Any) -> Taken | None:
        if kind == "pong":
            return None
        if kind == "ping":
            return Taken(_Bare, self._answer_ping)
        if isinstance(kind, str) and kind in self.takes:
            return self.takes[kind]
        self._unknown += 1
        if self._unknown >= _MOST_UNKNOWN:
            raise Closing(4400, "unknown_type")
        raise Unknown

    async def _answer_ping(self, _: BaseModel, id: str | None) -> None:
        await self.frame("pong", id=id)

    async def _live(self) -> None:
        """Give a sign of life from time to time, and end when none comes back, or after half a day."""
        told = self._loop.time()
        end = told + _LIFE_SECONDS * random.uniform(0.9, 1.1)
        while self._loop.time() < end:
            await asyncio.sleep(settings.SOCKET_PING_SECONDS)
            if self._loop.time() - self._heard > knocking.silence_seconds():
                raise Closing(4408, "heartbeat_timeout", reconnect=True)
            if await self._place.is_lost():
                raise Closing(4409, "too_many_sockets")
            await self.frame("ping", **self.progress())
            if self._heard > told:
                await self.heard()
            told = self._loop.time()
        raise Closing(1001, "restart", reconnect=True)

    async def _refuse(self, refusal: Refusal) -> None:
        """Answer the handshake with an HTTP status, where the server can; else it is 403."""
        if "websocket.http.response" not in (self.knock.scope.get("extensions") or {}):
            await self._send({"type": "websocket.close", "code": 1008})
            return
        body = json.dumps({"detail": refusal.detail, "code": refusal.code}).encode()
        headers = [(b"content-type", b"application/json; charset=utf-8")]
        await self._send(
            {"type": "websocket.http.response.start", "status": refusal.status, "headers": headers}
        )
        await self._send({"type": "websocket.http.response.body", "body": body})

    async def _close(self, closing: Closing) -> None:
        if closing.code is None or self._closed:
            return
        self._closed = True
        try:
            await self.frame("bye", reason=closing.reason, reconnect=closing.reconnect)
            async with self._writing:
                await self._send({"type": "websocket.close", "code": closing.code, "reason": closing.reason})
        except (OSError, RuntimeError):
            # The client did not wait for it.
            return


_open: set[Socket] = set()


def end_all() -> None:
    """Tell every client of this process to come again, for the process is to end; from any thread."""
    for socket in list(_open):
        socket.end_soon(Closing(1001, "restart", reconnect=True))


def _closing_of(refusal: Refusal) -> Closing:
    if isinstance(refusal, Suspended):
        return Closing(4403, "tenant_suspended")
    if isinstance(refusal, Unauthenticated):
        return Closing(4401, "unauthenticated")
    if isinstance(refusal, Missing):
        return Closing(4404, "not_found")
    if isinstance(refusal, Denied):
        return Closing(4403, refusal.code)
    if isinstance(refusal, TooMany):
        return Closing(4429, "rate_limited", reconnect=True)
    return Closing(1011, refusal.code, reconnect=True)


def _id_of(frame: Mapping[str, Any]) -> str | None:
    id = frame.get("id")
    return id if isinstance(id, str) and 0 < len(id) <= _LONGEST_ID else None


def _shaped(shape: type[BaseModel], frame: dict[str, Any]) -> BaseModel:
    try:
        return shape.model_validate(frame)
    except ValidationError as error:
        raise _Wrong(error) from None


class _Wrong(Refusal):
    """A frame whose fields break rules."""

    status = 422
    code = "validation_error"

    def __init__(self, error: ValidationError) -> None:
        super().__init__(
            [
                {"loc": ["frame", *each["loc"]], "msg": each["msg"], "type": each["type"]}
                for each in error.errors(include_url=False, include_context=False, include_input=False)
            ]
        )
