"""Django's entry to `opsconsole`."""

from django.apps import AppConfig


class OpsconsoleConfig(AppConfig):
    """Platform operators: everything, from above."""

    name = "opsconsole"

    def ready(self) -> None:
        """Have operators told of what changes below."""
        from opsconsole.services import feed
        from tenants.services import lifecycle

        lifecycle.witness(feed.note)
