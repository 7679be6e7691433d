"""Shapes of AG-01 to AG-04."""

from typing import Annotated, Any, Literal

from ninja import Field, Schema
from pydantic import AfterValidator, BeforeValidator, StringConstraints

from agents.schemas.notes import NoteOut
from conversations.schemas.chat import MessageOut, SessionOut
from conversations.schemas.fields import Channel, Moment, PriorityIn, Search, Short, State
from kimono.lib.cleaning import clean
from tenants.paging import Page


def _tidy(value: Any) -> Any:
    return clean(value).strip() if isinstance(value, str) else value


def _distinct(values: list[str]) -> list[str]:
    return list(dict.fromkeys(value for value in values if value))


Tag = Annotated[str, StringConstraints(max_length=30), BeforeValidator(_tidy)]
Tags = Annotated[list[Tag], Field(max_length=20), AfterValidator(_distinct)]


class PendingQuery(Schema):
    """AG-01."""

    priority: PriorityIn | None = None
    group_id: Short | None = None
    limit: int = Field(default=100, ge=1, le=200)


class PendingItem(Schema):
    """A conversation that waits for a person."""

    session_id: str
    user_id: str | None
    channel: str
    priority: str
    escalate_reason: str
    summary: str
    turn_count: int
    agent_status: str | None
    assigned_agent_id: str | None
    group_id: str | None
    member_level: str
    created_at: str
    pending_since: str
    waiting_seconds: int
    over_sla: bool
    last_message: str


class CasesQuery(Page):
    """AG-02."""

    scope: Literal["mine", "all", "unassigned"] = "mine"
    state: State | None = None
    priority: PriorityIn | None = None
    agent_id: Short | None = None
    group_id: Short | None = None
    channel: Channel | None = None
    tag: Tag | None = None
    q: Search | None = None
    since: Moment | None = Field(default=None, alias="from")
    until: Moment | None = Field(default=None, alias="to")


class CaseOut(SessionOut):
    """A conversation in an agent's list."""

    summary: str
    last_message: str
    waiting_seconds: int
    over_sla: bool
    unread: int


class AgentName(Schema):
    """An agent by id and name."""

    id: str
    name: str


class Detail(SessionOut):
    """A conversation whole; `history` ascends and holds the last 500 messages."""

    emotion_score: float | None
    escalation_card: dict[str, Any] | None
    history: list[MessageOut]
    notes: list[NoteOut]
    resolved_at: str | None
    resolution_note: str | None
    assigned_agent: AgentName | None


class CasePatch(Schema):
    """AG-04."""

    priority: PriorityIn | None = None
    tags: Tags | None = None
    group_id: Short | None = None
