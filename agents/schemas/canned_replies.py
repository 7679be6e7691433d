"""Shapes of AG-16 to AG-19."""

from datetime import datetime
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import BeforeValidator, StringConstraints

from agents.models import CannedReply
from conversations.schemas.fields import Search, SessionId
from kimono.lib.cleaning import trimmed
from kimono.lib.patching import omissible
from tenants.paging import Page

ScopeName = Literal["tenant", "mine"]
# A shortcut is typed after a slash, in one word.
Shortcut = Annotated[
    str,
    BeforeValidator(lambda value: trimmed(value).removeprefix("/") if isinstance(value, str) else value),
    StringConstraints(min_length=1, max_length=30, pattern=r"^\S+$"),
]
Title = Annotated[str, BeforeValidator(trimmed), StringConstraints(min_length=1, max_length=100)]
Content = Annotated[str, BeforeValidator(trimmed), StringConstraints(min_length=1, max_length=2000)]
Category = Annotated[str, BeforeValidator(trimmed), StringConstraints(max_length=50)]


class RepliesQuery(Page):
    """AG-16; with `session_id` each reply comes with its variables filled for that conversation."""

    q: Search | None = None
    category: Category | None = None
    session_id: SessionId | None = None


class ReplyIn(Schema):
    """AG-17."""

    shortcut: Shortcut
    title: Title
    content: Content
    category: Category = ""
    scope: ScopeName = "mine"


class ReplyPatch(Schema):
    """AG-18."""

    shortcut: Shortcut | None = omissible()
    title: Title | None = omissible()
    content: Content | None = omissible()
    category: Category | None = omissible()
    scope: ScopeName | None = omissible()


class ReplyOut(Schema):
    """A text that agents have ready; `filled` is null where no conversation was named."""

    id: str
    shortcut: str
    title: str
    content: str
    category: str
    scope: ScopeName
    use_count: int
    filled: str | None
    created_at: datetime
    updated_at: datetime


def show_reply(reply: CannedReply, filled: str | None = None) -> dict[str, Any]:
    """Return a reply as `ReplyOut`."""
    return {
        "id": reply.public_id,
        "shortcut": reply.shortcut,
        "title": reply.title,
        "content": reply.content,
        "category": reply.category,
        "scope": "mine" if reply.owner else "tenant",
        "use_count": reply.use_count,
        "filled": filled,
        "created_at": reply.created_at,
        "updated_at": reply.updated_at,
    }
