"""Doors of conversations: CH-04…12."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils import timezone
from ninja import Query, Router, Status

from conversations.api.callers import (
    idempotency_key,
    mark_replay,
    reader_of,
    sender_of,
    session_shown_to,
    shown_to,
    socket_url,
)
from conversations.api.chat import EVENT_STREAM, event_stream
from conversations.models import Conversation
from conversations.schemas import chat as schemas
from conversations.services import (
    conversations,
    escalations,
    handshakes,
    open_streams,
    origins,
    payloads,
    satisfaction,
    streams,
    timeline,
    votes,
)
from conversations.services.handshakes import Introduction
from kimono.lib.threads import in_thread
from tenants.auth import AsyncGuard, Guard, Principal, actor_of, principal_of
from tenants.paging import Paged, paged

router = Router(tags=["chat"])
READS = Guard("chat", "agent", visitor=True)
WRITES = Guard("chat", visitor=True)


class OpeningGuard(Guard):
    """Lets a key or a member of the staff in; on a merchant's own host also any page that the merchant allows."""

    def _check(self, principal: Principal, request: HttpRequest) -> None:
        elsewhere = getattr(request, "tenant", None) is None
        if elsewhere or principal.kind not in ("anonymous", "visitor"):
            super()._check(principal, request)
        else:
            origins.check_allowed(
                origin=request.headers.get("Origin"),
                host=request.META.get("HTTP_HOST", ""),
                scheme=request.scheme or "http",
                fetch_site=request.headers.get("Sec-Fetch-Site"),
            )


@router.post(
    "/chat/sessions",
    response={201: schemas.Handshake},
    auth=OpeningGuard("chat", limits=("session",)),
    operation_id="CH-04",
)
def open_session(
    request: HttpRequest, response: HttpResponse, data: schemas.SessionIn | None = None
) -> Status[Mapping[str, Any]]:
    """Begin a conversation and give its visitor a token."""
    data = data or schemas.SessionIn()
    principal = principal_of(request)
    vouched = principal.kind in ("key", "user")
    key = idempotency_key(request)
    # The middleware keeps the record of those who have a name; a page has none but its key.
    own_record = (f"open:{principal.ip}", key[:64]) if key is not None and not vouched else None
    shaken = handshakes.shake(
        introduction=Introduction(
            channel=data.channel,
            user_id=data.user_id or "",
            user_hash=data.user_hash or "",
            language=data.language or "",
            metadata=data.metadata,
            vouched=vouched,
        ),
        idempotency=own_record,
        ws_url=socket_url(request),
        now=timezone.now(),
    )
    mark_replay(response, shaken.repeat)
    return Status(201, shaken.handshake)


@router.get(
    "/chat/sessions", response=Paged[schemas.SessionOut], auth=Guard("chat", "agent"), operation_id="CH-05"
)
def list_sessions(request: HttpRequest, query: Query[schemas.SessionsQuery]) -> dict[str, Any]:
    """List conversations, newest first."""
    rows = conversations.listed(
        user_id=query.user_id,
        state=query.state,
        channel=query.channel,
        text=query.q,
        since=query.since,
        until=query.until,
    )
    page = paged(rows, query)
    return {**page, "items": payloads.sessions(page["items"])}


@router.get("/chat/sessions/{session_id}", response=schemas.SessionOut, auth=READS, operation_id="CH-06")
def get_session(request: HttpRequest, session_id: str) -> dict[str, Any]:
    """Return a conversation."""
    return session_shown_to(request)(conversations.get(public_id=session_id, reader=reader_of(request)))


@router.get(
    "/chat/sessions/{session_id}/messages",
    response=schemas.MessagesOut,
    auth=READS,
    operation_id="CH-07",
)
def list_messages(
    request: HttpRequest, session_id: str, query: Query[schemas.MessagesQuery]
) -> dict[str, Any]:
    """Return a part of a conversation, in order."""
    part = timeline.read(
        public_id=session_id,
        reader=reader_of(request),
        after_seq=query.after_seq,
        before_seq=query.before_seq,
        limit=query.limit,
        with_events=query.include == "events",
    )
    show = shown_to(request)
    return {
        "items": [show(item) for item in part.items],
        "total": part.total,
        "last_seq": part.conversation.last_seq,
        "has_more": part.has_more,
        "session": session_shown_to(request)(part.conversation),
    }


