"""Moments as clients send them (any offset is taken, none means UTC) and as they are answered (api.md 3.2)."""

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator


def in_utc(value: datetime) -> datetime:
    """Return a moment in UTC. PostgreSQL knows no offset of 16 hours or more, so none is handed on.

    Raises `ValueError` for one that leaves the calendar.
    """
    try:
        return value.astimezone(UTC) if value.tzinfo is not None else value.replace(tzinfo=UTC)
    except OverflowError:
        raise ValueError("out of range") from None


def written(value: datetime) -> str:
    """Return a moment as UTC ISO 8601 with `Z`, to the millisecond."""
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _written_out(value: Any) -> Any:
    """Return a value that is no number. Raises `ValueError` for one: seconds and milliseconds cannot be told apart."""
    number = isinstance(value, int | float) or (
        isinstance(value, str) and value.strip().lstrip("+-").replace(".", "", 1).isdecimal()
    )
    if number:
        raise ValueError("a time is written out, as in 2026-03-01T09:00:00Z")
    return value


Utc = Annotated[datetime, BeforeValidator(_written_out), AfterValidator(in_utc)]
