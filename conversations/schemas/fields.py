"""Fields that several shapes share. Every text from outside is cleaned of what no database column holds."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, StringConstraints

from kimono.lib.cleaning import clean

METADATA_BYTES = 4096


def _clean(value: Any) -> Any:
    return clean(value) if isinstance(value, str) else value


def _trimmed(value: Any) -> Any:
    return clean(value).strip() if isinstance(value, str) else value


def _clean_deep(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Mapping):
        return {_clean(str(key)): _clean_deep(inner) for key, inner in value.items()}
    return [_clean_deep(inner) for inner in value] if isinstance(value, list) else value


def _storable(value: dict[str, Any]) -> dict[str, Any]:
    try:
        json.dumps(value, allow_nan=False)
    except (ValueError, RecursionError):
        raise ValueError("must be plain JSON") from None
    return value


def _small(value: dict[str, Any]) -> dict[str, Any]:
    if len(json.dumps(value, ensure_ascii=False).encode()) > METADATA_BYTES:
        raise ValueError(f"must be at most {METADATA_BYTES} bytes of JSON")
    return value


def _utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC) if value.tzinfo is not None else value.replace(tzinfo=UTC)
    except OverflowError:
        raise ValueError("out of range") from None


Said = Annotated[str, StringConstraints(min_length=1, max_length=2000), BeforeValidator(_trimmed)]
Remark = Annotated[str, StringConstraints(max_length=500), BeforeValidator(_trimmed)]
Short = Annotated[str, StringConstraints(max_length=64), BeforeValidator(_clean)]
Search = Annotated[str, StringConstraints(max_length=200), BeforeValidator(_trimmed)]
Json = Annotated[dict[str, Any], BeforeValidator(_clean_deep), AfterValidator(_storable)]
Metadata = Annotated[Json, AfterValidator(_small)]
SessionId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{6,64}$")]
Moment = Annotated[datetime, AfterValidator(_utc)]
Channel = Literal["web", "app", "wechat", "wecom", "dingtalk", "api"]
State = Literal["bot", "pending", "assigned", "resolved", "closed"]
LanguageCode = Literal["zh", "en", "ja"]
Priority = Literal["urgent", "high", "normal", "info"]
PriorityIn = Annotated[
    Priority,
    BeforeValidator(
        lambda value: (
            {"highest": "urgent", "medium": "normal", "low": "info"}.get(value, value)
            if isinstance(value, str)
            else value
        )
    ),
]