@router.get(
    "/chat/sessions/{session_id}/events",
    openapi_extra=EVENT_STREAM,
    auth=AsyncGuard("chat", "agent", visitor=True),
    operation_id="CH-08",
)
async def events(
    request: HttpRequest, session_id: str, query: Query[schemas.EventsQuery]
) -> StreamingHttpResponse:
    """Tell what happens in a conversation as server-sent events: what was missed, then live."""
    reader = reader_of(request)
    if request.META["REQUEST_METHOD"] == "HEAD":
        await in_thread(conversations.get, public_id=session_id, reader=reader)
        return event_stream(_nothing())
    async with AsyncExitStack() as stack:
        conversation = await in_thread(conversations.get, public_id=session_id, reader=reader)
        await stack.enter_async_context(
            open_streams.counted(
                session_id=session_id,
                principal=sender_of(request).principal,
                ip=principal_of(request).ip,
            )
        )
        held = stack.pop_all()
    given = request.headers.get("Last-Event-ID", "")
    after = int(given) if given.isdecimal() and len(given) < 10 else query.after_seq
    return event_stream(_events(request, conversation, after, held))


async def _nothing() -> AsyncIterator[bytes]:
    return
    yield


async def _events(
    request: HttpRequest, conversation: Conversation, after: int, held: AsyncExitStack
) -> AsyncIterator[bytes]:
    async with held:
        live = streams.of_conversation(
            conversation, reader=reader_of(request), after_seq=after, show=shown_to(request)
        )
        async for chunk in live:
            yield chunk


@router.post(
    "/chat/sessions/{session_id}/feedback",
    response=schemas.FeedbackOut,
    auth=WRITES,
    operation_id="CH-09",
)
def give_feedback(request: HttpRequest, session_id: str, data: schemas.FeedbackIn) -> dict[str, Any]:
    """Store what the contact thinks of a reply; a second vote replaces the first."""
    return voted(request, session_id, data)


def voted(request: HttpRequest, session_id: str, data: schemas.FeedbackIn) -> dict[str, Any]:
    """Return what became of a caller's vote."""
    return votes.cast(
        session_id=session_id,
        reader=reader_of(request),
        message_id=data.message_id,
        rating=data.rating,
        comment=data.comment or "",
        corrected=data.corrected_answer or "",
        by=actor_of(request),
        now=timezone.now(),
    )


@router.post(
    "/chat/sessions/{session_id}/escalate",
    response=schemas.EscalateOut,
    auth=WRITES,
    operation_id="CH-10",
)
def escalate(request: HttpRequest, session_id: str, data: schemas.EscalateIn | None = None) -> dict[str, Any]:
    """Bring in a person; while one is on the way, asking again changes nothing."""
    wish = data or schemas.EscalateIn()
    return escalations.ask_for_person(
        session_id=session_id,
        reader=reader_of(request),
        reason=wish.reason or "",
        priority=wish.priority,
        now=timezone.now(),
    )


@router.post(
    "/chat/sessions/{session_id}/close",
    response=schemas.CloseOut,
    auth=Guard("chat", "agent", visitor=True),
    operation_id="CH-11",
)
def close(request: HttpRequest, session_id: str, data: schemas.CloseIn | None = None) -> dict[str, Any]:
    """End a conversation for good."""
    conversation = conversations.close(
        public_id=session_id,
        reader=reader_of(request),
        reason=data.reason if data is not None else None,
        now=timezone.now(),
    )
    closed_at = conversation.closed_at or timezone.now()
    return {
        "session_id": session_id,
        "state": conversation.state,
        "closed_at": payloads.moment(closed_at),
    }


@router.post("/chat/sessions/{session_id}/csat", response=schemas.CsatOut, auth=WRITES, operation_id="CH-12")
def rate(request: HttpRequest, session_id: str, data: schemas.CsatIn) -> dict[str, Any]:
    """Say how content the contact is; within a day a later word replaces the first."""
    rating = satisfaction.rate(
        session_id=session_id,
        reader=reader_of(request),
        score=data.score,
        resolved=data.resolved,
        comment=data.comment or "",
        now=timezone.now(),
    )
    return {**satisfaction.shown(rating), "session_id": session_id}
