"""How a visitor is recognised: by the token of its conversation, in a header or (for event streams) in the address."""

import re

from django.http import HttpRequest
from django.utils import timezone

from conversations.services import visitor_tokens
from tenants import auth
from tenants.auth import Principal

_EVENTS = re.compile(r"/api/v1/chat/sessions/[^/]+/events/?$")


def _principal(request: HttpRequest, token: str) -> Principal:
    visitor = visitor_tokens.recognise(token, now=timezone.now())
    return Principal(
        kind="visitor",
        id=visitor.visitor_id,
        tenant=visitor.tenant,
        session_id=visitor.session_id,
        ip=auth.peer_ip(request),
    )


def _by_header(request: HttpRequest) -> Principal | None:
    token = request.headers.get("Authorization", "").partition(" ")[2].strip()
    return _principal(request, token) if token.startswith(visitor_tokens.PREFIX) else None


def _by_address(request: HttpRequest) -> Principal | None:
    # EventSource cannot set headers; nowhere else is a token taken from an address.
    if request.method != "GET" or not _EVENTS.match(request.path_info):
        return None
    token = request.GET.get("token", "")
    return _principal(request, token) if token else None


auth.register(_by_header, carrier="bearer")
auth.register(_by_address, carrier="query")
