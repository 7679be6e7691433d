"""Doors of the widget: WI-01…03."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from django.utils import timezone, translation
from ninja import Router, Status

from conversations.api.callers import socket_url
from conversations.schemas import widget as schemas
from conversations.schemas.chat import Handshake
from conversations.services import handshakes, origins, widget, widget_secret
from conversations.services.handshakes import Introduction
from kimono.lib.errors import Unauthenticated
from tenants.auth import Guard, Principal, actor_of

router = Router(tags=["widget"])


class PageGuard(Guard):
    """Lets pages in that belong to the merchant, whoever is signed in there; programs need a key."""

    def __init__(self, *, limits: tuple[str, ...] = ()) -> None:
        super().__init__(public=True, limits=limits)

    def checked(self, request: HttpRequest) -> Principal:
        """Return the principal when its page may ask. Raises `OriginRefused`, `Unauthenticated`."""
        principal = super().checked(request)
        if principal.tenant is None:
            raise Unauthenticated
        if principal.kind != "key":
            origins.check_allowed(
                origin=request.headers.get("Origin"),
                host=request.META.get("HTTP_HOST", ""),
                scheme=request.scheme or "http",
                fetch_site=request.headers.get("Sec-Fetch-Site"),
            )
        return principal


@router.get("/widget/config", response=schemas.WidgetOut, auth=PageGuard(), operation_id="WI-01")
def config(request: HttpRequest) -> dict[str, Any]:
    """Return how the widget looks, and whether people are there."""
    wanted = translation.get_language_from_request(request)
    return widget.shown(language="en" if wanted.startswith("en") else "zh", now=timezone.now())


@router.post(
    "/widget/handshake",
    response={200: Handshake, 201: Handshake},
    auth=PageGuard(limits=("session",)),
    operation_id="WI-02",
)
def handshake(request: HttpRequest, data: schemas.HandshakeIn | None = None) -> Status[Mapping[str, Any]]:
    """Take a visitor's conversation up again (200), or begin one (201)."""
    data = data or schemas.HandshakeIn()
    shaken = handshakes.meet(
        introduction=Introduction(
            user_id=data.user_id or "",
            user_hash=data.user_hash or "",
            language=data.language or "",
            metadata={"page_url": data.page_url} if data.page_url else None,
        ),
        visitor_token=data.visitor_token or "",
        ws_url=socket_url(request),
        now=timezone.now(),
    )
    return Status(200 if shaken.repeat else 201, shaken.handshake)


@router.post(
    "/widget/rotate-secret", response=schemas.SecretOut, auth=Guard(admin=True), operation_id="WI-03"
)
def rotate_secret(request: HttpRequest) -> dict[str, str]:
    """Give the merchant a new secret to sign its users' ids with; the old one's signatures are worth nothing at once."""
    secret = widget_secret.rotate(by=actor_of(request))
    return {"secret": secret, "secret_prefix": secret[: widget_secret.SHOWN]}
