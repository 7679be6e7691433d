"""What an operator of the platform gets from the routes of other floors (◇ of api.md 2.3), by id of the contract.

`kimono.api` asks here when the caller is an operator who names no merchant. The functions take what the route takes.
"""

from collections.abc import Callable, Mapping
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from conversations.schemas.monitor import LimitQuery, TracesQuery
from opsconsole.services import observing


def _metrics(request: HttpRequest) -> dict[str, Any]:
    return {"metrics": observing.metrics(now=timezone.now())}


def _cache_stats(request: HttpRequest) -> dict[str, Any]:
    return {"cache": observing.cache()}


def _clear_caches(request: HttpRequest) -> dict[str, Any]:
    return observing.clear_caches()


def _overview(request: HttpRequest) -> dict[str, Any]:
    return observing.overview(now=timezone.now())


def _traces(request: HttpRequest, query: TracesQuery) -> list[dict[str, Any]]:
    return observing.list_traces(**query.dict(), now=timezone.now())


def _trace(request: HttpRequest, trace_id: str) -> dict[str, Any]:
    return observing.trace(trace_id=trace_id, now=timezone.now())


def _agents(request: HttpRequest) -> list[dict[str, Any]]:
    return observing.agents()


def _sessions(request: HttpRequest, query: LimitQuery) -> list[dict[str, Any]]:
    return observing.sessions(limit=query.limit)


def _breakers(request: HttpRequest) -> dict[str, Any]:
    return observing.circuit_breakers()


def _reset_breaker(request: HttpRequest, name: str) -> dict[str, Any]:
    return observing.reset_breaker(name=name)


def _health(request: HttpRequest) -> dict[str, Any]:
    return observing.health(now=timezone.now())


PLATFORM_WIDE: Mapping[str, Callable[..., Any]] = {
    "PM-01": _metrics,
    "PM-02": _cache_stats,
    "PM-03": _clear_caches,
    "PM-04": _overview,
    "PM-05": _traces,
    "PM-06": _trace,
    "PM-07": _agents,
    "PM-08": _sessions,
    "PM-09": _breakers,
    "PM-10": _reset_breaker,
    "PM-12": _health,
}
