"""From a request's caller to what the services of this floor ask for."""

from collections.abc import Callable, Mapping
from typing import Any

from django.http import HttpRequest, HttpResponseBase

from conversations.models import Conversation
from conversations.services import payloads, signing
from conversations.services.conversations import Reader
from conversations.services.turns.shapes import Sender
from kimono.lib.cleaning import clean
from kimono.lib.errors import Invalid
from tenants.auth import Principal, principal_of

LONGEST_KEY = 128


def sender_of(request: HttpRequest) -> Sender:
    """Return who sends a message."""
    principal = principal_of(request)
    return Sender(kind=principal.kind, id=principal.id, session_id=principal.session_id or None)


def reader_of(request: HttpRequest) -> Reader:
    """Return who looks at a conversation."""
    principal = principal_of(request)
    if is_visitor(principal):
        return Reader(session_id=principal.session_id)
    return Reader(sees_agents="agent" in principal.scopes)


def is_visitor(principal: Principal) -> bool:
    """Tell whether the caller is the contact itself."""
    return principal.kind == "visitor"


def shown_to(
    request: HttpRequest, signed: Callable[[Mapping[str, Any]], dict[str, Any]] = signing.signed_message
) -> Callable[[Mapping[str, Any]], Mapping[str, Any]]:
    """Return how a payload is shown to this caller: a visitor's addresses carry signatures."""
    return signed if is_visitor(principal_of(request)) else dict


def session_shown_to(request: HttpRequest) -> Callable[[Conversation], dict[str, Any]]:
    """Return how a conversation is shown to this caller."""
    return payloads.own_session if is_visitor(principal_of(request)) else payloads.session


def idempotency_key(request: HttpRequest) -> str | None:
    """Return the header that stands in for a message's own id. Raises `Invalid` when it is too long."""
    key = clean(request.headers.get("Idempotency-Key", "")).strip()
    if len(key) > LONGEST_KEY:
        raise Invalid("at most 128 characters", loc=["header", "Idempotency-Key"], type="string_too_long")
    return key or None


def mark_replay(response: HttpResponseBase, replay: bool) -> None:
    """Say on a repeat that its answer was given before."""
    if replay:
        response["Idempotent-Replay"] = "true"


def socket_url(request: HttpRequest) -> str:
    """Return the address of a visitor's socket on the host that was called."""
    return f"{'wss' if request.is_secure() else 'ws'}://{request.META.get('HTTP_HOST', '')}/ws/chat/"
