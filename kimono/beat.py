"""What runs at intervals, and the scheduler that makes sure only one beat fires however many are started."""

import logging
import time
from typing import Any

import psycopg
from celery.beat import Scheduler
from django.conf import settings
from django.db import connection

from kimono.lib import beats

log = logging.getLogger(__name__)


def schedule() -> dict[str, dict[str, Any]]:
    """Return Celery's schedule: name → task, seconds, queue."""
    entries = {
        "sweep": ("tenants.sweep", settings.SWEEP_SECONDS),
        "roll-up-metrics": ("tenants.roll_up_metrics", 60.0),
        "look-after-knowledge": ("knowledge.look_after", 60.0),
        "look-after-agents": ("agents.look_after", settings.SWEEP_SECONDS),
        "fetch-again": ("knowledge.fetch_again", 300.0),
        "watch-components": ("opsconsole.watch_components", settings.WATCH_SECONDS),
        "check-alerts": ("opsconsole.check_alerts", settings.ALERT_SECONDS),
    }
    return {
        name: {"task": task, "schedule": seconds, "options": {"queue": "beat", "expires": seconds}}
        for name, (task, seconds) in entries.items()
    }


class LockedScheduler(Scheduler):
    """Fires only while it holds an advisory lock of PostgreSQL; a second beat stands by and takes over."""

    _raw: psycopg.Connection[Any] | None = None
    _asked = 0.0

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Fire what is due, when this is the beat that may; return the seconds until the next look."""
        if not self._holds_lock():
            return 1.0
        wait: float = super().tick(*args, **kwargs)
        return min(wait, 1.0)

    def _holds_lock(self) -> bool:
        try:
            if self._raw is not None:
                self._raw.execute("SELECT 1")
                return True
            if time.monotonic() - self._asked < 1.0:
                return False
            self._asked = time.monotonic()
            return self._try_lock()
        except psycopg.Error:
            self._let_go()
            return False

    def _try_lock(self) -> bool:
        parameters = connection.get_connection_params()
        wanted = {
            key: parameters[key]
            for key in ("dbname", "user", "password", "host", "port")
            if parameters.get(key)
        }
        raw = psycopg.connect(**wanted, autocommit=True)
        row = raw.execute("SELECT pg_try_advisory_lock(%s)", [beats.LOCK]).fetchone()
        if row is None or not row[0]:
            raw.close()
            return False
        self._raw = raw
        log.info("this beat holds the lock")
        return True

    def _let_go(self) -> None:
        if self._raw is not None:
            self._raw.close()
        self._raw = None

    def close(self) -> None:
        """Stop and let the next beat take over."""
        self._let_go()
        super().close()
