"""Looking after the parts of the platform: operators are told when one goes down, suffers, or is back; never the same twice.

Whoever comes by when it is time looks: beat's task, and the sockets of operators who look on, for a task runs only while
queue and workers do. What was found and what is told of it are written together, by one at a time.
"""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import translation

from conversations.services.payloads import moment
from kimono.lib import db
from opsconsole.models import Component
from opsconsole.services import alerts, components, feed
from opsconsole.services.components import Measured

EVENTS = {
    Component.Status.HEALTHY: "up",
    Component.Status.DEGRADED: "degraded",
    Component.Status.UNHEALTHY: "down",
}
_LOCK = "SELECT pg_try_advisory_xact_lock(hashtext('kimono.watching'))"


def look(*, now: datetime) -> int:
    """Measure every part if it is time, tell operators what has changed, and return how many have."""
    with db.public_scope(), db.platform_scope(), translation.override(settings.LANGUAGE_CODE):
        if not _is_due(now):
            return 0
        found = components.measure(now=now)
        changed = _store(found, now)
        if changed:
            alerts.check(now=now)
    return changed


def _is_due(now: datetime) -> bool:
    # Half of the period, for beat is never quite on time.
    lately = now - timedelta(seconds=settings.WATCH_SECONDS / 2)
    return not Component.objects.filter(last_check__gt=lately).exists()


def _store(found: dict[str, Measured], now: datetime) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_LOCK)
        if not cursor.fetchone()[0] or not _is_due(now):
            return 0
        known = {row.name: row for row in Component.objects.all()}
        changed = [
            row
            for name in components.PROBES
            if _note(row := known.get(name) or Component(name=name), found.get(name), now)
        ]
        for row in changed:
            feed.add("component", event=EVENTS[Component.Status(row.status)], about=shown(row), now=now)
    return len(changed)


def _note(row: Component, measured: Measured | None, now: datetime) -> bool:
    """Store how a part was found, and tell whether that is news. A part that nobody knew was thought to be well."""
    before, row.last_check = row.status, now
    if measured is not None:
        row.status, row.message, row.latency_ms = measured.status, measured.message, measured.latency_ms
    row.save()
    return row.status != before


def shown(row: Component) -> dict[str, Any]:
    """Return a part as the wire shows it (api.md 14.3)."""
    return {
        "name": row.name,
        "status": row.status,
        "latency_ms": row.latency_ms,
        "last_check": moment(row.last_check),
        "message": row.message or None,
    }
