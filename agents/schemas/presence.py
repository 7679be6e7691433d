"""Shapes of AG-20 to AG-22."""

from typing import Literal

from ninja import Field, Schema

from agents.schemas.queue import AgentName
from conversations.schemas.fields import Short
from tenants.paging import Page

PresenceName = Literal["online", "away", "offline"]


class AgentsQuery(Page):
    """AG-20."""

    presence: PresenceName | None = None
    group_id: Short | None = None


class AgentOut(Schema):
    """Somebody who answers."""

    agent_id: str
    name: str
    kind: Literal["user", "external"]
    presence: PresenceName
    since: str
    groups: list[AgentName]
    active_sessions: int
    capacity: int


class PresenceQuery(Schema):
    """AG-21."""

    agent_id: Short | None = None


class PresenceIn(Schema):
    """AG-22."""

    status: PresenceName
    agent_id: Short | None = None
    capacity: int | None = Field(default=None, ge=1, le=50, strict=True)


class PresenceOut(Schema):
    """Whether an agent is there, and how much it has."""

    agent_id: str
    status: PresenceName
    since: str
    capacity: int
    active_sessions: int
