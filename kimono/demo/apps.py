"""Django's entry to the demo."""

from django.apps import AppConfig


class DemoConfig(AppConfig):
    """Holds the command that loads the demo."""

    name = "kimono.demo"
    label = "demo"
