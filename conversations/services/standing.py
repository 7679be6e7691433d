"""Whether a merchant is in service, and those who call for it still may, for what stays open while that changes."""

import time
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Literal

from django.db import transaction

from conversations.services import doorbell
from kimono.lib import db
from kimono.lib.sockets import group_name
from kimono.lib.threads import in_thread
from tenants.models import Tenant
from tenants.people.services import users
from tenants.services import api_keys, hosts
from tenants.services.lifecycle import Change


@dataclass(frozen=True)
class Caller:
    """Who opened something: a key or a user; of a user the mark that it had then."""

    kind: Literal["key", "user"]
    id: str
    mark: str = ""


_ASKED_SECONDS = 1.0
_in_service: dict[Any, tuple[float, bool]] = {}


def group() -> str:
    """Return the group that rings when the current tenant's state changes."""
    return group_name("standing", "all")


def told(*, tenant: Tenant, change: Change) -> None:
    """Ring for what is open of a merchant whose state has changed, when the transaction commits."""
    with db.tenant_scope(tenant):
        transaction.on_commit(partial(doorbell.ring, group()))


async def tenant_is_active() -> bool:
    """Tell whether the current tenant is in service; asked once a second for all its watchers of this process."""
    tenant_pk, now = db.current_tenant().pk, time.monotonic()
    known = _in_service.get(tenant_pk)
    # That it is not is never remembered: a merchant that is let in again is in at once.
    if known is None or not known[1] or now - known[0] >= _ASKED_SECONDS:
        known = _in_service[tenant_pk] = now, await in_thread(_is_active)
    return known[1]


async def tenant_is_active_after_all() -> bool:
    """Tell whether the current tenant is in service, whatever this process remembers."""
    hosts.clear()
    _in_service.pop(db.current_tenant().pk, None)
    return await tenant_is_active()


def _is_active() -> bool:
    tenant = hosts.tenant_by_slug(db.current_tenant().public_id)
    return tenant is not None and tenant.status == Tenant.Status.ACTIVE


def gone(callers: Collection[Caller], *, now: datetime) -> set[Caller]:
    """Return which of these callers of the current tenant may call no more: revoked, expired, disabled, signed out."""
    keys = {caller.id for caller in callers if caller.kind == "key"}
    people = {caller.id for caller in callers if caller.kind == "user"}
    living = api_keys.living(key_ids=keys, now=now) if keys else set()
    marks = users.marks(user_ids=people) if people else {}
    return {
        caller
        for caller in callers
        if (caller.id not in living if caller.kind == "key" else marks.get(caller.id) != caller.mark)
    }
