"""Names for the present state of files, by path, size and time: equal names mean that nothing has changed."""

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path


def code_stamp(checkout: Path, environment: Mapping[str, str]) -> str:
    """Return a name for everything that decides what a preparation would do: code, content and our variables."""
    digest = _of_files(checkout, (path for folder in _folders(checkout) for path in folder.rglob("*")))
    for name in sorted(environment):
        if name in ("PORT", "DATABASE_OWNER_URL") or name.startswith("KIMONO_"):
            digest.update(f"{name}={environment[name]}\n".encode())
    return digest.hexdigest()


def static_stamp(checkout: Path) -> str:
    """Return a name for the present static files, the packages' by their versions."""
    static = [
        found
        for folder in _folders(checkout)
        for found in [folder, *folder.glob("**/static")]
        if found.name == "static"
    ]
    return _of_files(checkout, (path for folder in static for path in folder.rglob("*"))).hexdigest()


def _folders(checkout: Path) -> list[Path]:
    return [path for path in checkout.iterdir() if path.is_dir() and not path.name.startswith(".")]


def _of_files(checkout: Path, paths: Iterable[Path]) -> "hashlib._Hash":
    digest = hashlib.sha256((checkout / "requirements.lock").read_bytes())
    for path in sorted(set(paths)):
        if path.is_file() and "__pycache__" not in path.parts:
            found = path.stat()
            digest.update(f"{path.relative_to(checkout)}|{found.st_size}|{found.st_mtime_ns}\n".encode())
    return digest
