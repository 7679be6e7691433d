"""Reckoning with the calendar: the nearest such day, weeks and months from a day."""

import calendar
from datetime import date, timedelta
from typing import Literal

Prefer = Literal["future", "past"]


def nearest_year(month: int, day: int, today: date, prefer: Prefer) -> date | None:
    """Return the nearest such day to come (or gone); eight years hold a 29 February whichever year it is."""
    if not 1 <= month <= 12 or not 1 <= day <= 31:
        return None
    years = range(9) if prefer == "future" else range(0, -9, -1)
    for shift in years:
        if day <= calendar.monthrange(today.year + shift, month)[1]:
            candidate = date(today.year + shift, month, day)
            if (candidate >= today) if prefer == "future" else (candidate <= today):
                return candidate
    return None


def in_week(weekday: int, shift: int | None, today: date, prefer: Prefer) -> date:
    """Return the weekday (Monday is 0) `shift` weeks from this one; with None the nearest to come (or gone)."""
    if shift is not None:
        monday = today - timedelta(days=today.weekday())
        return monday + timedelta(weeks=shift, days=weekday)
    if prefer == "past":
        return today - timedelta(days=(today.weekday() - weekday) % 7)
    return today + timedelta(days=(weekday - today.weekday()) % 7)


def part_of_month(first: date, part: str) -> date:
    """Return the day that 月初, 月中 or 月底 means in the month of `first`, its first day."""
    if part in ("底", "末", "月底", "月末"):
        return first.replace(day=calendar.monthrange(first.year, first.month)[1])
    return first.replace(day=1 if "初" in part else 15)


def add_months(day: date, months: int) -> date:
    """Return the same day `months` later, or the last day of a shorter month."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
