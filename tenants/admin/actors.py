"""Who acts on an admin page."""

from typing import Any

from django.http import HttpRequest

from tenants.auth import peer_ip
from tenants.services.auditing import Actor


def actor_of_admin(request: HttpRequest) -> Actor:
    """Return the signed-in user of an admin page as the actor of a service."""
    user: Any = request.user
    return Actor(
        kind="user",
        id=user.public_id,
        name=user.username,
        ip=peer_ip(request),
        request_id=getattr(request, "request_id", ""),
    )
