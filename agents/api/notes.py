"""Doors of private notes: AG-14 and AG-15."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router, Status

from agents.api.callers import seat_of
from agents.schemas import notes as shapes
from agents.services import noting
from conversations.services import notes
from tenants.auth import Guard
from tenants.paging import Page, Paged, paged

router = Router(tags=["agents"])
AGENT = Guard("agent")


@router.get(
    "/agent/sessions/{session_id}/notes",
    response=Paged[shapes.NoteOut],
    auth=AGENT,
    operation_id="AG-14",
)
def list_notes(request: HttpRequest, session_id: str, query: Query[Page]) -> dict[str, Any]:
    """List the notes on a conversation, in order."""
    return paged(notes.listed(session_id=session_id), query, notes.shown)


@router.post(
    "/agent/sessions/{session_id}/notes",
    response={201: shapes.NoteOut},
    auth=AGENT,
    operation_id="AG-15",
)
def add_note(request: HttpRequest, session_id: str, data: shapes.NoteIn) -> Status[dict[str, Any]]:
    """Note something on a conversation that its contact never sees."""
    now = timezone.now()
    seat = seat_of(request, None, session_id=session_id, now=now)
    event = noting.add(session_id=session_id, content=data.content, seat=seat, now=now)
    return Status(201, notes.shown(event))
