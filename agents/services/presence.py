"""Whether agents are there: chosen by them, kept over a reload, over by itself when nothing is heard any more."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction

from agents.models import Seat
from agents.services import assigning, seats
from agents.services.seats import PresenceName
from conversations.services import doorbell, inbox
from conversations.services.payloads import moment
from kimono.lib.errors import Missing

_ORDER: Mapping[str, int] = {"online": 0, "away": 1, "offline": 2}


def choose(*, seat: Seat, status: PresenceName, capacity: int | None = None, now: datetime) -> Seat:
    """Set whether an agent is there; going offline keeps its conversations. Choosing is a sign of life.

    Colleagues are told. Who comes online gets what waits, where the merchant leaves that to the system.
    """
    if seat.presence(now)[0] != status:
        seat.chosen_at = now
    seat.chosen, seat.seen_at = status, now
    if capacity is not None:
        seat.capacity = capacity
    seat.save(update_fields=["chosen", "chosen_at", "seen_at", "capacity"])
    told = {"type": "presence", "data": {"agent_id": seat.agent_id, "status": status}}
    transaction.on_commit(partial(doorbell.say, inbox.group(), told))
    if status == "online":
        assigning.assign_waiting(now=now)
    return seat


def shown(seat: Seat, *, now: datetime, load: int | None = None) -> dict[str, Any]:
    """Return an agent's presence as on the wire (AG-21)."""
    status, since = seat.presence(now)
    return {
        "agent_id": seat.agent_id,
        "status": status,
        "since": moment(since),
        "capacity": seat.capacity,
        "active_sessions": seats.loads([seat.agent_id]).get(seat.agent_id, 0) if load is None else load,
    }


def of(*, agent_id: str, own: str, now: datetime) -> dict[str, Any]:
    """Return the presence of an agent; who has never acted is offline. Raises `Missing` for anybody unknown but oneself."""
    for seat in seats.everybody(now=now):
        if seat.agent_id == agent_id:
            return shown(seat, now=now)
    if agent_id != own:
        raise Missing
    return shown(Seat(agent_id=agent_id, chosen_at=now), now=now, load=0)


def listed(
    *, presence: PresenceName | None = None, group_id: str | None = None, now: datetime
) -> list[dict[str, Any]]:
    """Return all agents with their presence, groups and load (AG-20)."""
    found = []
    everybody = seats.everybody(now=now)
    loads = seats.loads([seat.agent_id for seat in everybody])
    for seat in everybody:
        status, since = seat.presence(now)
        groups = list(seat.groups.all()) if seat.pk else []
        if presence is not None and status != presence:
            continue
        if group_id is not None and group_id not in [group.public_id for group in groups]:
            continue
        found.append(
            {
                "agent_id": seat.agent_id,
                "name": seat.name,
                "kind": seat.kind,
                "presence": status,
                "since": moment(since),
                "groups": [{"id": group.public_id, "name": group.name} for group in groups],
                "active_sessions": loads.get(seat.agent_id, 0),
                "capacity": seat.capacity,
            }
        )
    return found


@dataclass(frozen=True)
class Team:
    """An agent's colleagues as `listed` shows them, those who are there first, and how many of all are there."""

    colleagues: Sequence[dict[str, Any]]
    agents_online: int


def team(*, but: str, now: datetime) -> Team:
    """Return the colleagues of an agent, `but` itself, and how many agents are there, itself among them."""
    everybody = listed(now=now)
    colleagues = [each for each in everybody if each["agent_id"] != but]
    colleagues.sort(key=lambda each: (_ORDER[each["presence"]], each["active_sessions"], each["name"]))
    return Team(colleagues, sum(each["presence"] == Seat.Presence.ONLINE for each in everybody))


def online(*, now: datetime) -> list[Seat]:
    """Return the seats of those who are there and take conversations."""
    return [seat for seat in seats.everybody(now=now) if seat.presence(now)[0] == Seat.Presence.ONLINE]


def arrived(*, seat: Seat, now: datetime) -> str:
    """Return an agent's presence as it opens the workbench: online the first time, later as it chose last."""
    if seat.chosen == Seat.Presence.OFFLINE and seat.chosen_at == seat.created_at:
        seat = choose(seat=seat, status="online", now=now)
    return seat.presence(now)[0]
