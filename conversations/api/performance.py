"""Doors of performance: PM-01…03."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router

from conversations.schemas import monitor as schemas
from conversations.services import performance
from tenants.auth import Guard

router = Router(tags=["performance"])
OPERATIONS = Guard("operations", platform=True)


@router.get("/performance/metrics", response=schemas.MetricsOut, auth=OPERATIONS, operation_id="PM-01")
def metrics(request: HttpRequest) -> dict[str, Any]:
    """Return how fast answers are and where they come from."""
    return {"metrics": performance.metrics(now=timezone.now())}


@router.get("/performance/cache/stats", response=schemas.CacheStats, auth=OPERATIONS, operation_id="PM-02")
def cache_stats(request: HttpRequest) -> dict[str, Any]:
    """Return the figures of the answer cache."""
    return {"cache": performance.cache()}


@router.post(
    "/performance/cache/invalidate",
    response=schemas.Cleared,
    auth=Guard("operations", "knowledge", platform=True),
    operation_id="PM-03",
)
def invalidate_cache(request: HttpRequest) -> dict[str, Any]:
    """Empty the merchant's answer cache."""
    return performance.clear_cache()
