"""`manage.py create_merchant SLUG NAME ADMIN`: a merchant with its first admin, made at once."""

from typing import Any

from django.contrib.auth.hashers import make_password
from django.core.management.base import BaseCommand, CommandError, CommandParser

from kimono.lib.errors import Refusal
from tenants.people.management.commands.create_operator import asked_password
from tenants.people.models import User
from tenants.people.services import passwords
from tenants.services import hosts, provisioning
from tenants.services.auditing import SYSTEM


class Command(BaseCommand):
    """Make a merchant; the admin's password is asked for. Needs DATABASE_OWNER_URL."""

    help = "Make a merchant with its first admin."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("slug")
        parser.add_argument("name")
        parser.add_argument("admin", help="the admin's username")
        parser.add_argument("--preset", choices=["merchant", "helpdesk"], default="merchant")
        parser.add_argument("--domain", help="its host name; default: <slug>.<KIMONO_TENANT_DOMAIN>")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make the merchant."""
        password = asked_password()
        try:
            passwords.check_strength(password=password, user=User(username=options["admin"]))
            tenant = provisioning.create(
                name=options["name"],
                slug=options["slug"],
                preset=options["preset"],
                domain=options["domain"],
                seed={"admin": {"username": options["admin"], "password_hash": make_password(password)}},
                by=SYSTEM,
                now_in_process=True,
            )
        except Refusal as refusal:
            raise CommandError(str(refusal)) from None
        self.stdout.write(f"{tenant.name} is at {hosts.host_of(tenant)}")
