"""The settings of the tenant in force: defaults of the registered sections with its own values over them."""

from typing import Any, TypeVar

from django.db import transaction
from pydantic import Field

from kimono.lib import settings_registry
from kimono.lib.db import current_tenant
from kimono.lib.settings_registry import Section, deep_merge
from tenants.models import Tenant
from tenants.services import auditing
from tenants.services.auditing import Actor

S = TypeVar("S", bound=Section)


class Privacy(Section):
    """How long data is kept and whether contacts are masked."""

    mask_contacts: bool = True
    retention_days: int = Field(default=365, ge=1, le=3650)


def register() -> None:
    """Register the sections of this floor."""
    settings_registry.register_section("privacy", Privacy)


def get(shape: type[S]) -> S:
    """Return one section of the current tenant's settings."""
    return settings_registry.section(shape, current_tenant().settings)


def read() -> dict[str, Any]:
    """Return all settings of the current tenant, JSON-able, defaults filled in."""
    return settings_registry.resolve(current_tenant().settings)


def update(*, patch: dict[str, Any], by: Actor) -> dict[str, Any]:
    """Lay `patch` over the current tenant's settings and return them all.

    Objects merge deeply, lists and values replace. Raises `Invalid` naming the key; then nothing is changed.
    """
    known = settings_registry.settable(patch)
    with transaction.atomic():
        tenant = Tenant.objects.select_for_update(no_key=True).get(pk=current_tenant().pk)
        merged = deep_merge(tenant.settings, known)
        resolved = settings_registry.resolve(merged)
        tenant.settings = merged
        tenant.save(update_fields=["settings", "updated_at"])
        auditing.record(
            action="update_settings", by=by, target_type="settings", details={"sections": sorted(known)}
        )
    current_tenant().settings = merged
    return resolved
