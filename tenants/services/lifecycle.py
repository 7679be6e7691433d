"""The states of a tenant: suspended and active again. Effective everywhere within the host cache's few seconds."""

from datetime import datetime

from django.db import transaction

from kimono.lib import db
from kimono.lib.errors import Conflict, Missing
from tenants.models import Tenant
from tenants.services import auditing, hosts
from tenants.services.auditing import Actor


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
    hosts.clear()
    return tenant


def _locked(tenant_id: str) -> Tenant:
    tenant: Tenant | None = Tenant.objects.select_for_update(no_key=True).filter(public_id=tenant_id).first()
    if tenant is None:
        raise Missing
    return tenant
