"""Django's entry to `agents`."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AgentsConfig(AppConfig):
    """Human agents: seats, presence, queue, workbench."""

    name = "agents"
    verbose_name = _("Agents")

    def ready(self) -> None:
        """Register the settings of this floor, and its consumers for whoever publishes an event."""
        from agents import tasks  # noqa: F401
        from agents.services import sections

        sections.register()
