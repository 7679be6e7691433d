"""How fast answers are, how often they come from the cache, and which models are asked (api.md 11)."""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count

from conversations.services.turns import live
from kimono import providers
from kimono.lib.db import current_tenant
from knowledge.services import answer_cache
from tenants.models import UsageRecord

_PERIOD = timedelta(hours=24)
_TIMES = """
    SELECT count(*), coalesce(avg(duration_ms), 0),
           coalesce(percentile_cont(0.95) WITHIN GROUP (ORDER BY duration_ms), 0),
           coalesce(avg(first_token_ms), 0),
           coalesce(percentile_cont(0.95) WITHIN GROUP (ORDER BY first_token_ms), 0)
      FROM conversations_turn
     WHERE status = 'success' AND outcome <> 'human' AND created_at >= %s
"""


def cache() -> dict[str, Any]:
    """Return the figures of the tenant's answer cache."""
    stats = answer_cache.stats()
    return {
        "hits": stats.hits,
        "misses": stats.misses,
        "hit_rate": stats.hit_rate,
        "size": stats.size,
        "max_size": stats.max_size,
        "evicted": stats.evicted,
        "evictions": stats.evicted,
        "ttl_seconds": stats.ttl_seconds,
    }


def clear_cache() -> dict[str, Any]:
    """Empty the tenant's answer cache."""
    cleared = answer_cache.invalidate()
    return {"success": True, "cleared": cleared, "message": f"{cleared} cached answers were cleared."}


def metrics(*, now: datetime) -> dict[str, Any]:
    """Return the figures of the last 24 hours."""
    with connection.cursor() as cursor:
        cursor.execute(_TIMES, [now - _PERIOD])
        samples, average, p95, first_average, first_p95 = cursor.fetchone()
    cached = cache()
    return {
        "cache": cached,
        "concurrency": _concurrency(),
        "model_routing": _routing(now),
        "avg_response_ms": round(float(average), 1),
        "avg_response_time_ms": round(float(average), 1),
        "p95_response_time_ms": round(float(p95), 1),
        "total_response_samples": samples,
        "stream_first_token_ms_avg": round(float(first_average), 1),
        "stream_first_token_ms_p95": round(float(first_p95), 1),
        "hot_cache_hit_rate": cached["hit_rate"],
        "cache_hit_rate": cached["hit_rate"],
        "intent_cache_hit_rate": 0.0,
        "concurrent_requests": live.running(),
    }


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


def _routing(now: datetime) -> dict[str, Any]:
    model = providers.current().chat
    rows = list(
        UsageRecord.objects.filter(tenant=current_tenant(), operation="chat", timestamp__gte=now - _PERIOD)
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
