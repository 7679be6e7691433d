"""How many people are there to talk to: an upper floor knows them and says so, this one only asks."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeAlias

Headcount: TypeAlias = Callable[[datetime], int]


def _nobody(now: datetime) -> int:
    return 0


_headcount: Headcount = _nobody


def install(headcount: Headcount) -> None:
    """Set who counts the people of the current tenant that are online at a time."""
    global _headcount
    _headcount = headcount


def online(*, now: datetime) -> int:
    """Return how many people of the current tenant are there and take conversations."""
    return _headcount(now)
