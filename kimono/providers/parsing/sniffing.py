"""Tell the type of a file from its content. Its name only decides between kinds of text that look alike."""

import io
import re
import struct
import zipfile
from pathlib import Path

from kimono.providers.parsing.encodings import decode, looks_binary
from kimono.providers.parsing.kinds import ENDINGS, Kind, Unsupported, ending

HEAD_BYTES = 64 * 1024
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_FOREIGN = (
    (b"MZ", "a Windows program"),
    (b"\x7fELF", "a program"),
    (b"\xca\xfe\xba\xbe", "a program"),
    (b"\xcf\xfa\xed\xfe", "a program"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!", "a rar archive"),
    (b"GIF8", "a GIF image"),
    (b"BM", "a BMP image"),
    (b"II*\x00", "a TIFF image"),
    (b"MM\x00*", "a TIFF image"),
    (b"OggS", "an audio or video file"),
    (b"ID3", "an audio file"),
    (b"fLaC", "an audio file"),
    (b"\x1aE\xdf\xa3", "a video file"),
    (b"SQLite format 3", "a database"),
    (b"#!", "a script"),
    (b"<?php", "a script"),
    (b"%!PS", "a PostScript file"),
)
_HTML = re.compile(r"<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
_HTML_TAG = re.compile(
    r"<(?:p|div|span|table|h[1-6]|ul|ol|a|br|meta|title|article|section)\b[^>]*>", re.IGNORECASE
)
_XML = re.compile(r"<(?:\?xml|svg|rss|feed|!DOCTYPE)\b", re.IGNORECASE)
_COMMENT = re.compile(r"(?:\s|<!--.*?-->|<\?xml[^>]*\?>)*", re.DOTALL)
_MAIL_HEADER = re.compile(r"^([A-Za-z][A-Za-z0-9-]{1,40}):\s?.*(?:\n[ \t].*)*\n?", re.MULTILINE)
_MAIL_NAMES = frozenset(
    {"from", "received", "return-path", "mime-version", "message-id", "date", "subject", "to", "delivered-to"}
)
_MAIN_PARTS = {
    b"wordprocessingml.document.main+xml": Kind.DOCX,
    b"spreadsheetml.sheet.main+xml": Kind.XLSX,
    b"presentationml.presentation.main+xml": Kind.PPTX,
}
_OPEN_MIMES = {b"application/epub+zip": Kind.EPUB, b"application/vnd.oasis.opendocument.text": Kind.ODT}
_MACRO = "it holds macros; save it without them"


def sniff_file(path: Path, name: str = "") -> Kind | Unsupported:
    """Return the kind of the file at `path`; reads its beginning and, for container formats, its directory."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        if head.startswith((*_ZIP, _OLE)):
            head += file.read()
    return sniff(head, name or path.name)


def sniff(head: bytes, name: str) -> Kind | Unsupported:
    """Return the kind that `head` is the beginning of, or what it is instead.

    For zip- and OLE-based formats `head` should be the whole file: their directory is at the end or in the middle.
    `name` may be as sent; only its ending is looked at.
    """
    if head.startswith(_ZIP):
        return _zip(head)
    if head.startswith(_OLE):
        return _ole(head, name)
    if head.lstrip(b"\xef\xbb\xbf \t\r\n\x00").startswith(b"%PDF-"):
        return Kind.PDF
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return Kind.PNG
    if head.startswith(b"\xff\xd8\xff"):
        return Kind.JPG
    if head.startswith(b"RIFF"):
        return Kind.WEBP if head[8:12] == b"WEBP" else Unsupported("an audio or video file")
    if head.startswith(b"{\\rtf"):
        return Kind.RTF
    for magic, found in _FOREIGN:
        if head.startswith(magic) and (len(magic) > 2 or magic == b"#!" or looks_binary(head)):
            return Unsupported(found)
    if head[4:8] == b"ftyp":
        return Unsupported("an audio or video file")
    if looks_binary(head):
        return Unsupported("a binary file of an unknown type")
    return _text(decode(head, partial=True), name)


def _text(text: str, name: str) -> Kind | Unsupported:
    hint = ENDINGS.get(ending(name))
    start = text[_COMMENT.match(text).end() :][:512] if _COMMENT.match(text) else text[:512]  # type: ignore[union-attr]
    if _HTML.match(start) or (hint is Kind.HTML and _HTML_TAG.search(text[:4096])):
        return Kind.HTML
    if _XML.match(text.lstrip()[:64]):
        return Unsupported("an SVG image" if "<svg" in text[:1024].lower() else "an XML file")
    if _is_mail(text, hint):
        return Kind.EML
    if hint in (Kind.JSON, Kind.JSONL):
        return hint if text.lstrip()[:1] in ("{", "[") else Kind.TEXT
    if hint in (Kind.CSV, Kind.MARKDOWN, Kind.TEXT):
        return hint
    return Kind.TEXT


def _is_mail(text: str, hint: Kind | None) -> bool:
    """Tell whether the text begins with the headers of a mail; without the ending `.eml` strong ones are needed."""
    block = re.split(r"\r?\n\r?\n", text.lstrip(), maxsplit=1)[0].replace("\r\n", "\n")
    names: set[str] = set()
    position = 0
    while header := _MAIL_HEADER.match(block, position):
        names.add(header.group(1).lower())
        position = header.end()
    if position < len(block):
        return False
    known = names & _MAIL_NAMES
    return (
        len(known) >= 2
        if hint is Kind.EML
        else len(known) >= 3 and bool(known & {"message-id", "mime-version", "received"})
    )


def _zip(data: bytes) -> Kind | Unsupported:
    """Return the kind of a zip-based file by its declared main part; macros make it unsupported whatever its name."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
            types = _member(archive, "[Content_Types].xml")
            mime = _member(archive, "mimetype").strip()
    except (zipfile.BadZipFile, NotImplementedError, OSError, EOFError, RuntimeError, ValueError):
        return Unsupported("a damaged or incomplete zip file")
    if any(name.lower().endswith("vbaproject.bin") for name in names) or b"macroEnabled" in types:
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


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    """Return at most 1 MiB of a member, empty when it is not there; a bomb in its place costs no more than that."""
    try:
        with archive.open(name) as file:
            return file.read(1024 * 1024)
    except KeyError:
        return b""


def _ole(data: bytes, name: str) -> Kind | Unsupported:
    """Return the kind of an OLE file by its streams; an encrypted Office file counts as what its name says."""
    streams = _ole_streams(data)
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
    """Return the names in the directory of an OLE file ([MS-CFB] 2.6); what can be read of it when it is damaged."""
    names: set[str] = set()
    try:
        size = 1 << struct.unpack_from("<H", data, 0x1E)[0]
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
