"""Django's entry to `agents`."""

from django.apps import AppConfig


class AgentsConfig(AppConfig):
    """Human agents: seats, presence, queue, workbench."""

    name = "agents"
