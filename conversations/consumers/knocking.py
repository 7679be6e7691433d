"""The handshake of a socket: whose host it is, from which page it comes, and who it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Literal
from urllib.parse import urlsplit

from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict

from conversations.services import origins
from kimono.lib import db
from kimono.lib.errors import Denied, Missing, Refusal, Unauthenticated, Unavailable
from tenants import auth
from tenants.auth import Principal
from tenants.models import Tenant
from tenants.services import hosts, limits

PROTOCOL = "kimono.v1"
_BEARER = "bearer."
_SCHEMES = {"ws": "http", "wss": "https"}
Cookies = Literal["cookies", "no cookies"]


class Suspended(Denied):
    """The merchant is suspended."""

    code = "tenant_suspended"
    detail = "This merchant is suspended."


@dataclass(frozen=True)
class Knock:
    """What a client said when it asked for a socket."""

    scope: Mapping[str, Any]
    cookies: bool
    token_in_address: bool

    @property
    def protocols(self) -> list[str]:
        """Return the subprotocols on offer."""
        return list(self.scope.get("subprotocols") or [])

    @property
    def query(self) -> MultiValueDict[str, str]:
        """Return the parameters of the address."""
        return self.request().GET

    @property
    def token(self) -> str | None:
        """Return the token that came along: as a subprotocol, or in the address where that is allowed."""
        for protocol in self.protocols:
            if protocol.startswith(_BEARER):
                return protocol.removeprefix(_BEARER)
        return (self.query.get("token") or None) if self.token_in_address else None

    def request(self, token: str | None = None) -> HttpRequest:
        """Return the handshake as a request, with `token` as its bearer."""
        scheme = _SCHEMES.get(self.scope.get("scheme", "ws"), "http")
        request = ASGIRequest({**self.scope, "type": "http", "method": "GET", "scheme": scheme}, BytesIO())
        if not self.cookies:
            request.META.pop("HTTP_COOKIE", None)
        if token is not None:
            request.META["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        return request

    @property
    def has_header(self) -> bool:
        """Tell whether the credential came in a way that no page of another site can use."""
        meta = self.request().META
        named = any(protocol.startswith(_BEARER) for protocol in self.protocols)
        return named or bool(meta.get("HTTP_X_API_KEY", "").strip() or meta.get("HTTP_AUTHORIZATION"))


def tenant_of_host(knock: Knock) -> Tenant | None:
    """Return the merchant whose host was called, None on the platform's. Raises `Missing`, `Unavailable`."""
    host = hosts.hostname(knock.request().META.get("HTTP_HOST", ""))
    if hosts.is_platform(host):
        return None
    tenant = hosts.tenant_by_host(host)
    if tenant is None or tenant.status in (Tenant.Status.FAILED, Tenant.Status.DELETED):
        raise Missing
    if not tenant.is_routable:
        raise Unavailable("Under maintenance.", code="maintenance", retry_after=5)
    return tenant


def recognise(knock: Knock, tenant: Tenant | None, token: str | None) -> Principal:
    """Return who is calling, and count the call. Raises `Unauthenticated`, `TooMany`, `Suspended`."""
    request = knock.request(token)
    request.tenant = tenant  # type: ignore[attr-defined]
    ip = auth.peer_ip(request)
    try:
        principal = auth.authenticate(request)
    except Unauthenticated:
        limits.count_request(principal_id="", kind="anonymous", ip=ip, per_minute=None)
        raise
    if principal.tenant is not None:
        db.set_scope(db.Scope(tenant=principal.tenant, schema=principal.tenant.schema_name))
    limits.count_request(
        principal_id=principal.id, kind=principal.kind, ip=ip, per_minute=principal.rate_per_minute
    )
    if principal.tenant is not None and principal.tenant.status == Tenant.Status.SUSPENDED:
        raise Suspended
    return principal


def is_welcome_page(knock: Knock, tenant: Tenant | None, *, listed_sites: bool) -> bool:
    """Tell whether the page that asks may: the host's own, or (`listed_sites`) one that the merchant has listed.

    No page at all is for programs, which carry their credential where no page could put it.
    """
    request = knock.request()
    origin = request.META.get("HTTP_ORIGIN")
    if not origin:
        return knock.has_header
    host, parts = request.META.get("HTTP_HOST", "").lower(), urlsplit(origin.lower())
    if f"{parts.scheme}://{parts.netloc}" != origin.lower():
        return False
    if parts.scheme == request.scheme and parts.netloc == host:
        return True
    if not listed_sites or tenant is None:
        return False
    with db.tenant_scope(tenant):
        return origins.is_listed(origin)


def settled(
    knock: Knock, *, listed_sites: bool, on_platform: bool = False
) -> tuple[Tenant | None, Principal | Refusal]:
    """Return whose host was called and who calls; a refusal that the client is told in the open socket.

    Raises what is said before it opens: `Missing` (also on a merchant's host, where the socket is on the platform's
    alone), `Unavailable`, `Denied` (the page).
    """
    tenant = tenant_of_host(knock)
    if on_platform and tenant is not None:
        raise Missing
    principal: Principal | Refusal
    try:
        principal = recognise(knock, tenant, knock.token)
    except Refusal as refusal:
        principal = refusal
    known = principal.tenant if isinstance(principal, Principal) else None
    if not is_welcome_page(knock, tenant or known, listed_sites=listed_sites):
        raise Denied("This origin is not allowed.", code="origin_not_allowed")
    return tenant, principal


def silence_seconds() -> float:
    """Return how long a client may be silent."""
    return settings.SOCKET_SILENCE_SECONDS
