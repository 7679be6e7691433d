"""Doors of keys, audit and settings: AU-13…19, CF-01, CF-02."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Body, Query, Router, Status

from tenants import schemas
from tenants.auth import Guard, actor_of
from tenants.paging import Paged, paged
from tenants.schemas import show_audit, show_key
from tenants.services import api_keys, auditing, tenant_settings

router = Router(tags=["tenant"])
ADMIN = Guard(admin=True)


def _shown(key: Any) -> dict[str, Any]:
    return show_key(key, now=timezone.now())


@router.get("/api-keys", response=Paged[schemas.KeyOut], auth=ADMIN, operation_id="AU-13")
def list_keys(request: HttpRequest, query: Query[schemas.KeysQuery]) -> dict[str, Any]:
    """List the merchant's API keys."""
    return paged(api_keys.listed(status=query.status, now=timezone.now()), query, _shown)


@router.post("/api-keys", response={201: schemas.IssuedKey}, auth=ADMIN, operation_id="AU-14")
def create_key(request: HttpRequest, data: schemas.KeyIn) -> Status[dict[str, Any]]:
    """Make an API key; its secret is in this answer only."""
    issued = api_keys.create(**data.dict(), by=actor_of(request))
    return Status(201, {**_shown(issued.key), "key": issued.secret})


@router.get("/api-keys/{key_id}", response=schemas.KeyOut, auth=ADMIN, operation_id="AU-15")
def get_key(request: HttpRequest, key_id: str) -> dict[str, Any]:
    """Return an API key."""
    return _shown(api_keys.get(key_id=key_id))


@router.patch("/api-keys/{key_id}", response=schemas.KeyOut, auth=ADMIN, operation_id="AU-16")
def update_key(request: HttpRequest, key_id: str, data: schemas.KeyPatch) -> dict[str, Any]:
    """Change an API key."""
    return _shown(api_keys.update(key_id=key_id, by=actor_of(request), changes=data.dict(exclude_unset=True)))


@router.post("/api-keys/{key_id}/rotate", response=schemas.IssuedKey, auth=ADMIN, operation_id="AU-17")
def rotate_key(request: HttpRequest, key_id: str, data: schemas.RotateIn | None = None) -> dict[str, Any]:
    """Give an API key a new secret; the old one works until `grace_until`."""
    grace = (data or schemas.RotateIn()).grace_seconds
    issued = api_keys.rotate(key_id=key_id, grace_seconds=grace, by=actor_of(request))
    return {**_shown(issued.key), "key": issued.secret}


@router.delete("/api-keys/{key_id}", response={204: None}, auth=ADMIN, operation_id="AU-18")
def revoke_key(request: HttpRequest, key_id: str) -> Status[None]:
    """Revoke an API key at once."""
    api_keys.revoke(key_id=key_id, by=actor_of(request))
    return Status(204, None)


@router.get("/audit-logs", response=Paged[schemas.LogRow], auth=ADMIN, operation_id="AU-19")
def audit_logs(request: HttpRequest, query: Query[schemas.AuditQuery]) -> dict[str, Any]:
    """List what was done in this merchant, newest first."""
    return paged(auditing.listed(**query.dict(exclude={"page", "page_size"})), query, show_audit)


@router.get("/settings", response=dict[str, Any], auth=ADMIN, operation_id="CF-01")
def read_settings(request: HttpRequest) -> dict[str, Any]:
    """Return the merchant's settings with defaults filled in."""
    return tenant_settings.read()


@router.patch("/settings", response=dict[str, Any], auth=ADMIN, operation_id="CF-02")
def update_settings(request: HttpRequest, data: Body[dict[str, Any]]) -> dict[str, Any]:
    """Lay a part over the merchant's settings."""
    return tenant_settings.update(patch=data, by=actor_of(request))
