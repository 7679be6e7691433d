"""`manage.py migrate_all`: bring `public`, the template schema and every tenant that is behind up to the code."""

from typing import Any

from django.core.management.base import BaseCommand

from tenants.services import migrating


class Command(BaseCommand):
    """Migrate what is behind, and nothing else. Run with the owner's DATABASE_URL."""

    help = "Migrate public, the template schema, and the tenants that are behind."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the migration and say what was done."""
        done = migrating.migrate_all()
        self.stdout.write(
            f"public: {'migrated' if done.public else 'up to date'}; tenants migrated: {len(done.tenants)}"
        )
