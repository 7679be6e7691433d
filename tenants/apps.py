"""Django's entry to `tenants`."""

from django.apps import AppConfig


class TenantsConfig(AppConfig):
    """Installs the meter of provider calls and the public tables' own sections."""

    name = "tenants"
    verbose_name = "Tenants"

    def ready(self) -> None:
        """Register what this floor offers to the ones below and above."""
        from kimono.lib import queue
        from tenants.services import metering, ringing, tenant_settings

        ringing.install(queue.send)
        tenant_settings.register()
        metering.install()
