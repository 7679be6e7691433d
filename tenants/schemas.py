"""Shapes of keys, audit rows and settings (api.md 2.4, 9, 14.7)."""

from datetime import datetime
from typing import Annotated, Any, Literal

from ninja import Field, Schema
from pydantic import AfterValidator, BeforeValidator, StringConstraints

from kimono.lib.cleaning import trimmed
from kimono.lib.moments import Utc
from kimono.lib.patching import omissible
from tenants.models import ApiKey, AuditRow
from tenants.paging import Page
from tenants.services import api_keys

ScopeName = Literal["chat", "agent", "knowledge", "operations", "analytics"]


def _distinct(values: list[str]) -> list[str]:
    if len(set(values)) != len(values):
        raise ValueError("scopes must be distinct")
    return values


Name = Annotated[str, BeforeValidator(trimmed), StringConstraints(min_length=1, max_length=100)]
Scopes = Annotated[list[ScopeName], Field(min_length=1, max_length=5), AfterValidator(_distinct)]


class KeyOut(Schema):
    """A key on the wire, without its secret."""

    id: str
    name: str
    prefix: str
    scopes: list[str]
    status: str
    expires_at: datetime | None
    created_at: datetime
    created_by: str | None
    last_used_at: datetime | None
    last_used_ip: str | None
    rate_limit_per_minute: int
    grace_until: datetime | None
    revoked_at: datetime | None


class IssuedKey(KeyOut):
    """A key with its secret, in the one answer that shows it."""

    key: str | None


def show_key(key: ApiKey, *, now: datetime) -> dict[str, Any]:
    """Return a key as `KeyOut`."""
    return {
        "id": key.key_id,
        "name": key.name,
        "prefix": key.prefix,
        "scopes": key.scopes,
        "status": api_keys.status_of(key, now=now),
        "expires_at": key.expires_at,
        "created_at": key.created_at,
        "created_by": key.created_by or None,
        "last_used_at": key.last_used_at,
        "last_used_ip": key.last_used_ip,
        "rate_limit_per_minute": key.rate_limit_per_minute or 600,
        "grace_until": key.grace_until,
        "revoked_at": key.revoked_at,
    }


class KeysQuery(Page):
    """AU-13."""

    status: Literal["active", "rotating", "expired", "revoked"] | None = None


class KeyIn(Schema):
    """AU-14."""

    name: Name
    scopes: Scopes
    expires_at: Utc | None = None
    rate_limit_per_minute: int | None = Field(default=None, ge=1, le=6000)


class KeyPatch(Schema):
    """AU-16."""

    name: Name = omissible()
    scopes: Scopes = omissible()
    expires_at: Utc | None = None
    rate_limit_per_minute: int | None = Field(default=None, ge=1, le=6000)


class RotateIn(Schema):
    """AU-17."""

    grace_seconds: int = Field(default=3600, ge=0, le=604800)


class AuditQuery(Page):
    """AU-19."""

    user_id: str | None = Field(default=None, max_length=64)
    action: str | None = Field(default=None, max_length=60)
    target_type: str | None = Field(default=None, max_length=40)
    target_id: str | None = Field(default=None, max_length=100)
    success: bool | None = None
    start_time: Utc | None = None
    end_time: Utc | None = None


class LogRow(Schema):
    """One row of the audit (api.md 14.7)."""

    id: int
    timestamp: datetime
    kind: str
    level: str
    source: str
    message: str
    request_id: str | None
    tenant_id: str | None
    user_id: str | None
    username: str | None
    action: str | None
    target_type: str | None
    target_id: str | None
    details: dict[str, Any]
    ip_address: str | None
    success: bool
    error_message: str | None


def show_audit(row: AuditRow) -> dict[str, Any]:
    """Return an audit row as `LogRow`."""
    return {
        "id": row.pk,
        "timestamp": row.timestamp,
        "kind": "operation",
        "level": row.level,
        "source": row.source,
        "message": row.message,
        "request_id": row.request_id or None,
        "tenant_id": row.tenant.public_id if row.tenant is not None else None,
        "user_id": row.user_id or None,
        "username": row.username or None,
        "action": row.action,
        "target_type": row.target_type or None,
        "target_id": row.target_id or None,
        "details": row.details,
        "ip_address": row.ip_address,
        "success": row.success,
        "error_message": row.error_message or None,
    }
