"""Two schedulers at once, one of which is killed: every periodic job is sent once per period all the same (R16)."""

import re
import time
from collections.abc import Callable
from datetime import datetime
from itertools import pairwise
from typing import Any

import pytest

from kimono.beat import schedule
from tests.fixtures.servers import Process, Servers
from tests.journeys.calling import eventually
from tests.soak.conftest import minutes

HOLDS = "this beat holds the lock"
# One comes too early or too late where the lock changes hands, one lies at either end of the time.
MOST_ASTRAY = 3
_RECEIVED = re.compile(r"\[(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}):.*?Task ([\w.]+)\[([\w-]+)\] received")


def received(workers: list[Process]) -> dict[str, list[datetime]]:
    """Return when each task arrived at any of the workers, in order."""
    found: dict[str, dict[str, datetime]] = {}
    for worker in workers:
        for at, name, task_id in _RECEIVED.findall(worker.log):
            # A task whose worker was killed arrives again under the same id: it was sent once.
            found.setdefault(name, {}).setdefault(task_id, datetime.strptime(at, "%Y-%m-%d %H:%M:%S,%f"))
    return {name: sorted(times.values()) for name, times in found.items()}


@pytest.mark.soak
def test_every_periodic_job_is_sent_once_per_period(
    no_other_worker: None, servers: Callable[..., Servers], settings: Any
) -> None:
    short = {"KIMONO_SWEEP_SECONDS": "2", "KIMONO_WATCH_SECONDS": "30", "KIMONO_ALERT_SECONDS": "60"}
    first, second = servers(serving=False, **short).worker, servers(serving=False, **short).worker
    eventually(lambda: HOLDS in first.log or HOLDS in second.log)
    time.sleep(minutes(10) * 30)
    holder, other = (first, second) if HOLDS in first.log else (second, first)
    assert HOLDS not in other.log, "two beats hold the lock"
    holder.kill()
    eventually(lambda: HOLDS in other.log)
    time.sleep(minutes(10) * 30)
    times = received([first, second])
    sweeps = times["tenants.sweep"]
    lasted = (sweeps[-1] - sweeps[0]).total_seconds()
    assert lasted >= minutes(10) * 60 - 10
    settings.SWEEP_SECONDS = 2.0
    for entry in schedule().values():
        name, period = entry["task"], entry["schedule"]
        sent = times.get(name, [])
        assert abs(len(sent) - lasted / period) <= MOST_ASTRAY, (name, len(sent), lasted / period)
        doubles = [late for early, late in pairwise(sent) if (late - early).total_seconds() < period * 0.3]
        # Where the lock changes hands: the new beat does not know when the old one sent its last.
        assert len(doubles) <= 1, (name, doubles)
