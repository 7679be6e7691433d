"""API keys of the current tenant, and how one is recognised."""

import hashlib
import hmac
import secrets
import string
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from kimono.lib import db
from kimono.lib.errors import Conflict, Invalid, Missing, Unauthenticated
from kimono.lib.ids import new_id
from tenants.models import ApiKey, Tenant
from tenants.services import auditing
from tenants.services.auditing import Actor

_LETTERS = string.ascii_lowercase + string.digits
MOST_KEYS = 50
# How the prefix of a key in plain words begins: the demo's, which only this machine may use, in the demo alone.
_LITERAL = "lit_"
_LITERAL_PROFILES = ("demo", "dev", "test")
_USED_RESOLUTION = timedelta(minutes=1)


@dataclass(frozen=True)
class Recognised:
    """A key that is good now."""

    key_id: str
    tenant: Tenant
    name: str
    scopes: tuple[str, ...]
    rate_limit_per_minute: int | None


@dataclass(frozen=True)
class Issued:
    """A key with its secret: the only time the secret is seen."""

    key: ApiKey
    secret: str


def _random(length: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(length))


def hash_of(secret: str) -> str:
    """Return what is stored of a secret; 200 random bits need no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


def prefix_of(secret: str) -> str:
    """Return the part of a secret by which its row is found: `kmn_` and 8 characters, or a digest for other forms."""
    if secret.startswith("kmn_") and len(secret) > 13:
        return secret[:12]
    return _LITERAL + hash_of(secret)[:8]


def authenticate(*, secret: str, ip: str | None, loopback: bool) -> Recognised:
    """Return the key that `secret` opens. Raises `Unauthenticated`: unknown, revoked, expired, or of a dead tenant.

    Reads the row each time, so that a revoked key is refused everywhere at once.
    """
    prefix, digest, now = prefix_of(secret), hash_of(secret), timezone.now()
    with db.public_scope(), db.platform_scope():
        candidates = ApiKey.objects.select_related("tenant").filter(prefix=prefix, revoked_at__isnull=True)
        former = ApiKey.objects.select_related("tenant").filter(
            previous_prefix=prefix, grace_until__gt=now, revoked_at__isnull=True
        )
        key = next((key for key in candidates if hmac.compare_digest(key.secret_hash, digest)), None) or next(
            (key for key in former if hmac.compare_digest(key.previous_hash, digest)), None
        )
        if key is None or (key.expires_at is not None and key.expires_at <= now):
            raise Unauthenticated
        if (key.loopback_only and not loopback) or not key.tenant.is_routable:
            raise Unauthenticated
        if prefix.startswith(_LITERAL) and not (loopback and settings.PROFILE in _LITERAL_PROFILES):
            raise Unauthenticated
        if key.last_used_at is None or now - key.last_used_at > _USED_RESOLUTION:
            ApiKey.objects.filter(pk=key.pk).update(last_used_at=now, last_used_ip=ip)
    return Recognised(
        key_id=key.key_id,
        tenant=key.tenant,
        name=key.name,
        scopes=tuple(key.scopes),
        rate_limit_per_minute=key.rate_limit_per_minute,
    )


def living(*, key_ids: Collection[str], now: datetime) -> set[str]:
    """Return which of these keys still open something."""
    with db.public_scope(), db.platform_scope():
        rows = ApiKey.objects.filter(key_id__in=key_ids, revoked_at__isnull=True)
        unexpired = rows.filter(Q(expires_at__isnull=True) | Q(expires_at__gt=now))
        return set(unexpired.values_list("key_id", flat=True))


def status_of(key: ApiKey, *, now: datetime) -> str:
    """Return the key's state on the wire: active, rotating, expired or revoked."""
    if key.revoked_at is not None:
        return "revoked"
    if key.expires_at is not None and key.expires_at <= now:
        return "expired"
    return "rotating" if key.grace_until is not None and key.grace_until > now else "active"


def listed(*, status: str | None, now: datetime) -> "QuerySet[ApiKey]":
    """Return the current tenant's keys, newest first, optionally only those in one state."""
    keys = ApiKey.objects.filter(tenant=db.current_tenant())
    expired = Q(expires_at__isnull=False, expires_at__lte=now)
    rotating = Q(grace_until__gt=now)
    living = keys.filter(revoked_at__isnull=True)
    match status:
        case "revoked":
            return keys.filter(revoked_at__isnull=False)
        case "expired":
            return living.filter(expired)
        case "rotating":
            return living.exclude(expired).filter(rotating)
        case "active":
            return living.exclude(expired).exclude(rotating)
    return keys


