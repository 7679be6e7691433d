"""Django's entry to `opsconsole`."""

from django.apps import AppConfig


class OpsconsoleConfig(AppConfig):
    """Platform operators: everything, from above."""

    name = "opsconsole"
