"""Django's entry to `tenants.people`."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PeopleConfig(AppConfig):
    """Registers how people are recognised."""

    name = "tenants.people"
    label = "people"
    verbose_name = _("People")

    def ready(self) -> None:
        """Register the authenticators of this floor."""
        from tenants.people import auth  # noqa: F401
        from tenants.people.services import users
        from tenants.services import provisioning

        provisioning.register_step("admin", users.create_first_admin)
