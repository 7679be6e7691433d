"""Doors of the older clients to CH-01, CH-07 and CH-09: AL-01…03."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from conversations.api.callers import reader_of, shown_to
from conversations.api.chat import TALKS, answered
from conversations.api.sessions import READS, WRITES, voted
from conversations.schemas import aliases as schemas
from conversations.schemas.chat import ChatRequest, FeedbackOut
from conversations.services import plain_shapes
from kimono.lib.threads import in_thread

router = Router(tags=["chat"])


@router.post("/chat/message", response=schemas.PlainAnswer, auth=TALKS, operation_id="AL-01")
async def message(request: HttpRequest, response: HttpResponse, data: ChatRequest) -> dict[str, Any]:
    """Answer a message; another shape of CH-01."""
    whole = await answered(request, response, data, "chat")
    return await in_thread(plain_shapes.answer, whole)


@router.get("/chat/history/{conversation_id}", response=schemas.HistoryOut, auth=READS, operation_id="AL-02")
def history(request: HttpRequest, conversation_id: str, query: Query[schemas.HistoryQuery]) -> dict[str, Any]:
    """Return the end of a conversation; another shape of CH-07."""
    part = plain_shapes.history(public_id=conversation_id, reader=reader_of(request), turns=query.max_turns)
    show = shown_to(request)
    return {**part, "messages": [show(each) for each in part["messages"]]}


@router.post("/chat/feedback", response=FeedbackOut, auth=WRITES, operation_id="AL-03")
def give_feedback(request: HttpRequest, data: schemas.PlainFeedbackIn) -> dict[str, Any]:
    """Store what the contact thinks of a reply; another name of CH-09."""
    return voted(request, data.conversation_id, data)
