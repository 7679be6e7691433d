"""Who is calling, and what the guard of a route asks of them.

`authenticate` tries the credentials in the order of api.md 2.1; each floor registers its own kinds. A guard is
ninja's `auth=` of one route: 401 → 403 → 413 → 429, before the body is read.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from kimono.lib import db
from kimono.lib.addresses import is_address, is_loopback, within
from kimono.lib.errors import Denied, Refusal, TooLarge, Unauthenticated
from kimono.lib.threads import in_thread
from tenants.answers import JSON_LIMIT
from tenants.models import Tenant
from tenants.services import api_keys, hosts, limits
from tenants.services.auditing import Actor

Kind: TypeAlias = Literal["key", "user", "platform", "visitor", "anonymous"]
SCOPES = ("chat", "agent", "knowledge", "operations", "analytics")


@dataclass(frozen=True)
class Principal:
    """Who calls. `tenant` is None for a platform user and for nobody; `scopes` is what may be read and written."""

    kind: Kind
    id: str
    tenant: Tenant | None = None
    name: str = ""
    role: str = ""
    scopes: frozenset[str] = frozenset()
    read_only: bool = False
    knowledge_read: bool = False
    user: Any = None
    session_id: str = ""
    rate_per_minute: int | None = None
    open_mode: bool = False
    cookie: bool = False
    ip: str | None = None
    extra: dict[str, Any] = field(default_factory=dict, compare=False)

    def actor(self, request_id: str = "") -> Actor:
        """Return this principal as the actor of a service."""
        return Actor(kind=self.kind, id=self.id, name=self.name, ip=self.ip, request_id=request_id)


Authenticator: TypeAlias = Callable[[HttpRequest], Principal | None]
_bearer: list[Authenticator] = []
_query: list[Authenticator] = []
_cookie: list[Authenticator] = []


def register(authenticator: Authenticator, *, carrier: Literal["bearer", "query", "cookie"]) -> None:
    """Add a way to recognise callers; it returns None when the credential is not of its kind.

    `query` is for tokens in an address, where a browser can set no header; it goes before the cookie.
    """
    {"bearer": _bearer, "query": _query, "cookie": _cookie}[carrier].append(authenticator)


def peer_ip(request: HttpRequest) -> str | None:
    """Return the caller's address; `X-Forwarded-For` is believed only from trusted proxies, from the right."""
    peer: str | None = request.META.get("REMOTE_ADDR") or None
    if peer is None or not within(peer, settings.TRUSTED_PROXIES):
        return peer
    for hop in reversed([part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",")]):
        if hop and not within(hop, settings.TRUSTED_PROXIES):
            return hop if is_address(hop) else peer
    return peer


class StaleCookie(Unauthenticated):
    """A session cookie that opens nothing: refused like any wrong credential, but not by the doors to sign in.

    A browser sends it until it is replaced, so those doors would be shut for good.
    """


def authenticate(request: HttpRequest) -> Principal:
    """Recognise the caller: key, bearer, cookie, open mode. Raises `Unauthenticated` for a wrong credential.

    An empty header counts as absent; a wrong credential never falls back to a weaker one.
    """
    ip = peer_ip(request)
    host_tenant: Tenant | None = getattr(request, "tenant", None)
    principal = _recognise(request, ip)
    if principal is None:
        principal = _open(request, host_tenant, ip) or Principal(
            kind="anonymous", id="", tenant=host_tenant, ip=ip
        )
    if host_tenant is not None and principal.tenant != host_tenant:
        raise Unauthenticated
    return principal


def _recognise(request: HttpRequest, ip: str | None) -> Principal | None:
    key = request.headers.get("X-API-Key", "").strip()
    if key:
        return _of_key(key, ip)
    scheme, _, token = request.headers.get("Authorization", "").strip().partition(" ")
    if scheme and (scheme.lower() != "bearer" or token.strip()):
        for recognise in _bearer:
            if (principal := recognise(request)) is not None:
                return principal
        raise Unauthenticated
    for recognise in (*_query, *_cookie):
        if (principal := recognise(request)) is not None:
            return principal
    if request.COOKIES.get(settings.SESSION_COOKIE_NAME):
        raise StaleCookie
    return None


