"""Who has missed a ring: looked up for all watchers of this process together, now and then."""

import asyncio
import logging
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import DatabaseError

from conversations.models import Conversation
from conversations.services.doorbell import Listener
from kimono.lib import db
from kimono.lib.threads import in_thread

log = logging.getLogger(__name__)
# So long those who ask are gathered: what they have missed is late already.
_GATHER_SECONDS = 1.0


@dataclass(frozen=True)
class _Asked:
    """One watcher: how far it is in which conversation, and how to wake it."""

    conversation_pk: int
    seq: int
    bell: Listener


_gathered: dict[tuple[asyncio.AbstractEventLoop, Any], list[_Asked]] = {}
_looking: set["asyncio.Task[None]"] = set()


def ask(*, conversation_pk: int, seq: int, bell: Listener) -> None:
    """Have `bell` rung soon if the conversation, of the current tenant, has gone on after `seq`."""
    key = asyncio.get_running_loop(), db.current_tenant().pk
    if key not in _gathered:
        _gathered[key] = []
        looking = asyncio.create_task(_look(key))
        _looking.add(looking)
        looking.add_done_callback(_looking.discard)
    _gathered[key].append(_Asked(conversation_pk, seq, bell))


async def _look(key: tuple[asyncio.AbstractEventLoop, Any]) -> None:
    try:
        await asyncio.sleep(min(_GATHER_SECONDS, settings.POLL_SECONDS / 2))
    finally:
        asked = _gathered.pop(key)
    try:
        reached = await in_thread(_last_seqs, {each.conversation_pk for each in asked})
    except DatabaseError as error:
        log.warning("what was missed is looked up later: %s", type(error).__name__)
        return
    for each in asked:
        if reached.get(each.conversation_pk, 0) > each.seq:
            each.bell.wake()


def _last_seqs(keys: Collection[int]) -> dict[int, int]:
    return dict(Conversation.objects.filter(pk__in=keys).values_list("pk", "last_seq"))
