"""Doors of tickets: TK-02…05."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router, Status

from knowledge.schemas import tickets as shapes
from knowledge.schemas.tickets import show_ticket
from knowledge.services import tickets
from tenants.auth import Guard, actor_of
from tenants.paging import Paged, paged

router = Router(tags=["tickets"])
READS = Guard("knowledge", "operations", "agent")
AGENT = Guard("agent")


@router.get("/tickets", response=Paged[shapes.TicketOut], auth=READS, operation_id="TK-02")
def list_tickets(request: HttpRequest, query: Query[shapes.TicketsQuery]) -> dict[str, Any]:
    """List tickets, newest first."""
    found = tickets.listed(
        status=query.status,
        category=query.category,
        priority=query.priority,
        user_id=query.user_id,
        text=query.q,
        since=query.since,
        until=query.until,
    )
    return paged(found, query, show_ticket)


@router.get("/tickets/{ticket_id}", response=shapes.TicketOut, auth=READS, operation_id="TK-03")
def get_ticket(request: HttpRequest, ticket_id: str) -> dict[str, Any]:
    """Return a ticket."""
    return show_ticket(tickets.get(ticket_id=ticket_id))


@router.post("/tickets", response={201: shapes.TicketOut}, auth=AGENT, operation_id="TK-04")
def create_ticket(request: HttpRequest, data: shapes.TicketIn) -> Status[dict[str, Any]]:
    """Write a ticket."""
    made = tickets.create(**data.dict(), by=actor_of(request), now=timezone.now())
    return Status(201, show_ticket(made))


@router.patch("/tickets/{ticket_id}", response=shapes.TicketOut, auth=AGENT, operation_id="TK-05")
def update_ticket(request: HttpRequest, ticket_id: str, data: shapes.TicketPatch) -> dict[str, Any]:
    """Change a ticket; its status goes forward only."""
    given = data.dict(exclude_unset=True)
    return show_ticket(
        tickets.update(ticket_id=ticket_id, given=given, by=actor_of(request), now=timezone.now())
    )
