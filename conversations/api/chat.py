"""Doors through which a contact talks to the bot: CH-01…03 and CH-15."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils import timezone
from ninja import Router

from conversations.api.callers import idempotency_key, mark_replay, reader_of, sender_of, shown_to
from conversations.schemas import chat as schemas
from conversations.services import chatting, open_streams, signing, streams
from conversations.services.turns import stopping
from conversations.services.turns.shapes import Begun, Entry, Incoming
from tenants.auth import AsyncGuard, principal_of

router = Router(tags=["chat"])
TALKS = AsyncGuard("chat", visitor=True, limits=("chat",))
_LONGEST_ID = 64
_EVENT = {
    "type": "object",
    "required": ["event", "data"],
    "properties": {
        "id": {"type": "string"},
        "event": {"type": "string"},
        "data": {"type": "string", "description": "One JSON object."},
    },
}
EVENT_STREAM: dict[str, Any] = {
    "responses": {
        200: {
            "description": "Server-sent events.",
            "content": {"text/event-stream": {"schema": _EVENT}},
        }
    }
}


def _incoming(request: HttpRequest, data: schemas.ChatRequest, entry: Entry) -> Incoming:
    own = data.client_message_id or idempotency_key(request)
    if own is not None and len(own) > _LONGEST_ID:
        own = "ik-" + hashlib.sha256(own.encode()).hexdigest()[:60]
    return Incoming(
        text=data.message,
        entry=entry,
        session_id=data.session_id or data.conversation_id,
        channel=data.channel,
        user_id=data.user_id or "",
        client_message_id=own,
        language=data.language,
        slots=data.slots or {},
        metadata=data.metadata or {},
    )


async def answered(
    request: HttpRequest, response: HttpResponse, data: schemas.ChatRequest, entry: Entry
) -> dict[str, Any]:
    """Return the whole answer to a message, as this caller may see it."""
    made = await chatting.answer(incoming=_incoming(request, data, entry), sender=sender_of(request))
    mark_replay(response, made.replay)
    return dict(shown_to(request, signing.signed_response)(made.response))


@router.post("/chat", response=schemas.ChatResponse, auth=TALKS, operation_id="CH-01")
async def chat(request: HttpRequest, response: HttpResponse, data: schemas.ChatRequest) -> dict[str, Any]:
    """Answer a message."""
    return await answered(request, response, data, "chat")


@router.post(
    "/gateway",
    response=schemas.GatewayResponse,
    auth=AsyncGuard("chat", limits=("chat",)),
    operation_id="CH-03",
)
async def gateway(
    request: HttpRequest, response: HttpResponse, data: schemas.GatewayRequest
) -> dict[str, Any]:
    """Answer a message that another channel brings."""
    whole = await answered(request, response, data, "gateway")
    came_in = {"channel": data.channel, "original_message": data.message}
    return {**whole, "data": {**whole["data"], **came_in}}


@router.post("/chat/stream", auth=TALKS, operation_id="CH-02", openapi_extra=EVENT_STREAM)
async def stream(request: HttpRequest, data: schemas.ChatRequest) -> StreamingHttpResponse:
    """Answer a message as server-sent events: one `meta`, then `token`s, then one `done` or `error`."""
    incoming, sender = _incoming(request, data, "stream"), sender_of(request)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(
            open_streams.counted(
                session_id=incoming.session_id or sender.session_id,
                principal=sender.principal,
                ip=principal_of(request).ip,
            )
        )
        begun = await chatting.begin(incoming=incoming, sender=sender)
        # From here on the stream itself holds its place.
        held = stack.pop_all()
    response = event_stream(_turn_events(request, begun, held))
    mark_replay(response, begun.repeat)
    return response


async def _turn_events(request: HttpRequest, begun: Begun, held: AsyncExitStack) -> AsyncIterator[bytes]:
    async with held:
        events = streams.of_turn(
            begun,
            after=streams.after_number(request.headers.get("Last-Event-ID"), begun.turn.public_id),
            show=shown_to(request, signing.signed_frame),
            request_id=getattr(request, "request_id", ""),
        )
        async for chunk in events:
            yield chunk


def event_stream(events: AsyncIterator[bytes]) -> StreamingHttpResponse:
    """Return a response of server-sent events; the charset is named, or some clients misread them."""
    response = StreamingHttpResponse(events, content_type="text/event-stream; charset=utf-8")
    response["Cache-Control"] = "no-cache"
    response["X-Accel-Buffering"] = "no"
    return response


@router.post(
    "/chat/sessions/{session_id}/stop",
    response=schemas.StopOut,
    auth=AsyncGuard("chat", visitor=True),
    operation_id="CH-15",
)
async def stop(request: HttpRequest, session_id: str, data: schemas.StopIn | None = None) -> dict[str, Any]:
    """End the reply that is being written where it is."""
    return await stopping.stop(
        session_id=session_id,
        reader=reader_of(request),
        message_id=data.message_id if data is not None else None,
        now=timezone.now(),
    )
