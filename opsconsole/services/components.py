"""How each part that the platform leans on is doing, measured now (api.md 14.3)."""

import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import Count, Q
from django.utils.translation import gettext as _

from conversations.services import observability
from kimono import providers
from kimono.lib import beats, db
from opsconsole.models import Component
from tenants.models import Job, Tenant, UsageRecord
from tenants.services import ringing

Status = Component.Status
# Jobs that wait, over all merchants; more than workers get through in a quarter of an hour.
MOST_WAITING = 1000
_LATELY = timedelta(minutes=5)
_FEWEST_CALLS = 3
_ATTEMPTS = 2
# What a call is refused for though the provider works.
_NO_OUTAGE = ("rejected", "refused", "not_configured")


@dataclass(frozen=True)
class Measured:
    """How one part was found; `message` says what is wrong, or is worth knowing."""

    status: str
    message: str = ""
    latency_ms: float | None = None


def measure(*, now: datetime) -> dict[str, Measured]:
    """Return how every part is doing, by name; without those of which nothing new is known. May take some seconds."""
    found = {}
    with db.public_scope(), db.platform_scope():
        for name, probe in PROBES.items():
            measured = probe(now)
            if measured is not None:
                found[name] = measured
    return found


def _timed(works: Callable[[], bool], wrong: str) -> Measured:
    """Ask whether something works, again before it is said not to: on a busy machine one answer may come too late."""
    good, attempts = False, 0
    while not good and attempts < _ATTEMPTS:
        attempts, started = attempts + 1, time.perf_counter()
        good = works()
    took = round((time.perf_counter() - started) * 1000, 1)
    return Measured(Status.HEALTHY, "", took) if good else Measured(Status.UNHEALTHY, wrong, took)


def _database(now: datetime) -> Measured:
    return _timed(observability.database_answers, _("The database does not answer."))


def _redis(now: datetime) -> Measured:
    return _timed(observability.redis_answers, _("Redis does not answer."))


def _vector_store(now: datetime) -> Measured:
    return _timed(_compares, _("Vectors cannot be compared."))


def _compares() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT '[1,0]'::vector <=> '[1,0]'::vector")
            return bool(cursor.fetchone() == (0.0,))
    except DatabaseError:
        return False


def _llm(now: datetime) -> Measured | None:
    if providers.current().chat is None:
        return Measured(Status.HEALTHY, _("Not configured"))
    return _called("chat", now)


def _embedding(now: datetime) -> Measured | None:
    return _called("embedding", now)


def _called(operation: str, now: datetime) -> Measured | None:
    """Judge a provider by its calls of the last minutes, of all processes; None when they are too few to say."""
    calls = (
        UsageRecord.objects.filter(operation=operation, timestamp__gt=now - _LATELY, cancelled=False)
        .exclude(error_code__in=_NO_OUTAGE)
        .aggregate(all=Count("pk"), failed=Count("pk", filter=Q(success=False)))
    )
    if not calls["all"] or (calls["failed"] and calls["all"] < _FEWEST_CALLS):
        return None
    message = _("%(failed)s of the last %(all)s calls failed.") % calls if calls["failed"] else ""
    if calls["failed"] == calls["all"]:
        return Measured(Status.UNHEALTHY, message)
    return Measured(Status.DEGRADED if calls["failed"] * 2 > calls["all"] else Status.HEALTHY, message)


def _scheduler(now: datetime) -> Measured:
    return _timed(beats.is_fired, _("Nothing is started at intervals."))


def _workers(now: datetime) -> Measured:
    if not ringing.is_up():
        return Measured(Status.UNHEALTHY, _("The queue cannot be reached."))
    measured = _timed(ringing.is_answered, _("No worker answers."))
    waiting = Job.objects.filter(
        Q(run_after=None) | Q(run_after__lte=now),
        status=Job.Status.QUEUED,
        tenant__status=Tenant.Status.ACTIVE,
    ).count()
    if measured.status == Status.HEALTHY and waiting > MOST_WAITING:
        return Measured(Status.DEGRADED, _("%(n)s jobs wait.") % {"n": waiting}, measured.latency_ms)
    return measured


def _storage(now: datetime) -> Measured:
    measured = _timed(_writes, _("Files cannot be written."))
    free = observability.free_gb()
    if measured.status == Status.HEALTHY and free < observability.LEAST_FREE_GB:
        return Measured(Status.DEGRADED, _("%(n)s GB left") % {"n": round(free, 1)}, measured.latency_ms)
    return measured


def _writes() -> bool:
    try:
        with tempfile.TemporaryFile(dir=settings.HOME) as file:
            file.write(b"kimono")
            file.flush()
    except OSError:
        return False
    return True


PROBES: Mapping[str, Callable[[datetime], Measured | None]] = {
    "database": _database,
    "redis": _redis,
    "vector_store": _vector_store,
    "llm": _llm,
    "embedding": _embedding,
    "scheduler": _scheduler,
    "workers": _workers,
    "storage": _storage,
}
