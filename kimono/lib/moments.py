"""Moments that clients send: any offset is taken, none means UTC (api.md 3.2)."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator


def in_utc(value: datetime) -> datetime:
    """Return a moment in UTC. PostgreSQL knows no offset of 16 hours or more, so none is handed on.

    Raises `ValueError` for one that leaves the calendar.
    """
    try:
        return value.astimezone(UTC) if value.tzinfo is not None else value.replace(tzinfo=UTC)
    except OverflowError:
        raise ValueError("out of range") from None


Utc = Annotated[datetime, AfterValidator(in_utc)]
