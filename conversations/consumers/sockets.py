"""What every socket does: handshake, frames in and out, a sign of life, limits, and a proper end (api.md 15).

A socket stores nothing and remembers nothing: whatever it tells was committed before, so a new one goes on from there.
"""

import asyncio
import logging
import random
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import nullcontext
from typing import Any, ClassVar, TypeAlias

from django.conf import settings
from django.db import DatabaseError
from pydantic import BaseModel

from conversations.consumers import knocking, roofs
from conversations.consumers.closings import Closing, closing_of, internal, restart
from conversations.consumers.knocking import Knock
from conversations.consumers.lines import Line, Message, Send
from conversations.consumers.pace import Pace
from conversations.consumers.taking import Bare, Taken, Unknown, id_of, parsed, shaped
from conversations.services import open_sockets
from kimono.lib import db, stopping
from kimono.lib.errors import Denied, Refusal, TooMany, Unavailable
from kimono.lib.ids import random_part
from kimono.lib.threads import in_thread
from tenants.answers import EXPECTED, refusal_of
from tenants.auth import Principal
from tenants.models import Tenant
from tenants.services import limits

log = logging.getLogger(__name__)
Receive: TypeAlias = Callable[[], Awaitable[Message]]
AUTH_SECONDS = 5.0
_MOST_UNKNOWN = 5
_LIFE_SECONDS = 12 * 3600.0
# What a socket does beside reading ends at once when it is cancelled; what does not is told again, and then left alone.
_PATIENCE_SECONDS = 1.0
_TIMES_TOLD = 3


