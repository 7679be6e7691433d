"""A request gets its id, a size, and an answer in the contract's form."""

import re
import uuid

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from kimono.lib.errors import Missing, NotAllowed, Refusal, TooLarge
from tenants.answers import error_response, refusal_of
from tenants.logging import request_id as log_request_id
from tenants.middleware.base import Middleware, is_api
from tenants.services import limits

_REQUEST_ID = re.compile(r"^[A-Za-z0-9._-]{1,64}$")
# Limits of api.md 17.
_MOST_URL = 8 * 1024
_MOST_HEADERS = 16 * 1024


class RequestMiddleware(Middleware):
    """Gives every request an id, answers crashes in the contract's form, keeps API answers out of caches."""

    async def handle(self, request: HttpRequest) -> HttpResponseBase:
        """Handle one request."""
        given = request.headers.get("X-Request-ID", "")
        identity = given if _REQUEST_ID.match(given) else f"req-{uuid.uuid4().hex}"
        request.request_id = identity  # type: ignore[attr-defined]
        log_request_id.set(identity)
        _accept_trailing_slash(request)
        refusal = _unreadable(request)
        # `META` keeps what was asked, for a door whose answer has no end.
        only_head = is_api(request) and request.method == "HEAD"
        if only_head:
            request.method = "GET"
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
        return _without_body(response) if only_head else response

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


def _without_body(response: HttpResponseBase) -> HttpResponse:
    """Return the head of an answer to a GET: all headers, the length of the body that is not sent among them."""
    head = HttpResponse(status=response.status_code, headers=dict(response.headers))
    head.cookies = response.cookies
    return head


def _describe_limits(request: HttpRequest, response: HttpResponseBase) -> None:
    standing: limits.Standing | None = getattr(request, "standing", None)
    if standing is not None and response.status_code < 400:
        response["X-RateLimit-Limit"] = str(standing.limit)
        response["X-RateLimit-Remaining"] = str(standing.remaining)
        response["X-RateLimit-Reset"] = str(standing.reset)