def update(*, key_id: str, by: Actor, changes: dict[str, Any]) -> ApiKey:
    """Change name, scopes, expiry or rate of a key. Raises `Conflict` for a revoked one, `Invalid`, `Missing`."""
    with transaction.atomic():
        key = _locked(key_id)
        if key.revoked_at is not None:
            raise Conflict("The key is revoked.")
        expires_at = _aware(changes.get("expires_at"))
        if expires_at is not None and expires_at <= timezone.now():
            raise Invalid("must be in the future", loc=["body", "expires_at"])
        for name, value in changes.items():
            setattr(key, name, _aware(value) if name == "expires_at" else value)
        key.save()
        auditing.record(
            action="update_api_key",
            by=by,
            target_type="api_key",
            target_id=key_id,
            details={"changed": sorted(changes)},
        )
    return key


def _aware(moment: datetime | None) -> datetime | None:
    # A time without an offset is UTC (api.md 3.2).
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment


def get(*, key_id: str) -> ApiKey:
    """Return a key of the current tenant. Raises `Missing`."""
    key = ApiKey.objects.filter(key_id=key_id, tenant=db.current_tenant()).first()
    if key is None:
        raise Missing
    return key


def create(
    *,
    name: str,
    scopes: Sequence[str],
    by: Actor,
    expires_at: datetime | None = None,
    rate_limit_per_minute: int | None = None,
    secret: str | None = None,
    loopback_only: bool = False,
) -> Issued:
    """Make a key of the current tenant. Raises `Conflict` (`limit_reached`) beyond 50 living ones.

    `secret` is given only for the demo's literal key.
    """
    expires_at = _aware(expires_at)
    if expires_at is not None and expires_at <= timezone.now():
        raise Invalid("must be in the future", loc=["body", "expires_at"])
    with transaction.atomic():
        tenant = Tenant.objects.select_for_update(no_key=True).get(pk=db.current_tenant().pk)
        if ApiKey.objects.filter(tenant=tenant, revoked_at__isnull=True).count() >= MOST_KEYS:
            raise Conflict("No more keys can be made.", code="limit_reached")
        plain = secret or f"kmn_{_random(8)}_{_random(40)}"
        key = ApiKey.objects.create(
            key_id=new_id("key"),
            tenant=tenant,
            name=name,
            prefix=prefix_of(plain),
            secret_hash=hash_of(plain),
            scopes=list(scopes),
            expires_at=expires_at,
            rate_limit_per_minute=rate_limit_per_minute,
            created_by=by.id,
            loopback_only=loopback_only,
        )
        auditing.record(
            action="create_api_key",
            by=by,
            target_type="api_key",
            target_id=key.key_id,
            details={"name": name},
        )
    return Issued(key=key, secret=plain)


def rotate(*, key_id: str, grace_seconds: int, by: Actor) -> Issued:
    """Give a key a new secret; the old one works until the grace is over. Raises `Conflict` for a dead key."""
    with transaction.atomic():
        key = _locked(key_id)
        now = timezone.now()
        if status_of(key, now=now) in ("revoked", "expired"):
            raise Conflict("The key is revoked or expired.")
        plain = f"kmn_{_random(8)}_{_random(40)}"
        key.previous_prefix, key.previous_hash = key.prefix, key.secret_hash
        key.grace_until = now + timedelta(seconds=grace_seconds)
        key.prefix, key.secret_hash, key.loopback_only = prefix_of(plain), hash_of(plain), False
        key.save()
        auditing.record(action="rotate_api_key", by=by, target_type="api_key", target_id=key.key_id)
    return Issued(key=key, secret=plain)


def revoke(*, key_id: str, by: Actor) -> None:
    """Revoke a key at once; a second time changes nothing."""
    with transaction.atomic():
        key = _locked(key_id)
        if key.revoked_at is None:
            key.revoked_at = timezone.now()
            key.save(update_fields=["revoked_at"])
            auditing.record(action="revoke_api_key", by=by, target_type="api_key", target_id=key.key_id)


def _locked(key_id: str) -> ApiKey:
    key = (
        ApiKey.objects.select_for_update(no_key=True)
        .filter(key_id=key_id, tenant=db.current_tenant())
        .first()
    )
    if key is None:
        raise Missing
    return key
