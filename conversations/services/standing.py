"""Whether a merchant is in service, for what stays open while that changes."""

import time
from functools import partial
from typing import Any

from django.db import transaction

from conversations.services import doorbell
from kimono.lib import db
from kimono.lib.sockets import group_name
from kimono.lib.threads import in_thread
from tenants.models import Tenant
from tenants.services import hosts
from tenants.services.lifecycle import Change

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
