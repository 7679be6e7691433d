"""The platform's tables on the platform's admin site, and the first page of that site."""

from opsconsole.admin import dashboard
from opsconsole.admin.library import PriceAdmin, TemplateAdmin
from opsconsole.admin.merchants import TenantAdmin
from opsconsole.admin.records import AuditAdmin, JobAdmin, UsageAdmin
from tenants.admin import platform_site

__all__ = ["AuditAdmin", "JobAdmin", "PriceAdmin", "TemplateAdmin", "TenantAdmin", "UsageAdmin"]

type(platform_site).dashboard = staticmethod(dashboard.shown)
