"""Django's entry to `agents`."""

from django.apps import AppConfig


class AgentsConfig(AppConfig):
    """Human agents: seats, presence, queue, workbench."""

    name = "agents"

    def ready(self) -> None:
        """Register the settings of this floor."""
        from agents.services import sections

        sections.register()
