"""Tickets: written, listed, moved on until they are closed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from kimono.lib.errors import Conflict, Missing
from kimono.lib.ids import new_id
from knowledge.models import Ticket
from tenants.services import auditing
from tenants.services.auditing import Actor

_ORDER = list(Ticket.Status.values)
_CHANGEABLE = ("priority", "category", "resolution")


def create(
    *,
    title: str,
    by: Actor,
    now: datetime,
    source_key: str | None = None,
    **fields: Any,
) -> Ticket:
    """Write a ticket and return it; `fields` are columns. One that `source_key` has left before is returned as it is."""
    with transaction.atomic():
        known = Ticket.objects.filter(source_key=source_key).first() if source_key is not None else None
        if known is not None:
            return known
        resolved = fields.get("status") in (Ticket.Status.RESOLVED, Ticket.Status.CLOSED)
        ticket = Ticket.objects.create(
            public_id=new_id("tkt"),
            title=title[:200],
            source_key=source_key,
            created_by=by.id,
            created_at=now,
            updated_at=now,
            resolved_at=now if resolved else None,
            **fields,
        )
        auditing.record(action="create_ticket", by=by, target_type="ticket", target_id=ticket.public_id)
    return ticket


def listed(
    *,
    status: str | None = None,
    category: str | None = None,
    priority: str | None = None,
    user_id: str | None = None,
    text: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> QuerySet[Ticket]:
    """Return the tickets that match, newest first; `text` is looked for in title, description and resolution."""
    given = {
        "status": status,
        "category": category,
        "priority": priority,
        "user_id": user_id,
        "created_at__gte": since,
        "created_at__lte": until,
    }
    rows = Ticket.objects.filter(**{name: value for name, value in given.items() if value})
    if text:
        rows = rows.filter(
            Q(public_id=text)
            | Q(title__icontains=text)
            | Q(description__icontains=text)
            | Q(resolution__icontains=text)
        )
    return rows


def get(*, ticket_id: str) -> Ticket:
    """Return a ticket. Raises `Missing`."""
    found = Ticket.objects.filter(public_id=ticket_id).first() if "\x00" not in ticket_id else None
    if found is None:
        raise Missing
    return found


def count_of(*, user_id: str) -> int:
    """Return how many tickets a customer has had; 0 for nobody."""
    return Ticket.objects.filter(user_id=user_id).count() if user_id else 0


def update(*, ticket_id: str, given: Mapping[str, Any], by: Actor, now: datetime) -> Ticket:
    """Change a ticket. Raises `Missing`, and `Conflict` for a step back or any change of a closed one."""
    with transaction.atomic():
        rows = Ticket.objects.select_for_update(no_key=True)
        ticket = rows.filter(public_id=ticket_id).first() if "\x00" not in ticket_id else None
        if ticket is None:
            raise Missing
        if ticket.status == Ticket.Status.CLOSED:
            raise Conflict
        if given.get("status") is not None:
            _move(ticket, given["status"], now)
        for name in _CHANGEABLE:
            if given.get(name) is not None:
                setattr(ticket, name, given[name])
        ticket.updated_at = now
        ticket.save()
        auditing.record(
            action="update_ticket",
            by=by,
            target_type="ticket",
            target_id=ticket_id,
            details={"fields": sorted(given)},
        )
    return ticket


def _move(ticket: Ticket, status: str, now: datetime) -> None:
    if _ORDER.index(status) < _ORDER.index(ticket.status):
        raise Conflict
    ticket.status = status
    if status in (Ticket.Status.RESOLVED, Ticket.Status.CLOSED) and ticket.resolved_at is None:
        ticket.resolved_at = now
