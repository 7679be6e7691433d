"""When the tenant's agents are at work, and what a contact is told when they are not."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from conversations.services.dialogue.phrases import Language

_WEEKDAYS: Mapping[Language, tuple[str, ...]] = {
    "zh": ("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "ja": ("月曜日", "火曜日", "水曜日", "木曜日", "金曜日", "土曜日", "日曜日"),
}
_NEAR: Mapping[Language, tuple[str, str]] = {
    "zh": ("今天{time}", "明天{time}"),
    "en": ("today at {time}", "tomorrow at {time}"),
    "ja": ("本日{time}", "明日{time}"),
}
_THAT_DAY: Mapping[Language, str] = {"zh": "{day}{time}", "en": "on {day} at {time}", "ja": "{day}{time}"}


@dataclass(frozen=True)
class WorkingHours:
    """The days (ISO weekdays, 1 is Monday) and hours of the agents; hours that end before they start go over midnight."""

    tz: str
    days: frozenset[int]
    start: time
    end: time

    @classmethod
    def from_settings(cls, working_hours: Mapping[str, Any] | None) -> "WorkingHours | None":
        """Return the hours of `handoff.working_hours`; None, as the default, means always at work."""
        if working_hours is None:
            return None
        return cls(
            tz=working_hours["tz"],
            days=frozenset(working_hours["days"]),
            start=_clock(working_hours["start"]),
            end=_clock(working_hours["end"]),
        )


def in_working_hours(hours: WorkingHours | None, now: datetime) -> bool:
    """Tell whether agents are at work at `now` (aware)."""
    if hours is None:
        return True
    local = now.astimezone(ZoneInfo(hours.tz))
    clock, today = local.time(), local.isoweekday()
    if hours.start < hours.end:
        return today in hours.days and hours.start <= clock < hours.end
    yesterday = (local - timedelta(days=1)).isoweekday()
    return (today in hours.days and clock >= hours.start) or (yesterday in hours.days and clock < hours.end)


def next_opening(hours: WorkingHours | None, now: datetime) -> datetime | None:
    """Return when agents are next at work, in their time zone; None when they are now, or never (no days)."""
    if hours is None or not hours.days or in_working_hours(hours, now):
        return None
    zone = ZoneInfo(hours.tz)
    local = now.astimezone(zone)
    for ahead in range(8):
        day = local.date() + timedelta(days=ahead)
        opening = datetime.combine(day, hours.start, tzinfo=zone)
        if day.isoweekday() in hours.days and opening > local:
            return opening
    return None


def next_opening_text(hours: WorkingHours | None, now: datetime, language: Language = "zh") -> str:
    """Return when agents are next at work as a contact reads it: 明天09:00, on Monday at 09:00; empty when unknown."""
    opening = next_opening(hours, now)
    if opening is None:
        return ""
    clock = f"{opening:%H:%M}"
    days = (opening.date() - now.astimezone(opening.tzinfo).date()).days
    if days < 2:
        return _NEAR[language][days].format(time=clock)
    return _THAT_DAY[language].format(day=_WEEKDAYS[language][opening.weekday()], time=clock)


def _clock(text: str) -> time:
    """Return the time of HH:MM; 24:00 is the last moment of the day."""
    return time.max if text == "24:00" else time.fromisoformat(text)
