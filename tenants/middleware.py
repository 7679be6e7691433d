"""The doorkeepers: a request gets its id, its tenant and its caller before any view sees it."""

import asyncio
import hashlib
import logging
import re
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from asgiref.sync import markcoroutinefunction, sync_to_async
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.module_loading import import_string

from kimono.lib import db
from kimono.lib.errors import Invalid, Missing, NotAllowed, Refusal, TooLarge, TooMany, Unavailable
from kimono.lib.threads import in_thread
from tenants import auth
from tenants.answers import EXPECTED, JSON_LIMIT, error_response, refusal_of
from tenants.logging import request_id as log_request_id
from tenants.models import Tenant
from tenants.services import hosts, idempotency, limits

log = logging.getLogger(__name__)
_REQUEST_ID = re.compile(r"^[A-Za-z0-9._-]{1,64}$")
_OWN_RECORD = re.compile(
    r"^/api/v1/(chat|chat/stream|chat/message|gateway)$|^/api/v1/agent/sessions/[^/]+/messages$"
)
# Limits of api.md 17.
_MOST_URL = 8 * 1024
_MOST_HEADERS = 16 * 1024
_PROBES = ("/livez", "/readyz", "/api/v1/health", "/api/v1/system/live", "/api/v1/system/ready")
Next: TypeAlias = Callable[[HttpRequest], Awaitable[HttpResponseBase]]


def is_api(request: HttpRequest) -> bool:
    """Tell whether a request is for the API."""
    return request.path_info.startswith("/api/")


def is_probe(request: HttpRequest) -> bool:
    """Tell whether a request is a probe, which is answered on every host, for anybody."""
    return request.path_info.rstrip("/") in _PROBES


class _Middleware:
    """Base: asynchronous only; Django adapts it where the chain is synchronous.

    Django turns what a middleware raises into a 500 before the next one sees it, so each answers by itself.
    """

    sync_capable = False
    async_capable = True

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response
        markcoroutinefunction(self)

    async def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Handle one request; a refusal becomes its answer."""
        try:
            return await self.handle(request)
        except EXPECTED as error:
            return error_response(request, refusal_of(error))

    async def handle(self, request: HttpRequest) -> HttpResponseBase:
        """Handle one request. Raises refusals."""
        raise NotImplementedError


class RequestMiddleware(_Middleware):
    """Gives every request an id, answers crashes in the contract's form, keeps API answers out of caches."""

    async def handle(self, request: HttpRequest) -> HttpResponseBase:
        """Handle one request."""
        given = request.headers.get("X-Request-ID", "")
        identity = given if _REQUEST_ID.match(given) else f"req-{uuid.uuid4().hex}"
        request.request_id = identity  # type: ignore[attr-defined]
        log_request_id.set(identity)
        _accept_trailing_slash(request)
        refusal = _unreadable(request)
        response = (
            error_response(request, refusal) if refusal is not None else await self.get_response(request)
        )
        if response.status_code == 405 and is_api(request):
            response = _not_allowed(request, response)
        response["X-Request-ID"] = identity
        if not response.streaming and "Content-Length" not in response:
            response["Content-Length"] = str(len(response.content))  # type: ignore[attr-defined]
        if is_api(request):
            response.headers.setdefault("Cache-Control", "no-store")
            _describe_limits(request, response)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer what a page's view refuses; the API translates its own."""
        return (
            error_response(request, refusal_of(exception))
            if isinstance(exception, (Refusal, Http404))
            else None
        )


def _unreadable(request: HttpRequest) -> Refusal | None:
    if "\x00" in request.path_info:
        return Missing()
    if len(request.get_full_path()) > _MOST_URL:
        return TooLarge(max_bytes=_MOST_URL)
    headers = sum(len(name) + len(value) for name, value in request.headers.items())
    return TooLarge(max_bytes=_MOST_HEADERS) if headers > _MOST_HEADERS else None


def _accept_trailing_slash(request: HttpRequest) -> None:
    # Served as if it were not there: no API route ever redirects.
    path = request.path_info
    if path.startswith("/api/") and path.endswith("/") and not path.endswith("//"):
        request.path_info, request.path = path[:-1], request.path[:-1]


