"""The two admin sites and what their pages share.

Each floor registers its own tables; the platform's tables are registered by `opsconsole`.
"""

from tenants.admin.actors import actor_of_admin
from tenants.admin.dialogs import after_dialog, asked_first
from tenants.admin.refusals import said
from tenants.admin.sites import Cell, Dashboard, Figure, Panel, platform_site, tenant_site
from tenants.admin.tables import (
    ModelAdmin,
    ReadOnlyAdmin,
    ReadOnlyInline,
    percent_bar,
    readable,
    shortened,
    when,
)
from tenants.admin.writing import ServiceAdmin, ServiceForm

__all__ = [
    "Cell",
    "Dashboard",
    "Figure",
    "ModelAdmin",
    "Panel",
    "ReadOnlyAdmin",
    "ReadOnlyInline",
    "ServiceAdmin",
    "ServiceForm",
    "actor_of_admin",
    "after_dialog",
    "asked_first",
    "percent_bar",
    "platform_site",
    "readable",
    "said",
    "shortened",
    "tenant_site",
    "when",
]
