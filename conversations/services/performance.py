"""How fast answers are, how often they come from the cache, and which models are asked (api.md 11)."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from django.db.models import Count, Q, QuerySet

from conversations.models import Turn
from conversations.services.turns import live
from kimono import providers
from kimono.lib.db import current_tenant
from knowledge.services import answer_cache
from tenants.models import UsageRecord

_PERIOD = timedelta(hours=24)


def cache() -> dict[str, Any]:
    """Return the figures of the tenant's answer cache."""
    return cache_of([answer_cache.stats()])


def cache_of(caches: Sequence[answer_cache.Stats]) -> dict[str, Any]:
    """Return the figures of one answer cache or of several together."""
    hits, misses = sum(one.hits for one in caches), sum(one.misses for one in caches)
    evicted = sum(one.evicted for one in caches)
    return {
        "hits": hits,
        "misses": misses,
        "hit_rate": hits / (hits + misses) if hits + misses else 0.0,
        "size": sum(one.size for one in caches),
        "max_size": sum(one.max_size for one in caches),
        "evicted": evicted,
        "evictions": evicted,
        "ttl_seconds": answer_cache.TTL_SECONDS,
    }


def clear_cache() -> dict[str, Any]:
    """Empty the tenant's answer cache."""
    return cleared_of(answer_cache.invalidate())


def cleared_of(cleared: int) -> dict[str, Any]:
    """Return how many answers were cleared, in the words of the wire."""
    return {"success": True, "cleared": cleared, "message": f"{cleared} cached answers were cleared."}


def metrics(*, now: datetime) -> dict[str, Any]:
    """Return the figures of the last 24 hours."""
    calls = UsageRecord.objects.filter(tenant=current_tenant())
    return metrics_of(
        cached=cache(),
        durations=list(spread("duration_ms", now=now)),
        first_tokens=list(spread("first_token_ms", now=now)),
        calls=calls,
        now=now,
    )


def spread(field: Literal["duration_ms", "first_token_ms"], *, now: datetime) -> QuerySet[Turn, Any]:
    """Return how often each time was taken in the last 24 hours, as rows `(milliseconds, turns)`."""
    finished = Turn.objects.filter(status=Turn.Status.SUCCESS, created_at__gte=now - _PERIOD)
    taken = Q(**{f"{field}__isnull": False})
    turns = finished.filter(taken).exclude(outcome=Turn.Outcome.HUMAN)
    counted: QuerySet[Turn, Any] = turns.order_by().values(field).values_list(field, Count("pk"))
    return counted


def metrics_of(
    *,
    cached: dict[str, Any],
    durations: Iterable[tuple[int, int]],
    first_tokens: Iterable[tuple[int, int]],
    calls: QuerySet[UsageRecord],
    now: datetime,
) -> dict[str, Any]:
    """Return the figures of one merchant or of many; the times as rows of `spread`."""
    samples, average, p95 = _summed(durations)
    _, first_average, first_p95 = _summed(first_tokens)
    return {
        "cache": cached,
        "concurrency": _concurrency(),
        "model_routing": _routing(calls, now),
        "avg_response_ms": average,
        "avg_response_time_ms": average,
        "p95_response_time_ms": p95,
        "total_response_samples": samples,
        "stream_first_token_ms_avg": first_average,
        "stream_first_token_ms_p95": first_p95,
        "hot_cache_hit_rate": cached["hit_rate"],
        "cache_hit_rate": cached["hit_rate"],
        "intent_cache_hit_rate": 0.0,
        "concurrent_requests": live.running(),
    }


def _summed(counted: Iterable[tuple[int, int]]) -> tuple[int, float, float]:
    """Return number, mean and 95th percentile (between the two nearest, as PostgreSQL's `percentile_cont`)."""
    times: Counter[int] = Counter()
    for milliseconds, turns in counted:
        times[milliseconds] += turns
    samples = times.total()
    if not samples:
        return 0, 0.0, 0.0
    ordered = sorted(times.items())
    place = 0.95 * (samples - 1)
    below, above = (_at(ordered, index) for index in (math.floor(place), math.ceil(place)))
    mean = sum(milliseconds * turns for milliseconds, turns in ordered) / samples
    return samples, round(mean, 1), round(below + (above - below) * (place - math.floor(place)), 1)


def _at(ordered: Sequence[tuple[int, int]], index: int) -> int:
    seen = 0
    for milliseconds, turns in ordered:
        seen += turns
        if index < seen:
            return milliseconds
    raise IndexError(index)


def _concurrency() -> dict[str, int]:
    """Return how many turns this process works on; nothing is refused for being too many, so no limit is set."""
    busy, peak = live.running(), live.most_at_once()
    return {
        "max_concurrent_retrieval": 0,
        "max_concurrent_llm": 0,
        "active_retrieval": busy,
        "active_llm": busy if providers.current().chat is not None else 0,
        "peak_retrieval": peak,
        "peak_llm": peak if providers.current().chat is not None else 0,
        "rejected_retrieval": 0,
        "rejected_llm": 0,
    }


def _routing(calls: QuerySet[UsageRecord], now: datetime) -> dict[str, Any]:
    model = providers.current().chat
    rows = list(
        calls.filter(operation="chat", timestamp__gte=now - _PERIOD)
        .values("model")
        .annotate(calls=Count("pk"))
        .order_by("-calls")
    )
    total = sum(row["calls"] for row in rows)
    small_name = model.small_model if model is not None and model.small_model != model.model else None
    small = sum(row["calls"] for row in rows if row["model"] == small_name)
    return {
        "small_model": small_name,
        "large_model": model.model if model is not None else None,
        "small_model_calls": small,
        "large_model_calls": total - small,
        "total_calls": total,
        "small_model_ratio": small / total if total else 0.0,
        "per_model": [{"model": row["model"], "calls": row["calls"], "avg_complexity": 0.0} for row in rows],
    }
