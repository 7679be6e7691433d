"""The sockets of one merchant: they end together, the moment it is suspended, and each when who opened it may no more.

Those of contacts hear together how many people are there, when that changes.

A ring says when to look at the merchant. Whoever shows a conversation or the inbox looks by itself too, should the ring
be lost. Keys and users are looked at from time to time, those of all its sockets together.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone

from conversations.consumers.closings import Closing, suspended
from conversations.services import doorbell, staffing, standing
from conversations.services.standing import Caller
from conversations.services.watching import TICK_SECONDS
from kimono.lib import db
from kimono.lib.threads import in_thread
from tenants.auth import Principal
from tenants.people.services import users

log = logging.getLogger(__name__)
End = Callable[[Closing], None]
Attended = Callable[[int], None]
_roofs: dict[tuple[asyncio.AbstractEventLoop, Any], "_Roof"] = {}


class _Roof:
    """Those of one merchant in one event loop, and the task that listens for all of them."""

    def __init__(self) -> None:
        self.ends: dict[End, Caller | None] = {}
        self.attended: set[Attended] = set()
        self._online: int | None = None
        self._loop = asyncio.get_running_loop()
        self._counted = -TICK_SECONDS
        self.task = self._loop.create_task(self._listen())

    async def _listen(self) -> None:
        async with doorbell.listening(standing.group()) as bell:
            while True:
                await self._count_people()
                if await bell.wait(settings.SOCKET_CALLER_SECONDS):
                    await self._look()
                await self._look_at_callers()

    async def _look(self) -> None:
        try:
            active = await standing.tenant_is_active_after_all()
        except DatabaseError as error:
            log.warning("a merchant's state is looked up later: %s", type(error).__name__)
            return
        for end in [] if active else list(self.ends):
            end(suspended())

    async def _look_at_callers(self) -> None:
        callers = {caller for caller in self.ends.values() if caller is not None}
        if not callers:
            return
        try:
            gone = await in_thread(standing.gone, callers, now=timezone.now())
        except DatabaseError as error:
            log.warning("who calls is looked up later: %s", type(error).__name__)
            return
        for end, caller in list(self.ends.items()):
            if caller in gone:
                end(Closing(4401, "unauthenticated"))

    async def _count_people(self) -> None:
        if not self.attended or self._loop.time() - self._counted < TICK_SECONDS:
            return
        self._counted = self._loop.time()
        try:
            online = await in_thread(staffing.online, now=timezone.now())
        except DatabaseError as error:
            log.warning("who is there is counted later: %s", type(error).__name__)
            return
        before, self._online = self._online, online
        for tell in list(self.attended) if before not in (None, online) else []:
            tell(online)


def caller_of(principal: Principal) -> Caller | None:
    """Return who may be let go of: a contact's token is not revoked, and open mode has no key."""
    if principal.kind == "key" and not principal.open_mode:
        return Caller("key", principal.id)
    if principal.kind == "user":
        return Caller("user", principal.id, users.mark(principal.user))
    return None


@contextmanager
def joined(end: End, principal: Principal, attended: Attended | None = None) -> Iterator[None]:
    """Have `end` called when the current tenant is suspended, or `principal` may call no more, while the block runs.

    And `attended`, when another number of people than before is there, with that number.
    """
    key = asyncio.get_running_loop(), db.current_tenant().pk
    roof = _roofs.get(key)
    if roof is None:
        roof = _roofs[key] = _Roof()
    roof.ends[end] = caller_of(principal)
    if attended is not None:
        roof.attended.add(attended)
    try:
        yield
    finally:
        del roof.ends[end]
        if attended is not None:
            roof.attended.discard(attended)
        if not roof.ends:
            roof.task.cancel()
            del _roofs[key]