def _of_key(secret: str, ip: str | None) -> Principal:
    found = api_keys.authenticate(secret=secret, ip=ip, loopback=is_loopback(ip))
    return Principal(
        kind="key",
        id=found.key_id,
        tenant=found.tenant,
        name=found.name,
        scopes=frozenset(found.scopes),
        rate_per_minute=found.rate_limit_per_minute,
        ip=ip,
    )


def _open(request: HttpRequest, host_tenant: Tenant | None, ip: str | None) -> Principal | None:
    # Believed from the socket's own peer only: a forwarded request is never open.
    if not settings.OPEN_API or host_tenant is not None or not is_loopback(request.META.get("REMOTE_ADDR")):
        return None
    if not is_loopback(ip):
        return None
    tenant = hosts.tenant_by_slug(settings.DEMO_TENANT)
    if tenant is None:
        return None
    return Principal(
        kind="key", id="open", tenant=tenant, name="open", scopes=frozenset(SCOPES), open_mode=True, ip=ip
    )


class Guard:
    """What a route asks of its caller. Marks as in api.md 2.3.

    `scopes`: any of them is enough. `visitor`: the visitor token is accepted (which session is the service's
    check). `user`: any signed-in user, never a key. `admin`: merchant_admin, never a key. `ops`: "r" or "w".
    `platform`: ◇, a platform user is accepted too. `reads`: ʳ, a POST that only reads. `public`: anybody;
    `csrf`: who then must carry the token of the page; `while_suspended`: also of a merchant that is suspended.
    `limits`: names of further limits to count (see `tenants.services.limits`).
    """

    is_async = False

    def __init__(
        self,
        *scopes: str,
        visitor: bool = False,
        user: bool = False,
        admin: bool = False,
        ops: Literal["", "r", "w"] = "",
        platform: bool = False,
        reads: bool = False,
        public: bool = False,
        csrf: bool = False,
        while_suspended: bool = False,
        agent_reads_knowledge: bool = False,
        limits: tuple[str, ...] = (),
        max_bytes: int = JSON_LIMIT,
    ) -> None:
        self.scopes, self.visitor, self.user, self.admin = scopes, visitor, user, admin
        self.ops, self.platform, self.reads, self.public = ops, platform, reads, public
        self.csrf, self.while_suspended = csrf, while_suspended
        self.agent_reads_knowledge = agent_reads_knowledge
        self.limits, self.max_bytes = limits, max_bytes

    def __call__(self, request: HttpRequest) -> Any:
        """Let the caller through and return the `Principal`, or raise the refusal."""
        principal = self.checked(request)
        limits.count(self.limits, principal_id=principal.id, kind=principal.kind, ip=principal.ip)
        return principal

    def checked(self, request: HttpRequest) -> Principal:
        """Return the principal when it may use this route; without counting limits."""
        # First of all, or guessing keys would cost nothing.
        rate_error: Refusal | None = getattr(request, "rate_error", None)
        if rate_error is not None:
            raise rate_error
        error: Refusal | None = getattr(request, "auth_error", None)
        if error is not None and not (self.public and isinstance(error, StaleCookie)):
            raise error
        principal: Principal = request.principal  # type: ignore[attr-defined]
        # Whoever is known there is told before what the role may or may not do; a stranger is a stranger first.
        if self.public or principal.kind != "anonymous":
            self._check_in_service(principal)
        if not self.public:
            self._check(principal, request)
        elif self.csrf:
            check_csrf(request)
        self._check_in_service(principal)
        if body_length(request) > self.max_bytes:
            raise TooLarge(max_bytes=self.max_bytes)
        return principal

    def _check_in_service(self, principal: Principal) -> None:
        suspended = principal.tenant is not None and principal.tenant.status == Tenant.Status.SUSPENDED
        if suspended and not self.while_suspended:
            raise Denied("This merchant is suspended.", code="tenant_suspended")

    def _check(self, principal: Principal, request: HttpRequest) -> None:
        if principal.kind == "anonymous":
            raise Unauthenticated
        if principal.kind == "platform":
            self._check_platform(principal, request)
        elif principal.kind == "visitor":
            if not self.visitor:
                raise Denied
        elif principal.kind == "key":
            self._check_key(principal)
        else:
            self._check_user(principal, request)
        if principal.cookie and request.method not in ("GET", "HEAD", "OPTIONS"):
            check_csrf(request)

    def _check_platform(self, principal: Principal, request: HttpRequest) -> None:
        if not (self.ops or self.platform or self.user):
            raise Denied
        writes = self.ops == "w" or (self.platform and request.method != "GET" and not self.reads)
        if writes and principal.role != "ops_admin":
            raise Denied

    def _check_key(self, principal: Principal) -> None:
        if not self.scopes:
            # What open mode does not open stays shut as to anybody without a credential (api.md 2.5).
            raise Unauthenticated if principal.open_mode else Denied
        if not principal.scopes.intersection(self.scopes):
            raise Denied(code="insufficient_scope", extra={"required_scope": self.scopes[0]})

    def _check_user(self, principal: Principal, request: HttpRequest) -> None:
        if self.user:
            return
        if self.admin:
            if principal.role != "merchant_admin":
                raise Denied
            return
        reading = request.method in ("GET", "HEAD") or self.reads
        allowed = set(principal.scopes)
        if principal.role == "agent" and "knowledge" in self.scopes and reading:
            allowed.add("knowledge")
        if not allowed.intersection(self.scopes) or (principal.read_only and not reading):
            raise Denied


