"""Tell the kinds of zip- and OLE-based files by what is inside, without unpacking more than a little of it."""

import io
import struct
import zipfile
import zlib

from kimono.providers.parsing.kinds import ENDINGS, Kind, Unsupported, ending

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_MAIN_PARTS = {
    b"wordprocessingml.document.main+xml": Kind.DOCX,
    b"spreadsheetml.sheet.main+xml": Kind.XLSX,
    b"presentationml.presentation.main+xml": Kind.PPTX,
}
_OPEN_MIMES = {b"application/epub+zip": Kind.EPUB, b"application/vnd.oasis.opendocument.text": Kind.ODT}
_MACRO = "it holds macros; save it without them"
# Folders in which OpenDocument and Office files keep programs.
_MACRO_MEMBERS = ("vbaproject.bin", "vbadata.xml")
_MACRO_FOLDERS = ("basic/", "scripts/", "xl/macrosheets/")
_MACRO_STREAMS = frozenset({"_VBA_PROJECT_CUR", "_VBA_PROJECT", "Macros", "VBA"})
# The directory of a zip file is read as a whole, and each of its entries takes ten times its size in memory.
DIRECTORY_BYTES = 2 * 1024 * 1024
_END_RECORD = struct.Struct("<4s4H2LH")
_END_MARK = b"PK\x05\x06"
TAIL_BYTES = _END_RECORD.size + 0xFFFF
# What the zip file of somebody who damaged it on purpose makes its reader raise.
_DAMAGE = (
    zipfile.BadZipFile, zlib.error, struct.error, NotImplementedError, OSError, EOFError, RuntimeError, ValueError,
)  # fmt: skip


def zip_kind(data: bytes) -> Kind | Unsupported:
    """Return the kind of a zip-based file by its declared main part; macros make it unsupported whatever its name."""
    if b"%PDF-" in data[:1024]:
        return Unsupported("a file that is a zip archive and a PDF at once")
    if directory_bytes(data[-TAIL_BYTES:]) > DIRECTORY_BYTES:
        return Unsupported("a zip archive with too many members")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = [name.lower() for name in archive.namelist()]
            types = _member(archive, "[Content_Types].xml")
            mime = _member(archive, "mimetype").strip()
    except _DAMAGE:
        return Unsupported("a damaged or incomplete zip file")
    if b"macroEnabled" in types or any(
        name.endswith(_MACRO_MEMBERS) or name.startswith(_MACRO_FOLDERS) for name in names
    ):
        return Unsupported("an Office file with macros", _MACRO)
    for part, kind in _MAIN_PARTS.items():
        if part in types:
            return kind
    if b"template.main+xml" in types or b"slideshow.main+xml" in types:
        return Unsupported("an Office template or slide show", "save it as a normal document")
    if mime in _OPEN_MIMES:
        return _OPEN_MIMES[mime]
    if types:
        return Unsupported("an Office file of another type")
    return Unsupported("a zip archive")


def directory_bytes(tail: bytes) -> int:
    """Return the declared size of a zip file's directory, from the last 64 KiB of the file; 0 when there is none.

    A file that says its size does not fit into the old record (zip64) counts as one with too large a directory.
    """
    position = tail.rfind(_END_MARK)
    if position < 0 or len(tail) - position < _END_RECORD.size:
        return 0
    return int(_END_RECORD.unpack_from(tail, position)[5])


def ends_as_zip(tail: bytes) -> bool:
    """Tell whether a file, given its end, is a zip archive too: behind the record of a directory nothing follows."""
    position = tail.rfind(_END_MARK)
    if position < 0 or len(tail) - position < _END_RECORD.size:
        return False
    fields = _END_RECORD.unpack_from(tail, position)
    return bool(fields[4]) and position + _END_RECORD.size + int(fields[7]) == len(tail.rstrip(b"\r\n"))


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    """Return at most 1 MiB of a member, empty when it is not there; a bomb in its place costs no more than that."""
    try:
        with archive.open(name) as file:
            return file.read(1024 * 1024)
    except KeyError:
        return b""


def ole_kind(data: bytes, name: str) -> Kind | Unsupported:
    """Return the kind of an OLE file by its streams; an encrypted Office file counts as what its name says."""
    streams = _ole_streams(data)
    if not _MACRO_STREAMS.isdisjoint(streams):
        return Unsupported("an Office file with macros", _MACRO)
    if "EncryptedPackage" in streams:
        hint = ENDINGS.get(ending(name))
        return hint if hint in (Kind.DOCX, Kind.XLSX, Kind.PPTX) else Kind.DOCX
    if "WordDocument" in streams:
        return Kind.DOC
    if "Workbook" in streams or "Book" in streams:
        return Kind.XLS
    if "PowerPoint Document" in streams:
        return Unsupported("a PowerPoint file of the old format", "save it as pptx")
    return Unsupported("an old Office file")


def _ole_streams(data: bytes) -> set[str]:
    """Return the names in the directory of an OLE file ([MS-CFB] 2.2 and 2.6); what can be read of it when it is damaged."""
    names: set[str] = set()
    try:
        shift = struct.unpack_from("<H", data, 0x1E)[0]
        if shift not in (9, 12):
            return names
        size = 1 << shift
        sector = struct.unpack_from("<I", data, 0x30)[0]
        table = [
            entry
            for fat in struct.unpack_from("<109I", data, 0x4C)
            if fat < 0xFFFFFFFA
            for entry in struct.unpack_from(f"<{size // 4}I", data, (fat + 1) * size)
        ]
        seen: set[int] = set()
        while sector < 0xFFFFFFFA and sector not in seen and len(seen) < 4096:
            seen.add(sector)
            for offset in range((sector + 1) * size, (sector + 2) * size, 128):
                length = struct.unpack_from("<H", data, offset + 64)[0]
                names.add(data[offset : offset + max(0, min(length, 64) - 2)].decode("utf-16-le", "replace"))
            sector = table[sector]
    except (struct.error, IndexError, OverflowError):
        return names
    return names
