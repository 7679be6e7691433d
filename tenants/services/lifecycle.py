"""The states of a tenant: suspended and active again. Effective everywhere within the host cache's few seconds."""

from datetime import datetime
from typing import Literal, Protocol

from django.db import transaction

from kimono.lib import db
from kimono.lib.errors import Conflict, Missing
from tenants.models import Tenant
from tenants.services import auditing, hosts
from tenants.services.auditing import Actor

Change = Literal["created", "activated", "suspended", "failed"]


class Witness(Protocol):
    """Somebody on an upper floor who wants to know how a merchant's state changes."""

    def __call__(self, *, tenant: Tenant, change: Change) -> None:
        """Take note of a change, in its transaction."""


_witnesses: list[Witness] = []


def witness(function: Witness) -> None:
    """Have `function` called in the transaction of every change of a tenant's state."""
    _witnesses.append(function)


def tell(*, tenant: Tenant, change: Change) -> None:
    """Tell all witnesses; in the transaction of the change."""
    for function in _witnesses:
        function(tenant=tenant, change=change)


def check_can_become(tenant: Tenant, status: str) -> None:
    """Raise `Conflict` unless a tenant may go from its state to `status`."""
    if status not in Tenant.TRANSITIONS[tenant.status]:
        raise Conflict(f"A tenant that is {tenant.status} cannot become {status}.")


def suspend(*, tenant_id: str, reason: str, by: Actor, now: datetime) -> Tenant:
    """Suspend a tenant; nothing is deleted. A second time changes nothing. Raises `Conflict`, `Missing`."""
    with db.public_scope(), db.platform_scope(), transaction.atomic():
        tenant = _locked(tenant_id)
        if tenant.status != Tenant.Status.SUSPENDED:
            check_can_become(tenant, Tenant.Status.SUSPENDED)
            tenant.status, tenant.suspended_at, tenant.suspended_reason = Tenant.Status.SUSPENDED, now, reason
            tenant.save()
            auditing.record(
                action="suspend_tenant",
                by=by,
                target_type="tenant",
                target_id=tenant.public_id,
                details={"reason": reason},
            )
            tell(tenant=tenant, change="suspended")
    hosts.clear()
    return tenant


def activate(*, tenant_id: str, by: Actor) -> Tenant:
    """Let a suspended tenant in again. A second time changes nothing. Raises `Conflict`, `Missing`."""
    with db.public_scope(), db.platform_scope(), transaction.atomic():
        tenant = _locked(tenant_id)
        if tenant.status != Tenant.Status.ACTIVE:
            check_can_become(tenant, Tenant.Status.ACTIVE)
            tenant.status, tenant.suspended_at, tenant.suspended_reason = Tenant.Status.ACTIVE, None, ""
            tenant.save()
            auditing.record(action="activate_tenant", by=by, target_type="tenant", target_id=tenant.public_id)
            tell(tenant=tenant, change="activated")
    hosts.clear()
    return tenant


def _locked(tenant_id: str) -> Tenant:
    tenant: Tenant | None = Tenant.objects.select_for_update(no_key=True).filter(public_id=tenant_id).first()
    if tenant is None:
        raise Missing
    return tenant
