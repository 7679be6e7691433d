"""What a browser must be told so that pages of the merchant's own sites may talk to this host (CORS)."""

import re

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers

from conversations.services import origins
from tenants.middleware.base import Middleware

# WI-01, WI-02 and what api.md 4 opens to visitors; CH-03, CH-05 are for programs.
_DOORS = re.compile(
    r"""(?x) (?P<get> /api/v1/widget/config
      | /api/v1/chat/sessions/[^/]+(?:/messages|/events|/export)?
      | /api/v1/chat/messages/[^/]+/export )
    | (?P<post> /api/v1/widget/handshake | /api/v1/chat(?:/stream|/sessions)?
      | /api/v1/chat/sessions/[^/]+/(?:feedback|escalate|close|csat|stop) )"""
)
_MAY_SEND = "Accept, Authorization, Content-Type, Idempotency-Key, Last-Event-ID, X-Request-ID"
_MAY_READ = (
    "Content-Disposition, Idempotent-Replay, Retry-After, X-Request-ID, "
    "X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset"
)
_REMEMBERED_SECONDS = 600


class SitesMiddleware(Middleware):
    """Answers pages of listed sites on the visitors' routes; to any other page the browser shows nothing."""

    async def handle(self, request: HttpRequest) -> HttpResponseBase:
        """Handle one request."""
        found = _DOORS.fullmatch(request.path_info)
        if found is None or getattr(request, "tenant", None) is None:
            return await self.get_response(request)
        asked = request.headers.get("Access-Control-Request-Method")
        preflight = request.method == "OPTIONS" and asked is not None
        method = (asked if preflight else request.META["REQUEST_METHOD"]) or ""
        origin = request.headers.get("Origin", "")
        allowed = bool(origin) and _is_door(found, method) and origins.is_listed(origin)
        response = HttpResponse(status=204) if preflight and allowed else await self.get_response(request)
        patch_vary_headers(response, ["Origin"])
        if not allowed:
            return response
        response["Access-Control-Allow-Origin"] = origin
        if preflight:
            response["Access-Control-Allow-Methods"] = method
            response["Access-Control-Allow-Headers"] = _MAY_SEND
            response["Access-Control-Max-Age"] = str(_REMEMBERED_SECONDS)
        else:
            response["Access-Control-Expose-Headers"] = _MAY_READ
        return response


def _is_door(found: "re.Match[str]", method: str) -> bool:
    wanted = {"GET": "get", "HEAD": "get", "POST": "post"}.get(method)
    return wanted is not None and found[wanted] is not None
