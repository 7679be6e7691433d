"""The sockets of one merchant: they end together, the moment it is suspended.

A ring says when to look. Whoever shows a conversation or the inbox looks by itself too, should the ring be lost.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import DatabaseError

from conversations.consumers.closings import Closing, suspended
from conversations.services import doorbell, standing
from kimono.lib import db

log = logging.getLogger(__name__)
End = Callable[[Closing], None]
_SECONDS = 3600.0
_roofs: dict[tuple[asyncio.AbstractEventLoop, Any], "_Roof"] = {}


class _Roof:
    """Those of one merchant in one event loop, and the task that listens for all of them."""

    def __init__(self) -> None:
        self.ends: set[End] = set()
        self.task = asyncio.get_running_loop().create_task(self._listen())

    async def _listen(self) -> None:
        async with doorbell.listening(standing.group()) as bell:
            while True:
                if await bell.wait(_SECONDS):
                    await self._look()

    async def _look(self) -> None:
        try:
            active = await standing.tenant_is_active_after_all()
        except DatabaseError as error:
            log.warning("a merchant's state is looked up later: %s", type(error).__name__)
            return
        for end in [] if active else list(self.ends):
            end(suspended())


@contextmanager
def joined(end: End) -> Iterator[None]:
    """Have `end` called when the current tenant is suspended while the block runs."""
    key = asyncio.get_running_loop(), db.current_tenant().pk
    roof = _roofs.get(key)
    if roof is None:
        roof = _roofs[key] = _Roof()
    roof.ends.add(end)
    try:
        yield
    finally:
        roof.ends.discard(end)
        if not roof.ends:
            roof.task.cancel()
            del _roofs[key]
