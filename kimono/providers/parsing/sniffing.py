"""Tell the type of a file from its content. Its name only decides between kinds of text that look alike."""

import json
import re
from pathlib import Path

from kimono.providers.parsing.containers import OLE, ZIP, ends_as_zip, ole_kind, zip_kind
from kimono.providers.parsing.encodings import decode, looks_binary
from kimono.providers.parsing.kinds import ENDINGS, Kind, Unsupported, ending

HEAD_BYTES = 64 * 1024
TAIL_BYTES = 128 * 1024
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
_JSON = re.compile(r"\s*(?:\{\s*\"|\[\s*[\[{])")
_MAIL_HEADER = re.compile(r"^([A-Za-z][A-Za-z0-9-]{1,40}):\s?.*(?:\n[ \t].*)*\n?", re.MULTILINE)
_MAIL_NAMES = frozenset(
    {"from", "received", "return-path", "mime-version", "message-id", "date", "subject", "to", "delivered-to"}
)


def sniff_file(path: Path, name: str = "") -> Kind | Unsupported:
    """Return the kind of the file at `path`; reads its beginning and end and, for container formats, all of it."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        if head.startswith((*ZIP, OLE)):
            return sniff(head + file.read(), name or path.name)
        if len(head) < HEAD_BYTES:
            return sniff(head, name or path.name)
        file.seek(0, 2)
        file.seek(max(len(head), file.tell() - TAIL_BYTES))
        return sniff(head, name or path.name, tail=file.read())


def sniff(head: bytes, name: str, *, tail: bytes = b"") -> Kind | Unsupported:
    """Return the kind that `head` is the beginning of, or what it is instead.

    For zip- and OLE-based formats `head` should be the whole file: their directory is at the end or in the middle. `tail`
    is the end of the file where `head` does not reach it. `name` may be as sent; only its ending is looked at.
    """
    if head.startswith(ZIP):
        return zip_kind(head)
    if head.startswith(OLE):
        return ole_kind(head, name)
    found = _plain(head, name)
    if isinstance(found, Kind) and ends_as_zip((head[-TAIL_BYTES:] + tail)[-TAIL_BYTES:]):
        return Unsupported(f"a file that is a {found.value} and a zip archive at once")
    return found


def _plain(head: bytes, name: str) -> Kind | Unsupported:
    """Return the kind of a file that is no container."""
    start = head[: 2 * HEAD_BYTES]
    if start.lstrip(b"\xef\xbb\xbf \t\r\n\x00").startswith(b"%PDF-"):
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
        if head.startswith(magic) and (len(magic) > 2 or magic == b"#!" or looks_binary(start)):
            return Unsupported(found)
    if head[4:8] == b"ftyp":
        return Unsupported("an audio or video file")
    if looks_binary(start):
        return Unsupported("a binary file of an unknown type")
    return _text(decode(start, partial=len(head) >= HEAD_BYTES), name)


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
    if hint in (Kind.CSV, Kind.MARKDOWN):
        return hint
    return _json(text) or Kind.TEXT


def _json(text: str) -> Kind | None:
    """Return the kind of JSON that a text without a telling name is; only what is certain counts."""
    if not _JSON.match(text):
        return None
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) > 1 and _is_json(lines[0]) and _is_json(lines[1]):
        return Kind.JSONL
    return Kind.JSON if _is_json(text) else None


def _is_json(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict | list)
    except (ValueError, RecursionError):
        return False


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
