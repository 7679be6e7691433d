"""Django's entry to `tenants`."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TenantsConfig(AppConfig):
    """Installs the meter of provider calls and the public tables' own sections."""

    name = "tenants"
    verbose_name = _("Platform")

    def ready(self) -> None:
        """Register what this floor offers to the ones below and above."""
        from kimono.lib import queue
        from tenants import tasks  # noqa: F401  (jobs are enqueued by name, so their handlers must be known)
        from tenants.services import metering, ringing, tenant_settings

        ringing.install(queue.send, queue.is_reachable, queue.is_worked)
        tenant_settings.register()
        metering.install()
