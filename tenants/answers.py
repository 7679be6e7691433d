"""A refusal as an HTTP response: the one translation for REST and for pages."""

import json
from typing import Any

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation, TooManyFieldsSent, TooManyFilesSent
from django.db.utils import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.shortcuts import render
from django.utils import translation
from psycopg_pool import PoolTimeout

from kimono.lib.errors import Invalid, Missing, Refusal, TooLarge, Unavailable

JSON_LIMIT = 1024 * 1024
# Those that have a page of their own.
_PAGES = (403, 404, 413, 422, 429, 500, 503)
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
        response = _page(request, refusal)
    for header, value in refusal.headers.items():
        response[header] = value
    return response


def _page(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    fallback = "refused" if refusal.status < 500 else "500"
    name = refusal.status if refusal.status in _PAGES else fallback
    context = {
        "retry_after": refusal.headers.get("Retry-After"),
        **refusal.extra,
        "request_id": getattr(request, "request_id", ""),
    }
    # The first doorkeepers refuse before the language of the page is known.
    with translation.override(translation.get_language_from_request(request)):
        return render(request, f"kimono/{name}.html", context, status=refusal.status)
