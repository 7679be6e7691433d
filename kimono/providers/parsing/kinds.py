"""The types of file that are known, and which content and which ending belongs to each."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """A type of file; the value is its usual ending and `Document.file_type` on the wire."""

    PDF = "pdf"
    DOCX = "docx"
    DOC = "doc"
    PPTX = "pptx"
    XLSX = "xlsx"
    XLS = "xls"
    CSV = "csv"
    MARKDOWN = "md"
    TEXT = "txt"
    HTML = "html"
    RTF = "rtf"
    ODT = "odt"
    EPUB = "epub"
    EML = "eml"
    JSON = "json"
    JSONL = "jsonl"
    PNG = "png"
    JPG = "jpg"
    WEBP = "webp"

    @property
    def mime(self) -> str:
        """Return the media type to serve such a file with."""
        return _MIME[self]


@dataclass(frozen=True, slots=True)
class Unsupported:
    """Content that is none of the known kinds. `found` names it for a person, `reason` adds why where that helps."""

    found: str
    reason: str = ""


_OOXML = "application/vnd.openxmlformats-officedocument."
_MIME = {
    Kind.PDF: "application/pdf",
    Kind.DOCX: _OOXML + "wordprocessingml.document",
    Kind.DOC: "application/msword",
    Kind.PPTX: _OOXML + "presentationml.presentation",
    Kind.XLSX: _OOXML + "spreadsheetml.sheet",
    Kind.XLS: "application/vnd.ms-excel",
    Kind.CSV: "text/csv",
    Kind.MARKDOWN: "text/markdown",
    Kind.TEXT: "text/plain",
    Kind.HTML: "text/html",
    Kind.RTF: "application/rtf",
    Kind.ODT: "application/vnd.oasis.opendocument.text",
    Kind.EPUB: "application/epub+zip",
    Kind.EML: "message/rfc822",
    Kind.JSON: "application/json",
    Kind.JSONL: "application/jsonl",
    Kind.PNG: "image/png",
    Kind.JPG: "image/jpeg",
    Kind.WEBP: "image/webp",
}
# Endings that decide between kinds whose contents look alike.
ENDINGS = {
    "md": Kind.MARKDOWN,
    "markdown": Kind.MARKDOWN,
    "mdown": Kind.MARKDOWN,
    "txt": Kind.TEXT,
    "text": Kind.TEXT,
    "log": Kind.TEXT,
    "csv": Kind.CSV,
    "tsv": Kind.CSV,
    "html": Kind.HTML,
    "htm": Kind.HTML,
    "xhtml": Kind.HTML,
    "eml": Kind.EML,
    "json": Kind.JSON,
    "jsonl": Kind.JSONL,
    "ndjson": Kind.JSONL,
    "docx": Kind.DOCX,
    "xlsx": Kind.XLSX,
    "pptx": Kind.PPTX,
}


def ending(name: str) -> str:
    """Return the ending of a file name, lower-cased and without its dot; empty when there is none."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return last.rsplit(".", 1)[1].lower() if "." in last else ""
