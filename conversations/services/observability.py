"""How the parts that a merchant's conversations lean on are doing (api.md 11)."""

import shutil
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from redis.exceptions import RedisError

from conversations.services import payloads
from kimono import providers
from kimono.lib.db import current_schema
from kimono.lib.errors import Missing
from kimono.providers import breakers
from knowledge.models import Unit

LEAST_FREE_GB = 1.0
_TIMES = ("last_opened_at", "last_failure_at", "last_success_at")


def circuit_breakers() -> dict[str, dict[str, Any]]:
    """Return the current tenant's breakers in this process, by name, with those that were never used."""
    return {name: shown(snapshot) for name, snapshot in breakers.snapshot(current_schema()).items()}


def shown(snapshot: breakers.Snapshot) -> dict[str, Any]:
    """Return a breaker as the wire shows it."""
    breaker: dict[str, Any] = dict(snapshot)
    for key in _TIMES:
        at = breaker[key]
        breaker[key] = payloads.moment(at) if isinstance(at, datetime) else None
    return breaker


def reset_breaker(*, name: str) -> dict[str, Any]:
    """Close one of the current tenant's breakers in this process. Raises `Missing` for an unknown name."""
    if not breakers.reset(current_schema(), name):
        raise Missing
    return {"name": name, "reset": True}


def health(*, now: datetime) -> dict[str, Any]:
    """Return the state of each part for the current tenant."""
    model_shut = breakers.snapshot(current_schema())["llm"]["state"] == "open"
    return health_of(units=Unit.objects.count, model_shut=model_shut, now=now)


def health_of(*, units: Callable[[], int], model_shut: bool, now: datetime) -> dict[str, Any]:
    """Return the state of each part: `up`, `degraded` (an answer is still given) or `down`.

    `units` counts what can be searched; `model_shut` says that the model's breaker is open.
    """
    checks = {
        "database": _timed(database_answers),
        "llm": {"status": _model(model_shut)},
        "vector_store": _vector_store(units),
        "redis": _timed(redis_answers),
        "disk": _disk(),
    }
    states = {name: str(check["status"]) for name, check in checks.items()}
    if states["database"] == "down":
        status = "down"
    else:
        status = "up" if set(states.values()) <= {"up", "not_configured"} else "degraded"
    return {"status": status, "checks": checks, "timestamp": payloads.moment(now)}


def _timed(check: Callable[[], bool]) -> dict[str, Any]:
    started = time.perf_counter()
    good = check()
    took = round((time.perf_counter() - started) * 1000, 1)
    return {"status": "up" if good else "down", "latency_ms": took}


def database_answers() -> bool:
    """Tell whether the database answers."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            return bool(cursor.fetchone() == (1,))
    except DatabaseError:
        return False


def redis_answers() -> bool:
    """Tell whether Redis answers within half a second."""
    url = str(settings.CACHES["default"]["LOCATION"])
    try:
        with redis.Redis.from_url(url, socket_connect_timeout=0.5, socket_timeout=0.5) as client:
            return bool(client.ping())
    except (RedisError, OSError):
        return False


def _model(shut: bool) -> str:
    if providers.current().chat is None:
        return "not_configured"
    return "degraded" if shut else "up"


def _vector_store(units: Callable[[], int]) -> dict[str, Any]:
    try:
        return {"status": "up", "size": units()}
    except DatabaseError:
        return {"status": "down", "size": 0}


def free_gb() -> float:
    """Return how much room is left where files are kept."""
    return shutil.disk_usage(settings.HOME).free / 1024**3


def _disk() -> dict[str, Any]:
    free = free_gb()
    return {"status": "up" if free >= LEAST_FREE_GB else "degraded", "free_gb": round(free, 1)}
