"""Shapes of tickets (api.md 7)."""

from datetime import datetime
from typing import Annotated, Any, Literal

from ninja import Field, Schema
from pydantic import BeforeValidator, StringConstraints

from kimono.lib.cleaning import trimmed
from kimono.lib.moments import Utc
from kimono.lib.patching import omissible
from knowledge.models import Ticket
from tenants.paging import Page

StatusName = Literal["pending", "processing", "resolved", "closed"]
CategoryName = Literal["after_sale", "logistics", "product", "account", "complaint", "other"]
_ALIASES = {"highest": "urgent", "medium": "normal", "low": "info"}
PriorityName = Annotated[
    Literal["urgent", "high", "normal", "info"],
    BeforeValidator(lambda value: _ALIASES.get(value, value) if isinstance(value, str) else value),
]
Title = Annotated[str, BeforeValidator(trimmed), StringConstraints(min_length=1, max_length=200)]
Text = Annotated[str, BeforeValidator(trimmed), StringConstraints(max_length=5000)]
Short = Annotated[str, BeforeValidator(trimmed), StringConstraints(max_length=64)]
Line = Annotated[str, BeforeValidator(trimmed), StringConstraints(max_length=100)]


class TicketOut(Schema):
    """A case."""

    ticket_id: str
    title: str
    description: str
    category: CategoryName
    priority: str
    status: StatusName
    resolution: str | None
    user_id: str | None
    session_id: str | None
    related_order: str | None
    related_product: str | None
    contact: str | None
    source: str
    created_at: datetime
    updated_at: datetime
    resolved_at: datetime | None


def show_ticket(ticket: Ticket) -> dict[str, Any]:
    """Return a ticket as `TicketOut`."""
    return {
        "ticket_id": ticket.public_id,
        "title": ticket.title,
        "description": ticket.description,
        "category": ticket.category,
        "priority": ticket.priority,
        "status": ticket.status,
        "resolution": ticket.resolution or None,
        "user_id": ticket.user_id or None,
        "session_id": ticket.session_id or None,
        "related_order": ticket.related_order or None,
        "related_product": ticket.related_product or None,
        "contact": ticket.contact or None,
        "source": ticket.source,
        "created_at": ticket.created_at,
        "updated_at": ticket.updated_at,
        "resolved_at": ticket.resolved_at,
    }


class TicketsQuery(Page):
    """TK-02."""

    status: StatusName | None = None
    category: CategoryName | None = None
    priority: PriorityName | None = None
    user_id: Short | None = None
    q: Line | None = None
    since: Utc | None = Field(default=None, alias="from")
    until: Utc | None = Field(default=None, alias="to")


class TicketIn(Schema):
    """TK-04."""

    title: Title
    description: Text
    category: CategoryName = "other"
    priority: PriorityName = "normal"
    user_id: Short = ""
    session_id: Short = ""
    related_order: Line = ""
    contact: Line = ""


class TicketPatch(Schema):
    """TK-05: the status goes forward only, and `closed` is final."""

    status: StatusName | None = omissible()
    priority: PriorityName | None = omissible()
    category: CategoryName | None = omissible()
    resolution: Text | None = omissible()
