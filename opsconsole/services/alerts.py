"""Alerts: rules over what is measured, each raised once, told to operators, and resolved when it is over (api.md 14.8)."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q
from django.utils import translation
from django.utils.translation import gettext as _

from conversations.services.payloads import moment
from kimono.lib import db
from opsconsole.models import Alert
from opsconsole.services import feed
from opsconsole.services.rules import RULES, Reading, Rule

SYSTEM = "system"
# A rule that has been resolved raises nothing for the same target for so long.
COOLDOWN = timedelta(minutes=10)
_LOCK = "SELECT pg_advisory_xact_lock(hashtext('kimono.alerts'))"
_OPEN = ~Q(status=Alert.Status.RESOLVED)


def check(*, now: datetime) -> int:
    """Raise and resolve alerts as the rules say, tell operators, and return how many changed."""
    with db.public_scope(), db.platform_scope(), translation.override(settings.LANGUAGE_CODE):
        found = [(rule, rule.measure(rule, now)) for rule in RULES]
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_LOCK)
            told = [each for rule, readings in found for each in _apply(rule, readings, now)]
            for alert, event in told:
                feed.add("alert", event=event, about=shown(alert), now=now)
    return len(told)


def _apply(rule: Rule, readings: Mapping[str, Reading], now: datetime) -> Iterable[tuple[Alert, str]]:
    """Store what a rule found; return what operators are to hear of, with the event."""
    standing = {alert.target: alert for alert in Alert.objects.filter(_OPEN, source=rule.source)}
    for target, reading in readings.items():
        alert = standing.pop(target, None)
        if alert is not None:
            _refresh(alert, reading)
        elif not _cools(rule, target, now):
            yield _raise(rule, target, reading, now), "raised"
    for alert in standing.values():
        if _is_over(alert, now):
            yield alert, "resolved"


def _refresh(alert: Alert, reading: Reading) -> None:
    alert.extra_data |= {"value": reading.value, "count": alert.extra_data["count"] + 1}
    alert.message, alert.clear_since = reading.message, None
    alert.save(update_fields=["extra_data", "message", "clear_since"])


def _cools(rule: Rule, target: str, now: datetime) -> bool:
    return Alert.objects.filter(source=rule.source, target=target, resolved_at__gt=now - COOLDOWN).exists()


def _raise(rule: Rule, target: str, reading: Reading, now: datetime) -> Alert:
    return Alert.objects.create(
        created_at=now,
        alert_type=rule.name,
        severity=rule.severity,
        title=_(rule.title),
        message=reading.message,
        source=rule.source,
        target=target,
        extra_data={"value": reading.value, "threshold": rule.threshold, "count": 1}
        | ({"component": target} if target else {}),
    )


def _is_over(alert: Alert, now: datetime) -> bool:
    """Take note that the condition does not hold; resolve the alert at the second check that finds so."""
    if alert.clear_since is None:
        alert.clear_since = now
        alert.save(update_fields=["clear_since"])
        return False
    # A look at the components checks, too: two checks at one instant are one.
    if now - alert.clear_since < timedelta(seconds=settings.ALERT_SECONDS / 2):
        return False
    alert.status, alert.resolved_by, alert.resolved_at = Alert.Status.RESOLVED, SYSTEM, now
    alert.save(update_fields=["status", "resolved_by", "resolved_at"])
    return True


def shown(alert: Alert) -> dict[str, Any]:
    """Return an alert as the wire shows it (api.md 14.8)."""
    return {
        "id": alert.pk,
        "created_at": moment(alert.created_at),
        "alert_type": alert.alert_type,
        "severity": alert.severity,
        "title": alert.title,
        "message": alert.message,
        "source": alert.source,
        "tenant_id": alert.tenant.public_id if alert.tenant is not None else None,
        "status": alert.status,
        "acknowledged_by": alert.acknowledged_by,
        "acknowledged_at": _moment(alert.acknowledged_at),
        "resolved_at": _moment(alert.resolved_at),
        "resolved_by": alert.resolved_by,
        "resolution_note": alert.resolution_note,
        "extra_data": alert.extra_data,
    }


def _moment(at: datetime | None) -> str | None:
    return moment(at) if at is not None else None
