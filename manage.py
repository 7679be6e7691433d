#!/usr/bin/env python
"""Django's command line."""

import os
import sys


def main() -> None:
    """Run a management command; without a tenant in force it works in `public`."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kimono.settings")
    from django.core.management import execute_from_command_line

    from kimono.lib.db import allow_public_by_default

    allow_public_by_default()
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
