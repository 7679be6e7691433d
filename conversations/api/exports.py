"""Doors through which answers and conversations leave as files: CH-13 and CH-14."""

from typing import Any
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Query, Router

from conversations.api.callers import reader_of, shown_to
from conversations.schemas.exports import AnswerExportQuery, ConversationExportQuery
from conversations.services import exports
from tenants.auth import AsyncGuard, actor_of

router = Router(tags=["chat"])
TAKES = AsyncGuard("chat", "agent", visitor=True, limits=("export",))


def _described(*formats: str) -> dict[str, Any]:
    content = {
        exports.MIME[name].partition(";")[0]: {"schema": {"type": "string", "format": "binary"}}
        for name in formats
    }
    return {"responses": {200: {"description": "The file.", "content": content}}}


@router.get(
    "/chat/sessions/{session_id}/export",
    response={200: None},
    auth=TAKES,
    operation_id="CH-13",
    openapi_extra=_described("pdf", "docx", "json", "csv"),
)
async def export_session(
    request: HttpRequest, session_id: str, query: Query[ConversationExportQuery]
) -> HttpResponse:
    """Download a conversation as a file."""
    made = await exports.of_session(
        public_id=session_id,
        format=query.format,
        reader=reader_of(request),
        show=shown_to(request),
        by=actor_of(request),
        now=timezone.now(),
    )
    return _served(made)


@router.get(
    "/chat/messages/{message_id}/export",
    response={200: None},
    auth=TAKES,
    operation_id="CH-14",
    openapi_extra=_described("pdf", "docx"),
)
async def export_message(
    request: HttpRequest, message_id: str, query: Query[AnswerExportQuery]
) -> HttpResponse:
    """Download one answer with its question and references as a file."""
    made = await exports.of_message(
        public_id=message_id,
        format=query.format,
        reader=reader_of(request),
        by=actor_of(request),
        now=timezone.now(),
    )
    return _served(made)


def _served(file: exports.File) -> HttpResponse:
    response = HttpResponse(file.content, content_type=file.mime)
    # RFC 6266: the second name wins wherever it is understood.
    response["Content-Disposition"] = (
        f"attachment; filename=\"{file.ascii_name}\"; filename*=UTF-8''{quote(file.name, safe='')}"
    )
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response