class AsyncGuard(Guard):
    """A guard for asynchronous routes: counts limits in the thread pool instead of a thread of its own."""

    is_async = True

    async def __call__(self, request: HttpRequest) -> Any:
        """Let the caller through and return the `Principal`, or raise the refusal."""
        principal = self.checked(request)
        if self.limits:
            await in_thread(
                limits.count, self.limits, principal_id=principal.id, kind=principal.kind, ip=principal.ip
            )
        return principal


def body_length(request: HttpRequest) -> int:
    """Return how many bytes a body has; one that was sent in chunks says so only once it is here."""
    length = request.META.get("CONTENT_LENGTH") or ""
    if length.isdigit():
        return int(length)
    stream: Any = getattr(request, "_stream", None)
    if stream is None or not stream.seekable():
        return 0
    size: int = stream.seek(0, 2)
    stream.seek(0)
    return size


def check_csrf(request: HttpRequest) -> None:
    """Raise `Denied` unless a cookie-authenticated request carries its CSRF token and comes from this host."""
    from django.middleware.csrf import CsrfViewMiddleware

    def passes(_: HttpRequest) -> Any:
        return None

    middleware = CsrfViewMiddleware(passes)
    middleware.process_request(request)
    if middleware.process_view(request, passes, (), {}) is not None:
        raise Denied("CSRF token missing or incorrect.", code="csrf_failed")


def set_csrf_cookie(request: HttpRequest, response: HttpResponse) -> None:
    """Send the CSRF cookie with an API answer, which does not pass the pages' middleware."""
    from django.middleware.csrf import CsrfViewMiddleware

    CsrfViewMiddleware(lambda _: response).process_response(request, response)


def principal_of(request: HttpRequest) -> Principal:
    """Return the caller that the guard let through."""
    principal: Principal = request.principal  # type: ignore[attr-defined]
    return principal


def actor_of(request: HttpRequest) -> Actor:
    """Return the caller as the actor of a service."""
    return principal_of(request).actor(getattr(request, "request_id", ""))


def speak_for(principal: Principal) -> None:
    """Put the caller's tenant in force for the rest of the request."""
    if principal.tenant is not None:
        db.set_scope(db.Scope(tenant=principal.tenant, schema=principal.tenant.schema_name))
    elif principal.kind == "platform":
        db.set_scope(db.Scope(tenant=None, schema=db.PUBLIC))
