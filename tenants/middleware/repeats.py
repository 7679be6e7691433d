"""A request that is sent again is answered as the first time."""

import asyncio
import hashlib
import re
import time

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from kimono.lib.errors import Invalid
from kimono.lib.threads import in_thread
from tenants import auth
from tenants.answers import JSON_LIMIT
from tenants.middleware.base import Middleware, is_api
from tenants.models import Tenant
from tenants.services import idempotency

_OWN_RECORD = re.compile(
    r"^/api/v1/(chat|chat/stream|chat/message|gateway)$|^/api/v1/agent/sessions/[^/]+/messages$"
)


class IdempotencyMiddleware(Middleware):
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
