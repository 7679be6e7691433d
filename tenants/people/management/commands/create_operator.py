"""`manage.py create_operator NAME`: the first platform operator of an installation."""

import getpass
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from kimono.lib import db
from kimono.lib.errors import Refusal
from tenants.people.services import users
from tenants.services.auditing import SYSTEM


def asked_password() -> str:
    """Return a password typed twice. Raises `CommandError` when the two differ."""
    first = getpass.getpass("Password: ")
    if first != getpass.getpass("Again: "):
        raise CommandError("The passwords differ.")
    return first


class Command(BaseCommand):
    """Make a platform operator; the password is asked for, never taken from the command line."""

    help = "Make a platform operator (ops_admin, or ops_viewer with --viewer)."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("username")
        parser.add_argument("--viewer", action="store_true", help="may only read")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make the operator."""
        password = asked_password()
        try:
            with db.public_scope(), db.platform_scope():
                users.create(
                    username=options["username"],
                    password=password,
                    role="ops_viewer" if options["viewer"] else "ops_admin",
                    by=SYSTEM,
                    now=timezone.now(),
                )
        except Refusal as refusal:
            raise CommandError(str(refusal)) from None
        self.stdout.write(f"operator {options['username']} is made")
