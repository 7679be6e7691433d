"""The audit: who did what. Rows are added, never changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from kimono.lib.db import current_tenant_or_none
from kimono.lib.masking import mask
from tenants.models import AuditRow
from tenants.services.ownership import own_rows


@dataclass(frozen=True)
class Actor:
    """Who acts: a user, an API key, the bot, or the system itself; `ip` is the peer's address where there is one."""

    kind: str
    id: str
    name: str = ""
    ip: str | None = None
    request_id: str = ""


SYSTEM = Actor(kind="system", id="system", name="system")


def _masked(value: Any) -> Any:
    if isinstance(value, str):
        return mask(value)[:500]
    if isinstance(value, Mapping):
        return {str(key): _masked(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_masked(inner) for inner in value]
    return value


def record(
    *,
    action: str,
    by: Actor,
    target_type: str = "",
    target_id: str = "",
    details: Mapping[str, Any] | None = None,
    success: bool = True,
    error: str = "",
) -> None:
    """Add one audit row for the tenant in force (or for the platform).

    Called in the transaction of the change; for a refused write, outside of it.
    """
    with own_rows():
        AuditRow.objects.create(
            tenant=current_tenant_or_none(),
            level="INFO" if success else "WARN",
            source=by.kind,
            message=f"{action} {target_id}".strip()[:500],
            request_id=by.request_id,
            user_id=by.id,
            username=by.name,
            action=action,
            target_type=target_type,
            target_id=target_id,
            details=_masked(details or {}),
            ip_address=by.ip,
            success=success,
            error_message=mask(error)[:500],
        )


def listed(
    *,
    user_id: str | None = None,
    action: str | None = None,
    target_type: str | None = None,
    target_id: str | None = None,
    success: bool | None = None,
    start_time: datetime | None = None,
    end_time: datetime | None = None,
) -> "QuerySet[AuditRow]":
    """Return the audit rows of the tenant in force that match, newest first."""
    rows = AuditRow.objects.select_related("tenant").filter(tenant=current_tenant_or_none())
    given = {
        "user_id": user_id,
        "action": action,
        "target_type": target_type,
        "target_id": target_id,
        "success": success,
        "timestamp__gte": start_time,
        # The wire shows milliseconds: a row's own time, given back, means all of its millisecond.
        "timestamp__lte": end_time
        and end_time.replace(microsecond=end_time.microsecond // 1000 * 1000 + 999),
    }
    return rows.filter(**{name: value for name, value in given.items() if value is not None})
