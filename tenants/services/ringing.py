"""Ring the queue. A ring only says that something waits; what waits is in PostgreSQL.

Services ring by task name, so that they need to know neither Celery nor the doors.
"""

import logging
from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

from django.db import transaction

from kimono.lib.errors import Unavailable

log = logging.getLogger(__name__)
Ringer: TypeAlias = Callable[..., None]
_ringer: Ringer | None = None
_is_reachable: Callable[[], bool] | None = None


class QueueDown(Unavailable):
    """The queue does not answer, and the request's only result would be a job."""

    detail = "The queue does not answer; try again later."


def install(ringer: Ringer, is_reachable: Callable[[], bool]) -> None:
    """Set how a ring is sent (`ringer(task_name, *args, queue=)`) and how the queue is asked whether it is there."""
    global _ringer, _is_reachable
    _ringer, _is_reachable = ringer, is_reachable


def check_up() -> None:
    """Raise `QueueDown` when the queue does not answer: for requests whose only result is a job."""
    if _is_reachable is not None and not _is_reachable():
        raise QueueDown


def now(task: str, *args: Any, queue: str) -> None:
    """Ring at once. A ring that cannot be sent is lost without harm: sweepers look too."""
    if _ringer is None:
        log.debug("no ringer is installed; %s waits for the sweeper", task)
        return
    _ringer(task, *args, queue=queue)


def after_commit(task: str, *args: Any, queue: str) -> None:
    """Ring when the open transaction commits; at once when none is open."""
    transaction.on_commit(partial(now, task, *args, queue=queue))