class Socket(ABC):
    """One connection, from the handshake to its end."""

    pace: ClassVar[str]
    max_bytes: ClassVar[int]
    cookies: ClassVar[bool] = True
    token_in_address: ClassVar[bool] = False
    listed_sites: ClassVar[bool] = False
    on_platform: ClassVar[bool] = False

    def __init__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        self.knock = Knock(scope, self.cookies, self.token_in_address)
        self._receive = receive
        self._line = Line(send)
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._ended: asyncio.Future[Closing] = self._loop.create_future()
        self._heard = self._loop.time()
        self._unknown = 0
        self.id = f"con-{random_part(16)}"
        self.takes: dict[str, Taken] = {}
        self.attended: roofs.Attended | None = None
        self.frame, self.refuse = self._line.frame, self._line.refuse

    @abstractmethod
    async def admit(self, principal: Principal) -> None:
        """Check that the caller may have this socket, and remember what for. Raises refusals."""

    @abstractmethod
    def places(self) -> list[tuple[str, str]]:
        """Return what this socket counts as: names of limits and identities."""

    @abstractmethod
    async def begin(self) -> None:
        """Greet the client and start what goes on by itself."""

    @abstractmethod
    def progress(self) -> dict[str, Any]:
        """Return the highest numbers that the client was told."""

    @abstractmethod
    def spoken_to(self) -> None:
        """Tell the client what is new from now on: it has said something, and not that it wants to go back."""

    async def welcome(self, *, last_seq: int, streams_at_once: int | None = None, **fields: Any) -> None:
        """Greet the client: what it may send, and from where it goes on."""
        window = limits.limit_of(self.pace)
        bounds = {
            "frames": window.amount * self.factor,
            "seconds": window.seconds,
            "frame_bytes": self.max_bytes,
        }
        if streams_at_once is not None:
            bounds["streams"] = streams_at_once
        await self.frame(
            "welcome",
            connection_id=self.id,
            heartbeat_seconds=settings.SOCKET_PING_SECONDS,
            limits=bounds,
            last_seq=last_seq,
            **fields,
        )

    async def heard(self) -> None:
        """Do what follows from a sign of life of the client: nothing, unless the socket wants to."""
        return

    def may_be_asked(self, principal: Principal | Refusal) -> bool:
        """Tell whether nobody has been named yet, so that the first frame may."""
        return isinstance(principal, Principal) and principal.kind == "anonymous"

    def scope_of(self, principal: Principal) -> db.Scope:
        """Return whose data the socket works on. Raises `Denied`."""
        if principal.tenant is None:
            raise Denied
        return db.Scope(tenant=principal.tenant, schema=principal.tenant.schema_name)

    async def serve(self) -> None:
        """Serve the connection."""
        if (await self._receive())["type"] != "websocket.connect":
            return
        try:
            if stopping.asked():
                raise Unavailable("The server restarts.", code="restart", retry_after=1)
            tenant, principal = await in_thread(
                knocking.settled,
                self.knock,
                listed_sites=self.listed_sites,
                on_platform=self.on_platform,
            )
        except Refusal as refusal:
            can_say_why = "websocket.http.response" in (self.knock.scope.get("extensions") or {})
            await self._line.turn_away(refusal, with_status=can_say_why)
            return
        offered = self.knock.protocols
        await self._line.accept(knocking.PROTOCOL if knocking.PROTOCOL in offered else None)
        _open.add(self)
        try:
            await self._close(await self._talked(tenant, principal))
        finally:
            _open.discard(self)

    async def _talked(self, tenant: Tenant | None, principal: Principal | Refusal) -> Closing:
        """Talk to the client, and return how that ended."""
        try:
            return await self._talk(tenant, principal)
        except Closing as early:
            return early
        except Exception as error:
            return self._crashed(error)

    async def _talk(self, tenant: Tenant | None, principal: Principal | Refusal) -> Closing:
        if self.may_be_asked(principal):
            principal = await self._named(tenant)
        try:
            if isinstance(principal, Refusal):
                raise principal
            self.principal = principal
            db.set_scope(self.scope_of(principal))
            await self.admit(principal)
        except Refusal as refusal:
            raise closing_of(refusal) from None
        window = limits.limit_of(self.pace)
        self.factor = limits.factor_for(principal.ip)
        self._pace = Pace(window.amount * self.factor, window.seconds)
        async with open_sockets.counted(self.places(), factor=self.factor, close=self._evict) as place:
            self._place = place
            with_tenant = principal.tenant is not None
            roof = roofs.joined(self.end, principal, self.attended) if with_tenant else nullcontext()
            with roof:
                return await self._converse()

    async def _converse(self) -> Closing:
        try:
            await self.begin()
            self.spawn(self._read())
            self.spawn(self._live())
            closing = await self._ended
            # Before anything else: a server that stops waits for it.
            await self._close(closing)
            return closing
        finally:
            await self._let_go()

    async def _let_go(self) -> None:
        """End all that goes on by itself."""
        for _ in range(_TIMES_TOLD):
            for task in self._tasks:
                task.cancel()
            if not self._tasks or not (await asyncio.wait(self._tasks, timeout=_PATIENCE_SECONDS))[1]:
                return
        log.error("a socket has gone, and this goes on: %s", [task.get_coro() for task in self._tasks])

    async def _named(self, tenant: Tenant | None) -> Principal | Refusal:
        """Wait for the first frame, which says who calls. Raises `Closing`."""
        frame = await self._first_frame()
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

    async def _first_frame(self) -> dict[str, Any]:
        hearing = asyncio.ensure_future(self._receive())
        either: set[asyncio.Future[Any]] = {hearing, self._ended}
        await asyncio.wait(either, timeout=AUTH_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        if hearing.done():
            return parsed(hearing.result(), max_bytes=self.max_bytes)
        hearing.cancel()
        raise self._ended.result() if self._ended.done() else Closing(4408, "auth_timeout", reconnect=True)

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
        return internal()

    def end(self, closing: Closing) -> None:
        """End the socket."""
        if not self._ended.done():
            self._ended.set_result(closing)

    def end_soon(self, closing: Closing) -> None:
        """End the socket; from any thread."""
        self._loop.call_soon_threadsafe(self.end, closing)

    def _evict(self) -> None:
        self.end_soon(Closing(4409, "too_many_sockets"))

    async def _read(self) -> None:
        while True:
            frame = parsed(await self._receive(), max_bytes=self.max_bytes)
            self._heard = now = self._loop.time()
            wait = self._pace.wait(now)
            if not wait:
                await self._take(frame)
            elif self._pace.is_first(now):
                await self.refuse(TooMany(retry_after=int(wait) + 1), id_of(frame))
            else:
                raise Closing(4429, "rate_limited", reconnect=True)

    async def _take(self, frame: dict[str, Any]) -> None:
        id = id_of(frame)
        try:
            taken = self._known(frame.get("type"))
            if frame.get("type") != "resume":
                self.spoken_to()
            if taken is not None:
                await taken.by(shaped(taken.shape, frame), id)
        except EXPECTED as error:
            await self.refuse(refusal_of(error), id)

    def _known(self, kind: Any) -> Taken | None:
        if kind == "pong":
            return None
        if kind == "ping":
            return Taken(Bare, self._answer_ping)
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
        raise restart()

    async def _close(self, closing: Closing) -> None:
        await self._line.close(closing)
        _open.discard(self)


_open: set[Socket] = set()


def end_all() -> None:
    """Tell every client of this process to come again, for the process is to end; from any thread."""
    for socket in list(_open):
        socket.end_soon(restart())


def are_closed() -> bool:
    """Tell whether every client of this process was told goodbye."""
    return not _open
