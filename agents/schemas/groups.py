"""Shapes of AG-23 to AG-26."""

from typing import Annotated

from ninja import Field, Schema
from pydantic import BeforeValidator, StringConstraints

from conversations.schemas.fields import Short
from kimono.lib.cleaning import trimmed
from kimono.lib.patching import omissible

Name = Annotated[str, BeforeValidator(trimmed), StringConstraints(min_length=1, max_length=50)]
Description = Annotated[str, BeforeValidator(trimmed), StringConstraints(max_length=500)]
AgentIds = Annotated[list[Short], Field(max_length=500)]


class GroupIn(Schema):
    """AG-24."""

    name: Name
    description: Description = ""
    agent_ids: AgentIds = Field(default_factory=list)


class GroupPatch(Schema):
    """AG-25."""

    name: Name | None = omissible()
    description: Description | None = omissible()
    agent_ids: AgentIds | None = omissible()


class GroupOut(Schema):
    """Agents who can do the same."""

    id: str
    name: str
    description: str
    agent_ids: list[str]
    pending_count: int
