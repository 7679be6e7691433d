"""`manage.py load_demo`: make the demo's merchants, people and knowledge, and write who is who."""

from typing import Any

from django.core.management.base import BaseCommand

from kimono.demo import loading


class Command(BaseCommand):
    """Load the demo; run again, it only adds what is missing."""

    help = "Load the demo merchants and write demo.json."

    def handle(self, *args: Any, **options: Any) -> None:
        """Load, and say where the accounts are written."""
        self.stdout.write(f"demo: {loading.load()}")
