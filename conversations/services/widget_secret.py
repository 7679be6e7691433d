"""The secret that a merchant's own site signs its users' ids with, and the check of such a signature."""

import hashlib
import hmac

from django.conf import settings
from django.db import transaction

from kimono.lib.db import current_tenant
from kimono.lib.settings_registry import deep_merge
from tenants.models import Tenant
from tenants.services import auditing
from tenants.services.auditing import Actor

SHOWN = 7


def secret(generation: int) -> str:
    """Return the current tenant's secret of a generation: `ws_` and 40 characters, made of the platform's own key."""
    message = f"kimono.widget.{current_tenant().pk}.{generation}"
    return "ws_" + hmac.new(settings.SECRET_KEY.encode(), message.encode(), hashlib.sha256).hexdigest()[:40]


def prefix(generation: int) -> str:
    """Return the part of the secret that may be shown: `ws_` and four characters."""
    return secret(generation)[:SHOWN]


def vouches(*, user_id: str, user_hash: str) -> bool:
    """Tell whether `user_hash` is hex HMAC-SHA256(secret, user_id)."""
    # Not from the tenant in force, which each process remembers for a while: a secret that is out counts no more at once.
    tenant = Tenant.objects.get(pk=current_tenant().pk)
    wanted = hmac.new(secret(_generation(tenant)).encode(), user_id.encode(), hashlib.sha256).hexdigest()
    return hmac.compare_digest(wanted.encode(), user_hash.strip().lower().encode())


def _generation(tenant: Tenant) -> int:
    return int(tenant.settings.get("widget", {}).get("secret_generation", 0))


def rotate(*, by: Actor) -> str:
    """Give the current tenant a new secret and return it; what the old one signed is not believed from now on."""
    with transaction.atomic():
        tenant = Tenant.objects.select_for_update(no_key=True).get(pk=current_tenant().pk)
        generation = _generation(tenant) + 1
        # Not by the way of other settings: whoever may change those could bring an old secret back.
        tenant.settings = deep_merge(tenant.settings, {"widget": {"secret_generation": generation}})
        tenant.save(update_fields=["settings", "updated_at"])
        auditing.record(
            action="rotate_widget_secret",
            by=by,
            target_type="settings",
            details={"prefix": prefix(generation)},
        )
    current_tenant().settings = tenant.settings
    return secret(generation)
