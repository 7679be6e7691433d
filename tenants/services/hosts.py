"""From a host name to its tenant, remembered for a short time (setting `KIMONO_HOST_CACHE_SECONDS`)."""

import re
import time
from typing import Any

from django.conf import settings
from django.db.models import Q

from kimono.lib import db
from tenants.models import Domain, Tenant

# Keyed by what the caller sent, so it is bounded; tenants are few next to made-up names.
_MOST = 10_000
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_remembered: dict[str, tuple[float, Tenant | None]] = {}


def clear() -> None:
    """Forget everything remembered in this process."""
    _remembered.clear()


def _cached(key: str, find: Any) -> Tenant | None:
    now = time.monotonic()
    hit = _remembered.get(key)
    if hit is not None and hit[0] > now:
        return hit[1]
    with db.public_scope():
        tenant: Tenant | None = find()
    if len(_remembered) >= _MOST:
        _remembered.clear()
    _remembered[key] = (now + settings.HOST_CACHE_SECONDS, tenant)
    return tenant


def hostname(raw: str) -> str:
    """Return a `Host` header's name: lower case, no port, no trailing dot."""
    name = raw.strip().lower()
    name = name[: name.rfind("]") + 1] if name.startswith("[") else name.split(":", 1)[0]
    return name.rstrip(".")


def is_platform(host: str) -> bool:
    """Tell whether a host name is the platform's."""
    return host in settings.PLATFORM_HOSTS


def is_remembered(host: str) -> bool:
    """Tell whether the answer for a host is at hand, so that no query is needed."""
    hit = _remembered.get(f"host:{host}")
    return hit is not None and hit[0] > time.monotonic()


def tenant_by_host(host: str) -> Tenant | None:
    """Return the tenant whose domain `host` is, whatever its state, or None."""

    def find() -> Tenant | None:
        found: Tenant | None = Tenant.objects.filter(domains__domain=host).first()
        return found

    return _cached(f"host:{host}", find)


def host_of(tenant: Tenant) -> str:
    """Return the primary host name of a tenant."""
    with db.public_scope():
        domain = Domain.objects.filter(tenant=tenant).order_by("-is_primary", "pk").first()
    return domain.domain if domain is not None else f"{tenant.slug}.{settings.TENANT_DOMAIN}"


def tenant_by_slug(slug: str) -> Tenant | None:
    """Return a routable tenant by slug or public id, or None."""

    if not _NAME.fullmatch(slug):
        return None

    def find() -> Tenant | None:
        found: Tenant | None = Tenant.objects.filter(Q(slug=slug) | Q(public_id=slug)).first()
        return found

    tenant = _cached(f"slug:{slug}", find)
    return tenant if tenant is not None and tenant.is_routable else None
