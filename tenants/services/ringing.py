"""Ring the queue. A ring only says that something waits; what waits is in PostgreSQL.

Services ring by task name, so that they need to know neither Celery nor the doors.
"""

import logging
from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

from django.db import transaction

log = logging.getLogger(__name__)
Ringer: TypeAlias = Callable[..., None]
_ringer: Ringer | None = None


def install(ringer: Ringer) -> None:
    """Set how a ring is sent: `ringer(task_name, *args, queue=)`. Called once by the front."""
    global _ringer
    _ringer = ringer


def now(task: str, *args: Any, queue: str) -> None:
    """Ring at once. A ring that cannot be sent is lost without harm: sweepers look too."""
    if _ringer is None:
        log.debug("no ringer is installed; %s waits for the sweeper", task)
        return
    _ringer(task, *args, queue=queue)


def after_commit(task: str, *args: Any, queue: str) -> None:
    """Ring when the open transaction commits; at once when none is open."""
    transaction.on_commit(partial(now, task, *args, queue=queue))
