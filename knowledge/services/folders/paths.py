"""Paths that a merchant names under its folder on the server: none of them opens anything outside.

A path is judged by where it leads, and opened link by link from the folder itself, so that a symbolic link which is put
in its place between the two opens nothing.
"""

import contextlib
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from kimono.lib.db import current_tenant
from kimono.lib.errors import Invalid, Missing, TooLarge
from kimono.providers.parsing.kinds import ENDINGS, Kind, ending
from knowledge.services.documents import quotas

EXTENSIONS = frozenset({*ENDINGS, *(kind.value for kind in Kind), "jpeg"})
_DRIVE = re.compile(r"^[A-Za-z]:")
_PIECE = 1024 * 1024


class PathNotAllowed(Invalid):
    """The path leaves the merchant's folder, whether or not there is anything where it leads."""

    def __init__(self, name: str) -> None:
        super().__init__(
            "must stay inside the knowledge folder",
            loc=["body", name],
            type="path_not_allowed",
            code="path_not_allowed",
        )


@dataclass(frozen=True)
class Place:
    """A path under the merchant's folder: `source` as it is written, `parts` as it is, without symbolic links."""

    source: str
    parts: tuple[str, ...]


def root() -> Path:
    """Return the folder of the current tenant; it may not exist."""
    return Path(os.path.realpath(Path(settings.KNOWLEDGE_ROOT) / current_tenant().slug))


def place(path: str, *, field: str) -> Place:
    """Return where `path` leads. Raises `PathNotAllowed` when that is outside, and says nothing of what is there."""
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if path.startswith("/") or "\\" in path or "\0" in path or _DRIVE.match(path) or ".." in parts:
        raise PathNotAllowed(field)
    base = root()
    try:
        target = Path(os.path.realpath(base.joinpath(*parts)))
    except OSError:
        raise Missing from None
    if not target.is_relative_to(base):
        raise PathNotAllowed(field)
    return Place("/".join(parts), target.relative_to(base).parts)


def read(where: Place) -> bytes:
    """Return the bytes of the file at a place. Raises `Missing` when there is no regular file, `TooLarge`."""
    most = quotas.most("UPLOAD_BYTES")
    with _opened(where.parts, os.O_RDONLY | os.O_NONBLOCK) as handle:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise Missing
        content = bytearray()
        while piece := os.read(handle, _PIECE):
            content += piece
            if len(content) > most:
                raise TooLarge(max_bytes=most)
    return bytes(content)


def check_folder(where: Place) -> None:
    """Raise `Missing` unless there is a folder at a place."""
    with _opened(where.parts, os.O_RDONLY | os.O_DIRECTORY):
        pass


def files_in(where: Place) -> list[str]:
    """Return the paths of all files below a folder, as they are written from the merchant's folder, in order.

    Folders behind symbolic links are not entered; what is hidden, or a lock file of an office program, is left out.
    """
    base = root().joinpath(*where.parts)
    found = []
    for folder, folders, names in os.walk(base, followlinks=False):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        inside = os.path.relpath(folder, base)
        for name in sorted(names):
            if name.startswith((".", "~$")) or not _is_text(name):
                continue
            if _may_be_file(Path(folder) / name):
                found.append("/".join(part for part in (where.source, inside, name) if part not in ("", ".")))
    return found


def _may_be_file(path: Path) -> bool:
    """Tell whether a name is a file or a link, which is judged when it is read; a device or a pipe is neither."""
    try:
        mode = os.lstat(path).st_mode
    except OSError:
        return False
    return stat.S_ISREG(mode) or stat.S_ISLNK(mode)


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def has_extension(source: str, extensions: frozenset[str]) -> bool:
    """Tell whether a file's name ends as one of `extensions`."""
    return ending(source) in extensions


@contextlib.contextmanager
def _opened(parts: tuple[str, ...], flags: int) -> Iterator[int]:
    """Open what `parts` name, one after the other from the merchant's folder and through no symbolic link.

    Raises `Missing` when it is not there, or cannot be opened.
    """
    handles: list[int] = []
    try:
        try:
            handles.append(os.open(root(), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
            for index, part in enumerate(parts):
                here = flags if index == len(parts) - 1 else os.O_RDONLY | os.O_DIRECTORY
                handles.append(os.open(part, here | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=handles[-1]))
        except (OSError, ValueError):
            raise Missing from None
        yield handles[-1]
    finally:
        for handle in reversed(handles):
            os.close(handle)
