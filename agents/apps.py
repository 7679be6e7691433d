"""Django's entry to `agents`."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AgentsConfig(AppConfig):
    """Human agents: seats, presence, queue, workbench."""

    name = "agents"
    verbose_name = _("Agents")

    def ready(self) -> None:
        """Register the settings of this floor, its consumers of events, and who is online."""
        from agents import tasks  # noqa: F401
        from agents.services import presence, sections
        from conversations.services import staffing

        sections.register()
        staffing.install(lambda now: len(presence.online(now=now)))
