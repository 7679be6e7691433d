"""From a request's caller to the agent that it speaks for."""

from datetime import datetime

from django.http import HttpRequest

from agents.models import Seat
from agents.services import seats
from conversations.services.handoffs import Handler
from tenants.auth import actor_of, principal_of


def seat_of(
    request: HttpRequest, agent_id: str | None, *, session_id: str | None = None, now: datetime
) -> Seat:
    """Return the seat that the caller acts from, in a conversation or in none (api.md 5).

    Raises `Denied`, `Invalid`.
    """
    return seats.acting(
        by=actor_of(request),
        role=principal_of(request).role,
        agent_id=agent_id,
        session_id=session_id,
        now=now,
    )


def handler_of(
    request: HttpRequest, agent_id: str | None, *, session_id: str | None = None, now: datetime
) -> Handler:
    """Return the caller as the agent of a conversation. Raises `Denied`, `Invalid`."""
    seat = seat_of(request, agent_id, session_id=session_id, now=now)
    return Handler(id=seat.agent_id, name=seat.name, supervisor=is_supervisor(request))


def agent_id_of(request: HttpRequest, agent_id: str | None = None) -> str:
    """Return the agent that the caller speaks for, or looks as; nothing is written. Raises `Denied`."""
    return seats.agent_id_of(by=actor_of(request), role=principal_of(request).role, agent_id=agent_id)


def name_of(request: HttpRequest) -> str:
    """Return what contacts call the caller: a user's own name, or the name of the key."""
    principal = principal_of(request)
    return (principal.user.display_name if principal.user else "") or principal.name


def is_supervisor(request: HttpRequest) -> bool:
    """Tell whether the caller may see to the work of other agents."""
    return principal_of(request).role == seats.SUPERVISOR
