"""To whom a conversation may be transferred."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from agents.models import Group
from agents.services import groups, presence, seats
from conversations.services.handoffs import Handler
from kimono.lib.errors import Invalid


@dataclass(frozen=True)
class Target:
    """An agent, or a group."""

    agent: Handler | None = None
    group_id: str = ""


@dataclass(frozen=True)
class Choices:
    """To whom a conversation may be given: agents with presence and load, those who are there first, and groups."""

    agents: Sequence[dict[str, Any]]
    groups: Sequence[dict[str, Any]]


def choices(*, but: str, now: datetime) -> Choices:
    """Return everybody to whom a conversation may be given, except `but`."""
    return Choices(presence.team(but=but, now=now).colleagues, groups.shown(list(groups.listed())))


def find(*, to_agent_id: str | None, to_group: str | None, now: datetime) -> Target:
    """Return the agent, or the group by its id or name. Raises `Invalid` unless exactly one is named and exists."""
    if bool(to_agent_id) == bool(to_group):
        raise Invalid("exactly one of to_agent_id and to_group", loc=["body", "to_agent_id"])
    if to_agent_id:
        seat = seats.find(agent_id=to_agent_id, now=now)
        if seat is None:
            raise Invalid("there is no such agent", loc=["body", "to_agent_id"])
        return Target(agent=Handler(id=seat.agent_id, name=seat.name))
    group = Group.objects.filter(Q(public_id=to_group) | Q(name=to_group)).order_by("pk").first()
    if group is None:
        raise Invalid("there is no such group", loc=["body", "to_group"])
    return Target(group_id=group.public_id)