def _not_allowed(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    return error_response(request, NotAllowed(headers={"Allow": response.headers.get("Allow", "")}))


def _describe_limits(request: HttpRequest, response: HttpResponseBase) -> None:
    standing: limits.Standing | None = getattr(request, "standing", None)
    if standing is not None and response.status_code < 400:
        response["X-RateLimit-Limit"] = str(standing.limit)
        response["X-RateLimit-Remaining"] = str(standing.remaining)
        response["X-RateLimit-Reset"] = str(standing.reset)


class TenantMiddleware(_Middleware):
    """Finds the tenant of the host and puts it in force for the rest of the request's task."""

    async def handle(self, request: HttpRequest) -> HttpResponseBase:
        """Handle one request."""
        host = hosts.hostname(request.META.get("HTTP_HOST", ""))
        request.tenant = None  # type: ignore[attr-defined]
        if is_probe(request) or hosts.is_platform(host):
            request.urlconf = settings.PUBLIC_SCHEMA_URLCONF
            db.set_scope(db.Scope(tenant=None, schema=db.PUBLIC))
            return await self.get_response(request)
        if hosts.is_remembered(host):
            tenant = hosts.tenant_by_host(host)
        else:
            tenant = await in_thread(hosts.tenant_by_host, host)
        refused = _refused(request, tenant)
        if refused is not None or tenant is None:
            return refused or _unknown_host(request)
        request.tenant = tenant  # type: ignore[attr-defined]
        request.urlconf = settings.ROOT_URLCONF
        db.set_scope(db.Scope(tenant=tenant, schema=tenant.schema_name))
        return await self.get_response(request)


def _refused(request: HttpRequest, tenant: Tenant | None) -> HttpResponseBase | None:
    if tenant is None or tenant.status in (Tenant.Status.FAILED, Tenant.Status.DELETED):
        return _unknown_host(request)
    if not tenant.is_routable:
        return error_response(request, Unavailable("Under maintenance.", code="maintenance", retry_after=5))
    return None


def _unknown_host(request: HttpRequest) -> HttpResponseBase:
    return error_response(request, Missing())


class PrincipalMiddleware(_Middleware):
    """Recognises the caller of an API request, puts its tenant in force, and counts the request."""

    async def handle(self, request: HttpRequest) -> HttpResponseBase:
        """Handle one request."""
        if not is_api(request) or is_probe(request):
            return await self.get_response(request)
        await in_thread(_identify, request)
        principal = getattr(request, "principal", None)
        if principal is not None:
            auth.speak_for(principal)
        response = await self.get_response(request)
        if principal is not None and principal.open_mode:
            response["X-Kimono-Open"] = "1"
        return response


def _identify(request: HttpRequest) -> None:
    try:
        principal = auth.authenticate(request)
    except Refusal as refusal:
        request.auth_error = refusal  # type: ignore[attr-defined]
        principal = auth.Principal(
            kind="anonymous", id="", tenant=getattr(request, "tenant", None), ip=auth.peer_ip(request)
        )
    request.principal = principal  # type: ignore[attr-defined]
    if principal.tenant is not None:
        db.set_scope(db.Scope(tenant=principal.tenant, schema=principal.tenant.schema_name))
    try:
        request.standing = limits.count_request(  # type: ignore[attr-defined]
            principal_id=principal.id,
            kind=principal.kind,
            ip=principal.ip,
            per_minute=principal.rate_per_minute,
        )
    except TooMany as refusal:
        request.rate_error = refusal  # type: ignore[attr-defined]


class IdempotencyMiddleware(_Middleware):
    """Answers a repeated POST that carries an `Idempotency-Key` with the first one's answer.

    Chat keeps its own record by message (`client_message_id`), for which the header stands in there.
    """

    async def handle(self, request: HttpRequest) -> HttpResponseBase:
        """Handle one request."""
        key = request.headers.get("Idempotency-Key", "")
        principal: auth.Principal | None = getattr(request, "principal", None)
        if not key or principal is None or not _is_repeatable(request, principal):
            return await self.get_response(request)
        if len(key) > 128:
            raise Invalid("at most 128 characters", loc=["header", "Idempotency-Key"], type="string_too_long")
        if principal.cookie:
            auth.check_csrf(request)
        same = idempotency.Request(
            principal=f"{principal.kind}:{principal.id}",
            method="POST",
            path=request.path_info,
            key=key,
            body_hash=_body_hash(request),
        )
        stored = await _stored(same)
        if stored is not None:
            return _replayed(stored)
        # A caller who hangs up must not stop the first request half-way: its repeat would run beside it.
        return await asyncio.shield(asyncio.ensure_future(self._first(request, same)))

    async def _first(self, request: HttpRequest, same: idempotency.Request) -> HttpResponseBase:
        status, body = 500, ""
        try:
            response = await self.get_response(request)
            if not response.streaming and "json" in response.headers.get("Content-Type", "json"):
                status, body = response.status_code, response.content.decode()  # type: ignore[attr-defined]
            return response
        finally:
            await in_thread(idempotency.finish, same, status=status, body=body)


async def _stored(same: idempotency.Request) -> idempotency.Stored | None:
    """Return the first request's answer, waiting for it if need be; None when this is the first."""
    until, pause = time.monotonic() + settings.IDEMPOTENCY_WAIT_SECONDS, 0.02
    while True:
        found = await in_thread(idempotency.begin, same)
        if isinstance(found, idempotency.Stored):
            return found
        if found is idempotency.State.FIRST:
            return None
        if time.monotonic() >= until:
            raise idempotency.InProgress
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, 0.5)


