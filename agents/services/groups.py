"""Groups: who belongs to one, and what waits in it."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Count, QuerySet

from agents.models import Group, Seat
from agents.services import seats
from conversations.models import Conversation
from conversations.services import filing
from kimono.lib.errors import Conflict, Invalid, Missing
from kimono.lib.ids import new_id
from tenants.services import auditing
from tenants.services.auditing import Actor


class NameTaken(Conflict):
    """Another group has this name."""

    code = "duplicate_name"
    detail = "A group of this name exists."


def listed() -> QuerySet[Group]:
    """Return the groups, newest first."""
    return Group.objects.prefetch_related("seats")


def shown(found: Collection[Group]) -> list[dict[str, Any]]:
    """Return groups as on the wire (AG-23)."""
    waiting = {
        row["group_id"]: row["n"]
        for row in Conversation.objects.filter(
            state=Conversation.State.PENDING, group_id__in=[group.public_id for group in found]
        )
        .values("group_id")
        .annotate(n=Count("pk"))
    }
    return [
        {
            "id": group.public_id,
            "name": group.name,
            "description": group.description,
            "agent_ids": [seat.agent_id for seat in group.seats.all()],
            "pending_count": waiting.get(group.public_id, 0),
        }
        for group in found
    ]


def get(*, group_id: str) -> Group:
    """Return a group. Raises `Missing`."""
    group = Group.objects.filter(public_id=group_id).first() if "\x00" not in group_id else None
    if group is None:
        raise Missing
    return group


def create(
    *, name: str, description: str = "", agent_ids: Collection[str] = (), by: Actor, now: datetime
) -> Group:
    """Make a group. Raises `NameTaken`, and `Invalid` for somebody who cannot answer."""
    with transaction.atomic():
        group = Group(public_id=new_id("grp"), name=name, description=description, created_at=now)
        members = _members(agent_ids, now)
        _save(group)
        group.seats.set(members)
        auditing.record(action="create_group", by=by, target_type="group", target_id=group.public_id)
    return group


def update(*, group_id: str, given: Mapping[str, Any], by: Actor, now: datetime) -> Group:
    """Change name, description or agents of a group. Raises `Missing`, `NameTaken`, `Invalid`."""
    with transaction.atomic():
        get(group_id=group_id)
        group = Group.objects.select_for_update(no_key=True).get(public_id=group_id)
        for name in ("name", "description"):
            if given.get(name) is not None:
                setattr(group, name, given[name])
        _save(group)
        if given.get("agent_ids") is not None:
            group.seats.set(_members(given["agent_ids"], now))
        auditing.record(
            action="update_group",
            by=by,
            target_type="group",
            target_id=group_id,
            details={"fields": sorted(given)},
        )
    return group


def delete(*, group_id: str, by: Actor, now: datetime) -> None:
    """Delete a group; what waits in it waits in the common queue from now on. Raises `Missing`."""
    with transaction.atomic():
        get(group_id=group_id).delete()
        filing.leave_group(group_id=group_id, now=now)
        auditing.record(action="delete_group", by=by, target_type="group", target_id=group_id)


def _save(group: Group) -> None:
    try:
        with transaction.atomic():
            group.save()
    except IntegrityError:
        raise NameTaken from None


def _members(agent_ids: Collection[str], now: datetime) -> list[Seat]:
    members = []
    for agent_id in dict.fromkeys(agent_ids):
        seat = seats.find(agent_id=agent_id, now=now)
        if seat is None:
            raise Invalid("there is no such agent", loc=["body", "agent_ids"])
        members.append(seat)
    return members
