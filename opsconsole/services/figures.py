"""What the console shows as it changes: how much is going on now, over all merchants."""

import threading
import time
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum, Value
from django.utils import timezone

from agents.models import Seat
from conversations.models import Conversation, Turn
from conversations.services import traces
from kimono.lib import db
from tenants.models import UsageRecord
from tenants.services import across

SECONDS = 5.0
# Reads every call of the day; who looks at costs may wait for them a little longer.
_COST_SECONDS = 30.0
_LATELY = timedelta(minutes=5)
_MINUTE = timedelta(minutes=1)
_lock = threading.Lock()
_kept: dict[str, tuple[float, dict[str, Any]]] = {}


def live(*, now: datetime) -> dict[str, Any]:
    """Return the figures of the frame `metrics` (api.md 15.2), counted at most every few seconds for all who look."""
    with _lock:
        return {**_recent("flow", SECONDS, _flow, now), **_recent("cost", _COST_SECONDS, _cost, now)}


def _recent(name: str, seconds: float, count: Any, now: datetime) -> dict[str, Any]:
    kept, at = _kept.get(name), time.monotonic()
    if kept is None or at - kept[0] >= seconds:
        kept = _kept[name] = at, count(now)
    return kept[1]


def _flow(now: datetime) -> dict[str, Any]:
    turns = Turn.objects.filter(created_at__gte=now - _LATELY)
    finished = Q(status=Turn.Status.SUCCESS)
    asked = sums(
        turns,
        Count("pk", filter=Q(created_at__gte=now - _MINUTE)),
        Count("pk", filter=finished),
        Sum("duration_ms", filter=finished, default=0),
    )
    with db.platform_scope():
        calls = UsageRecord.objects.filter(timestamp__gte=now - _LATELY, cancelled=False).aggregate(
            all=Count("pk"), failed=Count("pk", filter=Q(success=False))
        )
    return {
        "conversations_today": sums(_begun_today(now), Count("pk"))[0],
        "active_sessions": sums(traces.active(now=now), Count("pk"))[0],
        "pending_sessions": sums(Conversation.objects.filter(state="pending"), Count("pk"))[0],
        "agents_online": _agents_online(now),
        "requests_per_minute": asked[0],
        "error_rate": round(calls["failed"] / calls["all"], 4) if calls["all"] else 0.0,
        "avg_latency_ms": round(asked[2] / asked[1], 1) if asked[1] else 0.0,
    }


def _cost(now: datetime) -> dict[str, Any]:
    with db.platform_scope():
        spent = UsageRecord.objects.filter(timestamp__gte=_midnight(now)).aggregate(
            cost=Sum("cost_cny", default=0)
        )
    return {"cost_today": round(float(spent["cost"]), 4)}


def _begun_today(now: datetime) -> QuerySet[Conversation]:
    return Conversation.objects.filter(created_at__gte=_midnight(now))


def _midnight(now: datetime) -> datetime:
    return timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)


def _agents_online(now: datetime) -> int:
    seats = across.values(
        Seat.objects.filter(chosen=Seat.Presence.ONLINE).values_list("chosen", "chosen_at", "seen_at")
    )
    there = [Seat(chosen=chosen, chosen_at=at, seen_at=seen) for chosen, at, seen in seats]
    return sum(seat.presence(now)[0] == Seat.Presence.ONLINE for seat in there)


def sums(rows: QuerySet[Any], *amounts: Any) -> list[int]:
    """Return sums over all merchants; each merchant's rows become one."""
    together = rows.order_by().annotate(together=Value(1)).values("together")
    named = {f"sum_{place}": amount for place, amount in enumerate(amounts)}
    found = across.values(together.annotate(**named).values_list(*named))
    return [sum(int(row[place] or 0) for row in found) for place in range(len(amounts))]
