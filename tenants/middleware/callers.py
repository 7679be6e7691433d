"""A request gets its tenant and its caller before any view sees it."""

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from kimono.lib import db
from kimono.lib.errors import Missing, Refusal, TooMany, Unavailable
from kimono.lib.threads import in_thread
from tenants import auth
from tenants.answers import error_response
from tenants.middleware.base import Middleware, is_api, is_probe
from tenants.models import Tenant
from tenants.services import hosts, limits


class TenantMiddleware(Middleware):
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


class PrincipalMiddleware(Middleware):
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
