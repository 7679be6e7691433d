"""Checks of zip-based files before any parser opens them."""

import stat
import struct
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import IO

from kimono.providers.parsing.containers import DIRECTORY_BYTES, TAIL_BYTES, directory_bytes
from kimono.providers.parsing.errors import ArchiveBomb, UnreadableFile
from kimono.providers.parsing.shapes import Limits

_ARCHIVE_HEADS = (b"PK\x03\x04", b"PK\x05\x06", b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b\x08", b"BZh9", b"\xfd7zX")
_ARCHIVE_ENDINGS = (".zip", ".rar", ".7z", ".gz", ".tgz", ".bz2", ".xz", ".jar", ".tar")
# A chart carries the workbook of its numbers, always in this folder. It is never opened here.
_EMBEDDED = frozenset({".xlsx", ".docx", ".pptx", ".xlsm", ".xlsb"})
_SMALL = 1024 * 1024
_MAX_MEMBERS = 20_000
_PIECE = 256 * 1024
_MARKUP = (".xml", ".rels", ".vml", ".opf", ".xhtml", ".html", ".htm", ".ncx", ".svg")
_OVERLAP = 32


def check_archive(path: Path, limits: Limits) -> None:
    """Refuse the zip-based file at `path` when opening it would be a danger.

    Declared sizes are checked first; then every member is unpacked in small pieces and counted, because declared sizes
    can lie. Members under 1 MiB are not judged by their ratio. Raises `ArchiveBomb`, or `UnreadableFile` for damage.
    """
    try:
        _check_directory(path)
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            _check_declared(members, limits)
            packed = path.stat().st_size
            unpacked = 0
            for member in members:
                with archive.open(member) as file:
                    unpacked += _count(file, member, limits.max_unpacked_bytes - unpacked, limits.max_ratio)
                if unpacked > _SMALL and unpacked > packed * limits.max_ratio:
                    raise ArchiveBomb(f"the file unpacks to more than {limits.max_ratio} times its size")
    except (
        zipfile.BadZipFile,
        zlib.error,
        struct.error,
        EOFError,
        NotImplementedError,
        OSError,
        ValueError,
    ) as error:
        raise UnreadableFile(f"the file is damaged or incomplete ({type(error).__name__})") from error
    except RuntimeError as error:
        raise UnreadableFile("the file is protected by a password; save it without one") from error


def _check_directory(path: Path) -> None:
    """Refuse a directory that would fill the memory by itself, before it is read."""
    with path.open("rb") as file:
        file.seek(0, 2)
        file.seek(max(0, file.tell() - TAIL_BYTES))
        size = directory_bytes(file.read())
    if size > DIRECTORY_BYTES:
        raise ArchiveBomb(f"the file has more than {_MAX_MEMBERS} members")


def _check_declared(members: list[zipfile.ZipInfo], limits: Limits) -> None:
    if len(members) > _MAX_MEMBERS:
        raise ArchiveBomb(f"the file has more than {_MAX_MEMBERS} members")
    if sum(member.file_size for member in members) > limits.max_unpacked_bytes:
        raise ArchiveBomb(f"the file unpacks to more than {limits.max_unpacked_bytes // (1024 * 1024)} MiB")
    for member in members:
        name = member.filename.replace("\\", "/")
        if name.startswith("/") or ".." in name.split("/") or name[1:2] == ":":
            raise ArchiveBomb("the file has a member with an absolute name or one that leads outside")
        if stat.S_ISLNK(member.external_attr >> 16):
            raise ArchiveBomb("the file has a member that is a symbolic link")
        if name.lower().endswith(_ARCHIVE_ENDINGS):
            raise ArchiveBomb("the file holds another archive")
        if member.file_size > _SMALL and member.file_size > max(1, member.compress_size) * limits.max_ratio:
            raise ArchiveBomb(f"the file unpacks to more than {limits.max_ratio} times its size")


def _count(file: IO[bytes], member: zipfile.ZipInfo, left: int, ratio: int) -> int:
    """Return the true size of a member, reading it piece by piece; raises as soon as it is too large."""
    size = 0
    before = b""
    is_markup = member.filename.lower().endswith(_MARKUP)
    while piece := file.read(_PIECE):
        if not size and piece.startswith(_ARCHIVE_HEADS) and not _is_embedded(member.filename):
            raise ArchiveBomb("the file holds another archive")
        if is_markup and _declares_entities(before + piece):
            raise ArchiveBomb("the file declares entities, which multiply or lead outside")
        before = piece[-_OVERLAP:]
        size += len(piece)
        if size > left:
            raise ArchiveBomb("the file unpacks to more than it may")
        if size > _SMALL and size > max(1, member.compress_size) * ratio:
            raise ArchiveBomb(f"the file unpacks to more than {ratio} times its size")
    return size


def _declares_entities(data: bytes) -> bool:
    """Tell whether markup, also in UTF-16, declares an entity of its own; documents of these formats have no need to."""
    return b"<!ENTITY" in data or b"<\0!\0E\0N\0T\0I\0T\0Y" in data or b"\0<\0!\0E\0N\0T\0I\0T\0Y" in data


def _is_embedded(name: str) -> bool:
    path = PurePosixPath(name)
    return path.parent.name == "embeddings" and path.suffix.lower() in _EMBEDDED
