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
_is_worked: Callable[[], bool] | None = None


class QueueDown(Unavailable):
    """The queue does not answer, and the request's only result would be a job."""

    detail = "The queue does not answer; try again later."


def install(ringer: Ringer, is_reachable: Callable[[], bool], is_worked: Callable[[], bool]) -> None:
    """Set how a ring is sent (`ringer(task_name, *args, queue=)`), and how queue and workers are asked for a sign."""
    global _ringer, _is_reachable, _is_worked
    _ringer, _is_reachable, _is_worked = ringer, is_reachable, is_worked


def is_up() -> bool:
    """Tell whether the queue answers, as far as one is installed."""
    return _is_reachable is None or _is_reachable()


def is_answered() -> bool:
    """Tell whether a worker answers who would hear a ring; waits two seconds at most."""
    return _is_worked is not None and _is_worked()


def check_up() -> None:
    """Raise `QueueDown` when the queue does not answer: for requests whose only result is a job."""
    if not is_up():
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
