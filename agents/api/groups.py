"""Doors of groups: AG-23…26."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router, Status

from agents.schemas import groups as shapes
from agents.services import groups
from tenants.auth import Guard, actor_of
from tenants.paging import Page, Paged, paged

router = Router(tags=["agents"])
ADMIN = Guard(admin=True)


@router.get("/agent/groups", response=Paged[shapes.GroupOut], auth=Guard("agent"), operation_id="AG-23")
def list_groups(request: HttpRequest, query: Query[Page]) -> dict[str, Any]:
    """List the groups, their agents, and how much waits in each."""
    page = paged(groups.listed(), query)
    return {**page, "items": groups.shown(page["items"])}


@router.post("/agent/groups", response={201: shapes.GroupOut}, auth=ADMIN, operation_id="AG-24")
def create_group(request: HttpRequest, data: shapes.GroupIn) -> Status[dict[str, Any]]:
    """Make a group."""
    made = groups.create(**data.dict(), by=actor_of(request), now=timezone.now())
    return Status(201, groups.shown([made])[0])


@router.put("/agent/groups/{group_id}", response=shapes.GroupOut, auth=ADMIN, operation_id="AG-25")
def update_group(request: HttpRequest, group_id: str, data: shapes.GroupPatch) -> dict[str, Any]:
    """Change a group."""
    changed = groups.update(
        group_id=group_id,
        given=data.dict(exclude_unset=True),
        by=actor_of(request),
        now=timezone.now(),
    )
    return groups.shown([changed])[0]


@router.delete("/agent/groups/{group_id}", response={204: None}, auth=ADMIN, operation_id="AG-26")
def delete_group(request: HttpRequest, group_id: str) -> Status[None]:
    """Delete a group; what waits in it goes back to the common queue."""
    groups.delete(group_id=group_id, by=actor_of(request), now=timezone.now())
    return Status(204, None)
