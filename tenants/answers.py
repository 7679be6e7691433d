"""A refusal as an HTTP response: the one translation for REST and for pages."""

import json
from typing import Any

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation, TooManyFieldsSent, TooManyFilesSent
from django.db.utils import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.shortcuts import render
from psycopg_pool import PoolTimeout

from kimono.lib.errors import Invalid, Missing, Refusal, TooLarge, Unavailable

JSON_LIMIT = 1024 * 1024
_MALFORMED = (MultiPartParserError, SuspiciousOperation, TooManyFieldsSent, TooManyFilesSent)
# What the framework and the database raise that is a refusal in the contract's words.
EXPECTED: tuple[type[Exception], ...] = (
    Refusal, Http404, RequestDataTooBig, *_MALFORMED, OperationalError, InterfaceError, PoolTimeout,
)  # fmt: skip


def refusal_of(error: Exception) -> Refusal:
    """Return an exception as a refusal; one that nobody expected is a crash (500) that tells nothing."""
    if isinstance(error, Refusal):
        return error
    if isinstance(error, Http404):
        return Missing()
    if isinstance(error, RequestDataTooBig):
        return TooLarge(max_bytes=JSON_LIMIT)
    if isinstance(error, _MALFORMED):
        return Invalid("Malformed request.", type="malformed")
    if isinstance(error, (OperationalError, InterfaceError, PoolTimeout)):
        return Unavailable()
    return Refusal()


def error_body(refusal: Refusal, *, request_id: str) -> dict[str, Any]:
    """Return the JSON body of a refusal (api.md 3.1)."""
    return {"detail": refusal.detail, "code": refusal.code, "request_id": request_id, **refusal.extra}


def error_response(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """Return a refusal as JSON for the API, as a page for people."""
    request_id = getattr(request, "request_id", "")
    if request.path_info.startswith("/api/") or "text/html" not in request.headers.get("Accept", ""):
        content = json.dumps(error_body(refusal, request_id=request_id), ensure_ascii=False)
        response = HttpResponse(
            content, status=refusal.status, content_type="application/json; charset=utf-8"
        )
    else:
        name = refusal.status if refusal.status in (403, 404, 500, 503) else 500
        response = render(request, f"kimono/{name}.html", {"request_id": request_id}, status=refusal.status)
    for header, value in refusal.headers.items():
        response[header] = value
    return response
