"""Requests that may be sent again: the first one's answer is kept for a day and given to every repeat (api.md 3.4)."""

import json
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from kimono.lib import db
from kimono.lib.errors import Conflict
from tenants.models import IdempotencyRecord
from tenants.services.ownership import own_rows

KEPT = timedelta(hours=24)
_LEASE = timedelta(seconds=120)
# Shown once and stored nowhere: a repeat reads null.
_SECRETS = frozenset(
    {
        "key",
        "secret",
        "initial_password",
        "password",
        "access_token",
        "refresh_token",
        "token",
        "visitor_token",
    }
)


@dataclass(frozen=True)
class Request:
    """What makes two requests the same one."""

    principal: str
    method: str
    path: str
    key: str
    body_hash: str


class State(Enum):
    """Where a request stands that has no stored answer."""

    FIRST = "first"
    UNDER_WAY = "under way"


class InProgress(Conflict):
    """The first request has not ended while its repeat waited."""

    code = "idempotency_in_progress"
    detail = "The first request with this Idempotency-Key is still under way."

    def __init__(self) -> None:
        super().__init__(headers={"Retry-After": "1"})


@dataclass(frozen=True)
class Stored:
    """The answer to the first request."""

    status: int
    body: str


def begin(request: Request) -> Stored | State:
    """Return the stored answer of an earlier equal request, or whether this one is the first or must wait.

    Never waits itself: a thread that did would keep the first request from ending. Raises `Conflict`
    (`idempotency_conflict`) for another body under the same key.
    """
    with own_rows():
        record = _mine_or_theirs(request)
    if record is None:
        return State.FIRST
    if record.body_hash != request.body_hash:
        raise Conflict("This Idempotency-Key was used with another body.", code="idempotency_conflict")
    if record.status is None:
        return State.UNDER_WAY
    return Stored(status=record.status, body=record.body)


def _mine_or_theirs(request: Request) -> IdempotencyRecord | None:
    now = timezone.now()
    where = _where(request)
    IdempotencyRecord.objects.filter(**where, created_at__lt=now - KEPT).delete()
    # A first request whose process died never finishes: its lease ends, and the next repeat runs it.
    IdempotencyRecord.objects.filter(**where, status__isnull=True, lease_until__lt=now).delete()
    try:
        with transaction.atomic():
            IdempotencyRecord.objects.create(**where, body_hash=request.body_hash, lease_until=now + _LEASE)
    except IntegrityError:
        return IdempotencyRecord.objects.filter(**where).first() or _mine_or_theirs(request)
    return None


def _where(request: Request) -> dict[str, Any]:
    return {
        "tenant": db.current_tenant_or_none(),
        "principal": request.principal[:80],
        "method": request.method,
        "path": request.path[:300],
        "key": request.key,
    }


def finish(request: Request, *, status: int, body: str) -> None:
    """Keep a 2xx answer, secrets taken out; forget any other, so that a repeat runs again."""
    with own_rows():
        records = IdempotencyRecord.objects.filter(**_where(request), status__isnull=True)
        if 200 <= status < 300:
            records.update(status=status, body=_without_secrets(body))
        else:
            records.delete()


def forget_old() -> int:
    """Delete what is older than a day; return how many rows."""
    with db.public_scope(), db.platform_scope():
        return IdempotencyRecord.objects.filter(created_at__lt=timezone.now() - KEPT).delete()[0]


def _without_secrets(body: str) -> str:
    try:
        return json.dumps(_cleared(json.loads(body)), ensure_ascii=False)
    except ValueError:
        return body


def _cleared(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: None if name in _SECRETS and isinstance(inner, str) else _cleared(inner)
            for name, inner in value.items()
        }
    if isinstance(value, list):
        return [_cleared(inner) for inner in value]
    return value
