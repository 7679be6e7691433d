"""How the whole platform is doing: what a merchant sees of itself (api.md 11), over all merchants together."""

from datetime import datetime
from typing import Any, NoReturn

from django.db.models import Count, QuerySet, Value

from conversations.models import Turn
from conversations.services import observability, performance, traces
from kimono.lib import db
from kimono.lib.errors import Missing
from kimono.providers import breakers
from kimono.providers.breakers import Snapshot
from knowledge.models import Unit
from knowledge.services import answer_cache
from tenants.models import Tenant, UsageRecord
from tenants.services import across

# The worst state first.
_STATES = ("open", "half_open", "closed")


def metrics(*, now: datetime) -> dict[str, Any]:
    """Return how fast answers were in the last 24 hours and where they came from."""
    with db.platform_scope():
        return performance.metrics_of(
            cached=cache(),
            durations=across.values(performance.spread("duration_ms", now=now)),
            first_tokens=across.values(performance.spread("first_token_ms", now=now)),
            calls=UsageRecord.objects.all(),
            now=now,
        )


def cache() -> dict[str, Any]:
    """Return the figures of all answer caches together."""
    found = []
    for tenant in across.tenants():
        with db.tenant_scope(tenant):
            found.append(answer_cache.stats())
    return performance.cache_of(found)


def clear_caches() -> dict[str, Any]:
    """Empty every merchant's answer cache."""
    cleared = 0
    for tenant in across.tenants():
        with db.tenant_scope(tenant):
            cleared += answer_cache.invalidate()
    return performance.cleared_of(cleared)


def overview(*, now: datetime) -> dict[str, Any]:
    """Return how many turns there were and how they went."""
    active = _count(traces.active(now=now))
    return traces.overview_of(across.values(traces.tallies(now=now)), active=active)


def list_traces(
    *, limit: int, session_id: str | None, status: str | None, before: str | None, now: datetime
) -> list[dict[str, Any]]:
    """Return summaries of turns, newest first; `before` is a trace id or a time. Raises `Invalid` for another."""
    turns = traces.matching(session_id=session_id, status=status, now=now).order_by("-created_at", "-id")
    if before is not None:
        turns = turns.filter(created_at__lt=_moment(before))
    found = across.rows(turns.values_list("created_at", "pk", "trace_id")[:limit])
    newest = sorted(found, key=lambda row: row[1][0], reverse=True)[:limit]
    shown = _summaries([(tenant, row[1]) for tenant, row in newest], now=now)
    return [shown[row[2]] for _, row in newest if row[2] in shown]


def _moment(before: str) -> datetime:
    if not before.startswith("trace-"):
        return traces.moment_of(before) or _no_moment()
    try:
        owner = across.owner_of(before)
    except Missing:
        _no_moment()
    with db.tenant_scope(owner):
        turn = Turn.objects.filter(trace_id=before).only("created_at").first()
    return turn.created_at if turn is not None else _no_moment()


def _no_moment() -> NoReturn:
    raise traces.NoSuchMoment


def _summaries(chosen: list[tuple[Tenant, int]], *, now: datetime) -> dict[str, dict[str, Any]]:
    """Return the summaries of turns by trace id; each merchant is asked once."""
    keys: dict[Tenant, list[int]] = {}
    for tenant, key in chosen:
        keys.setdefault(tenant, []).append(key)
    found = {}
    for tenant, own in keys.items():
        with db.tenant_scope(tenant):
            rows = traces.summaries(Turn.objects.filter(pk__in=own), now=now)
        found.update({row["trace_id"]: row for row in rows})
    return found


def trace(*, trace_id: str, now: datetime) -> dict[str, Any]:
    """Return a turn with all its steps, whosever it is. Raises `Missing`."""
    with db.tenant_scope(across.owner_of(trace_id)):
        return traces.get(trace_id=trace_id, now=now)


def agents() -> list[dict[str, Any]]:
    """Return each part of the dialogue with how often it worked and how long that took."""
    return traces.agents_of(across.values(traces.step_tallies()))


def sessions(*, limit: int) -> list[dict[str, Any]]:
    """Return the conversations with the latest activity."""
    shown = [traces.session_row(row) for row in across.values(traces.latest_sessions(limit=limit))]
    return sorted(shown, key=lambda row: str(row["last_activity_at"]), reverse=True)[:limit]


def circuit_breakers() -> dict[str, dict[str, Any]]:
    """Return the breakers of this process by name, those of all merchants taken together."""
    return {
        name: observability.shown(_together(name, snapshots))
        for name, snapshots in breakers.everywhere().items()
    }


def _together(name: str, snapshots: list[Snapshot]) -> Snapshot:
    """Return the worst state, the sum of the counters, and the latest times."""
    if not snapshots:
        return breakers.unused(name)
    worst = min(snapshots, key=lambda one: _STATES.index(one["state"]))
    failed = [one for one in snapshots if one["last_failure_at"] is not None]
    last = max(failed, key=lambda one: one["last_failure_at"] or datetime.min, default=worst)
    return Snapshot(
        name=name,
        state=worst["state"],
        failure_threshold=worst["failure_threshold"],
        recovery_timeout=worst["recovery_timeout"],
        success_threshold=worst["success_threshold"],
        failure_count=sum(one["failure_count"] for one in snapshots),
        success_count=sum(one["success_count"] for one in snapshots),
        total_failures=sum(one["total_failures"] for one in snapshots),
        total_successes=sum(one["total_successes"] for one in snapshots),
        last_opened_at=_latest([one["last_opened_at"] for one in snapshots]),
        last_failure_at=last["last_failure_at"],
        last_failure=last["last_failure"],
        last_success_at=_latest([one["last_success_at"] for one in snapshots]),
    )


def _latest(times: list[datetime | None]) -> datetime | None:
    return max((time for time in times if time is not None), default=None)


def reset_breaker(*, name: str) -> dict[str, Any]:
    """Close a breaker of every merchant in this process. Raises `Missing` for an unknown name."""
    if not breakers.reset_everywhere(name):
        raise Missing
    return {"name": name, "reset": True}


def health(*, now: datetime) -> dict[str, Any]:
    """Return the state of each part; the model counts as degraded when one merchant's breaker is open."""
    shut = any(one["state"] == "open" for one in breakers.everywhere()["llm"])
    return observability.health_of(units=_units, model_shut=shut, now=now)


def _units() -> int:
    return _count(Unit.objects.all())


def _count(rows: QuerySet[Any]) -> int:
    together = rows.order_by().annotate(together=Value(1)).values("together")
    return sum(count for (count,) in across.values(together.values_list(Count("pk"))))
