"""Django's entry to `conversations`."""

from django.apps import AppConfig


class ConversationsConfig(AppConfig):
    """Contact, bot and human agent: turns, messages, handoffs."""

    name = "conversations"