def _is_repeatable(request: HttpRequest, principal: auth.Principal) -> bool:
    if request.method != "POST" or not is_api(request) or _OWN_RECORD.match(request.path_info):
        return False
    # What the guard is about to refuse is neither kept nor answered from what was kept.
    refused = (
        principal.kind == "anonymous"
        or getattr(request, "rate_error", None) is not None
        or (principal.tenant is not None and principal.tenant.status == Tenant.Status.SUSPENDED)
    )
    too_large = request.content_type != "multipart/form-data" and auth.body_length(request) > JSON_LIMIT
    return not refused and not too_large


def _replayed(stored: idempotency.Stored) -> HttpResponse:
    response = HttpResponse(stored.body, status=stored.status, content_type="application/json; charset=utf-8")
    response["Idempotent-Replay"] = "true"
    return response


def _body_hash(request: HttpRequest) -> str:
    digest = hashlib.sha256()
    if request.content_type != "multipart/form-data":
        digest.update(request.body)
        return digest.hexdigest()
    # Each repeat has a boundary of its own, so what counts is what is inside.
    for name, values in sorted(request.POST.lists()):
        digest.update(repr((name, values)).encode())
    for name, file in sorted(request.FILES.items()):
        if not isinstance(file, UploadedFile):
            continue
        digest.update(repr((name, file.name)).encode())
        for chunk in file.chunks():
            digest.update(chunk)
        file.seek(0)
    return digest.hexdigest()


class PageMiddleware(_Middleware):
    """Runs the middleware that only pages need (`PAGE_MIDDLEWARE`); an API call does not pay for it."""

    def __init__(self, get_response: Next) -> None:
        super().__init__(get_response)
        chain: Any = get_response
        self._views: list[Any] = []
        for name in reversed(settings.PAGE_MIDDLEWARE):
            chain = import_string(name)(chain)
            if hasattr(chain, "process_view"):
                self._views.insert(0, chain.process_view)
        self._pages = chain

    async def handle(self, request: HttpRequest) -> HttpResponseBase:
        """Handle one request."""
        if is_api(request) or is_probe(request):
            return await self.get_response(request)
        response: HttpResponseBase = await self._pages(request)
        return response

    async def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """Ask the pages' own middleware (CSRF) before a page's view runs."""
        if is_api(request) or is_probe(request):
            return None
        for check in self._views:
            answer: HttpResponse | None = await sync_to_async(check, thread_sensitive=True)(
                request, view, args, kwargs
            )
            if answer is not None:
                return answer
        return None
