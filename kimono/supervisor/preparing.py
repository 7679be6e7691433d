"""What must be true before web and worker start, in one process: Django is imported once for all three steps.

Run as `python -m kimono.supervisor.preparing` with the owner's `DATABASE_URL`, never inside the supervisor itself.
"""

import hashlib
import os
from pathlib import Path

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


def static_stamp(checkout: Path) -> str:
    """Return a name for the present static files: ours by path, size and time, the packages' by their versions."""
    digest = hashlib.sha256((checkout / "requirements.lock").read_bytes())
    ours = [folder for folder in checkout.iterdir() if folder.is_dir() and not folder.name.startswith(".")]
    static = [
        found for folder in ours for found in [folder, *folder.glob("**/static")] if found.name == "static"
    ]
    for path in sorted(file for folder in static for file in folder.rglob("*")):
        if path.is_file():
            found = path.stat()
            digest.update(f"{path.relative_to(checkout)}|{found.st_size}|{found.st_mtime_ns}\n".encode())
    return digest.hexdigest()


if __name__ == "__main__":
    main()
