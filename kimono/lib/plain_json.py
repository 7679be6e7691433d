"""JSON as the standard has it and as PostgreSQL can hold it."""

import json
import math
import re
from typing import Any

# PostgreSQL holds neither NUL nor half a surrogate pair.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def read(content: bytes | str) -> Any:
    """Return what a text of JSON says, storable. Raises `ValueError` for bad JSON, NaN and numbers out of range."""
    return storable(json.loads(content, parse_constant=_refuse, parse_float=_finite))


def storable(value: Any) -> Any:
    """Return JSON-able data with NUL and lone surrogates taken out of every text."""
    if isinstance(value, str):
        return value if value.isascii() and "\x00" not in value else _UNSTORABLE.sub("", value)
    if isinstance(value, dict):
        return {storable(key): storable(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [storable(inner) for inner in value]
    return value


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number is out of range")
    return number
