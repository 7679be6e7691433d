"""Fields of a change: one that is left out changes nothing, and null is refused where nothing can be null."""

from enum import Enum
from typing import Any, Final

from pydantic import Field


class Kept(Enum):
    """Stands for what a change leaves alone, where None is a value of its own."""

    KEPT = "kept"


KEPT: Final = Kept.KEPT


def omissible(**rules: Any) -> Any:
    """Return a field of a shape that may be left out but not be null; `rules` are those of pydantic's `Field`."""
    return Field(default=None, json_schema_extra=_without_default, **rules)


def _without_default(described: dict[str, Any]) -> None:
    described.pop("default", None)
