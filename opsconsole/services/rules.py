"""The rules that raise alerts (api.md 14.8), as far as what they measure is recorded today."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q, Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from conversations.models import Turn
from knowledge.models import Feedback, QAPair
from opsconsole.models import Alert, Component
from opsconsole.services import figures
from tenants.models import UsageRecord

_LATELY = timedelta(minutes=5)
_FEWEST_CALLS = 20


@dataclass(frozen=True)
class Reading:
    """What a rule found that is as it should not be."""

    value: float | str
    message: str


@dataclass(frozen=True)
class Rule:
    """A rule of the contract: `measure` returns what it holds of now, by target (empty: the whole platform)."""

    name: str
    severity: Alert.Severity
    title: str
    threshold: float | str
    measure: Callable[["Rule", datetime], Mapping[str, Reading]]

    @property
    def source(self) -> str:
        """Return what its alerts are said to come from."""
        return f"rule:{self.name}"

    def over(self, value: float, unit: str = "") -> dict[str, Reading]:
        """Return a reading of the whole platform, if a value is over the threshold."""
        if value <= float(self.threshold):
            return {}
        return {"": Reading(value, f"{_(self.title)}: {value:g}{unit}")}


def _error_rate(rule: Rule, now: datetime) -> Mapping[str, Reading]:
    """Judge calls to providers; few say nothing."""
    calls = UsageRecord.objects.filter(timestamp__gt=now - _LATELY, cancelled=False).aggregate(
        all=Count("pk"), failed=Count("pk", filter=Q(success=False))
    )
    if calls["all"] < _FEWEST_CALLS:
        return {}
    return rule.over(round(calls["failed"] / calls["all"], 4))


def _latency(rule: Rule, now: datetime) -> Mapping[str, Reading]:
    """Judge the mean time of the bot's answers."""
    answered = Turn.objects.filter(created_at__gt=now - _LATELY, status=Turn.Status.SUCCESS)
    count, spent = figures.sums(answered, Count("pk"), Sum("duration_ms", default=0))
    return rule.over(round(spent / count, 1), " ms") if count else {}


def _feedbacks(rule: Rule, now: datetime) -> Mapping[str, Reading]:
    waiting = Feedback.objects.filter(status=Feedback.Status.PENDING)
    return rule.over(figures.sums(waiting, Count("pk"))[0])


def _unsynced(rule: Rule, now: datetime) -> Mapping[str, Reading]:
    waiting = QAPair.objects.filter(status=QAPair.Status.ACTIVE, is_synced=False)
    return rule.over(figures.sums(waiting, Count("pk"))[0])


def _down(rule: Rule, now: datetime) -> Mapping[str, Reading]:
    """Name each component that is not well, as it was found when it was last looked at."""
    unwell = Component.objects.exclude(status=rule.threshold)
    return {
        each.name: Reading(each.status, f"{each.name}: {each.message or each.get_status_display()}")
        for each in unwell
    }


_Severity = Alert.Severity
RULES = (
    Rule("high_error_rate", _Severity.ERROR, gettext_noop("Error rate"), 0.1, _error_rate),
    Rule("slow_response", _Severity.WARNING, gettext_noop("Slow answers"), 5000, _latency),
    Rule("pending_feedbacks", _Severity.WARNING, gettext_noop("Feedback waits"), 100, _feedbacks),
    Rule("sync_delay", _Severity.WARNING, gettext_noop("QA pairs without vectors"), 50, _unsynced),
    Rule("component_down", _Severity.CRITICAL, gettext_noop("A component is down"), "healthy", _down),
)
