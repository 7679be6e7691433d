"""All tenants, one after the other; for dispatchers that beat fires."""

import logging
from collections.abc import Callable

from kimono.lib import db
from tenants.models import Tenant

log = logging.getLogger(__name__)


def active_tenants() -> list[Tenant]:
    """Return the tenants that work now, the oldest first."""
    with db.public_scope(), db.platform_scope():
        return list(Tenant.objects.filter(status=Tenant.Status.ACTIVE).order_by("created_at", "pk"))


def for_each_active(function: Callable[[], object]) -> None:
    """Call `function` once for each tenant that works now; one that fails is logged and holds up no other."""
    for tenant in active_tenants():
        try:
            with db.tenant_scope(tenant):
                function()
        except Exception:
            log.exception("%s failed for %s", function.__qualname__, tenant.slug)
