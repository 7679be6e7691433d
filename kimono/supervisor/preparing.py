"""What must be true before web and worker start, in one process: Django is imported once for all three steps.

Run as `python -m kimono.supervisor.preparing` with the owner's `DATABASE_URL`, never inside the supervisor itself.
"""

import os

from kimono.supervisor.stamps import static_stamp

STAMP = "static_stamp"


def main() -> None:
    """Migrate what is behind, collect static files when they changed, and load the demo's content."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kimono.settings")
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    from kimono.lib.db import allow_public_by_default

    allow_public_by_default()
    call_command("migrate_all")
    stamp_file, stamp = settings.HOME / STAMP, static_stamp(settings.BASE_DIR)
    if not settings.STATIC_ROOT.is_dir() or not stamp_file.exists() or stamp_file.read_text() != stamp:
        call_command("collectstatic", "--noinput", "--clear", verbosity=0)
        stamp_file.write_text(stamp)
    call_command("load_demo")


if __name__ == "__main__":
    main()
