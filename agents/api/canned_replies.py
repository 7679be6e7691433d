"""Doors of canned replies: AG-16…19."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router, Status

from agents.api.callers import is_supervisor, name_of
from agents.schemas import canned_replies as shapes
from agents.schemas.canned_replies import show_reply
from agents.services import canned_replies
from tenants.auth import Guard, actor_of, principal_of
from tenants.paging import Paged, paged

router = Router(tags=["agents"])
AGENT = Guard("agent")


def _owner(request: HttpRequest) -> str:
    """Return whose own replies the caller keeps: a user's, or those of all who share a key."""
    return principal_of(request).id


@router.get("/agent/canned-replies", response=Paged[shapes.ReplyOut], auth=AGENT, operation_id="AG-16")
def list_replies(request: HttpRequest, query: Query[shapes.RepliesQuery]) -> dict[str, Any]:
    """List everybody's canned replies and one's own; `q` finds them by shortcut, words, pinyin or initials."""
    found = canned_replies.listed(owner=_owner(request), category=query.category)
    fill = canned_replies.filler(session_id=query.session_id, agent_name=name_of(request))
    chosen = canned_replies.search(found, typed=query.q) if query.q else found
    return paged(chosen, query, lambda reply: show_reply(reply, fill(reply.content)))


@router.post("/agent/canned-replies", response={201: shapes.ReplyOut}, auth=AGENT, operation_id="AG-17")
def create_reply(request: HttpRequest, data: shapes.ReplyIn) -> Status[dict[str, Any]]:
    """Keep a canned reply: one's own, or everybody's."""
    made = canned_replies.create(
        given=data.dict(exclude={"scope"}),
        scope=data.scope,
        owner=_owner(request),
        supervisor=is_supervisor(request),
        by=actor_of(request),
        now=timezone.now(),
    )
    return Status(201, show_reply(made))


@router.put("/agent/canned-replies/{reply_id}", response=shapes.ReplyOut, auth=AGENT, operation_id="AG-18")
def update_reply(request: HttpRequest, reply_id: str, data: shapes.ReplyPatch) -> dict[str, Any]:
    """Change a canned reply."""
    changed = canned_replies.update(
        reply_id=reply_id,
        given=data.dict(exclude_unset=True),
        owner=_owner(request),
        supervisor=is_supervisor(request),
        by=actor_of(request),
        now=timezone.now(),
    )
    return show_reply(changed)


@router.delete("/agent/canned-replies/{reply_id}", response={204: None}, auth=AGENT, operation_id="AG-19")
def delete_reply(request: HttpRequest, reply_id: str) -> Status[None]:
    """Delete a canned reply."""
    canned_replies.delete(
        reply_id=reply_id, owner=_owner(request), supervisor=is_supervisor(request), by=actor_of(request)
    )
    return Status(204, None)
