"""The secret that a merchant's own site signs its users' ids with, and the check of such a signature."""

import hashlib
import hmac

from django.conf import settings

from kimono.lib.db import current_tenant


def secret(generation: int) -> str:
    """Return the current tenant's secret of a generation: `ws_` and 40 characters, made of the platform's own key."""
    message = f"kimono.widget.{current_tenant().pk}.{generation}"
    return "ws_" + hmac.new(settings.SECRET_KEY.encode(), message.encode(), hashlib.sha256).hexdigest()[:40]


def prefix(generation: int) -> str:
    """Return the part of the secret that may be shown: `ws_` and four characters."""
    return secret(generation)[:7]


def vouches(*, user_id: str, user_hash: str, generation: int) -> bool:
    """Tell whether `user_hash` is hex HMAC-SHA256(secret, user_id)."""
    wanted = hmac.new(secret(generation).encode(), user_id.encode(), hashlib.sha256).hexdigest()
    return hmac.compare_digest(wanted, user_hash.strip().lower())
