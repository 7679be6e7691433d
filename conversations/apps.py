"""Django's entry to `conversations`."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ConversationsConfig(AppConfig):
    """Contact, bot and human agent: turns, messages, handoffs."""

    name = "conversations"
    verbose_name = _("Service")

    def ready(self) -> None:
        """Register the settings, the visitors' credential and the doorbell of this floor."""
        from conversations import auth, events  # noqa: F401
        from conversations.consumers.relay import ChannelRelay
        from conversations.services import doorbell, sections, standing
        from tenants.services import lifecycle

        sections.register()
        doorbell.install(ChannelRelay())
        lifecycle.witness(standing.told)
