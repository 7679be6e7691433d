"""Which function parses which kind, imported only when such a file comes."""

from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from kimono.providers.parsing import programs
from kimono.providers.parsing.errors import UnsupportedType
from kimono.providers.parsing.kinds import Kind, Unsupported
from kimono.providers.parsing.shapes import Allowance, Draft, Limits, Progress


@dataclass(frozen=True, slots=True)
class Request:
    """A file to parse: `path` holds its bytes, `name` is what it was called. Images go to `media_dir`, if given.

    `ocr` is the time left for reading pictures; `depth` counts the files that this one lies in.
    """

    path: Path
    name: str
    kind: Kind
    limits: Limits
    progress: Progress
    media_dir: Path | None = None
    ocr: Allowance = field(default_factory=lambda: Allowance(Limits().ocr_seconds))
    depth: int = 0


class Parser(Protocol):
    """Fill `draft` from the file of `request`; raise a `ParseError` when nothing at all can be read."""

    def __call__(self, request: Request, draft: Draft) -> None:
        """Parse one file."""


_PARSERS: dict[Kind, str] = {
    Kind.MARKDOWN: "kimono.providers.parsing.markdown:parse",
    Kind.TEXT: "kimono.providers.parsing.plain:parse",
    Kind.HTML: "kimono.providers.parsing.html:parse",
    Kind.DOCX: "kimono.providers.parsing.docx:parse",
    Kind.XLSX: "kimono.providers.parsing.workbook:parse",
    Kind.CSV: "kimono.providers.parsing.delimited:parse",
    Kind.PDF: "kimono.providers.parsing.pdf:parse",
    Kind.PPTX: "kimono.providers.parsing.slides:parse",
    Kind.XLS: "kimono.providers.parsing.workbook:parse_legacy",
    Kind.RTF: "kimono.providers.parsing.rtf:parse",
    Kind.ODT: "kimono.providers.parsing.odt:parse",
    Kind.EPUB: "kimono.providers.parsing.epub:parse",
    Kind.EML: "kimono.providers.parsing.mail:parse",
    Kind.JSON: "kimono.providers.parsing.records:parse",
    Kind.JSONL: "kimono.providers.parsing.records:parse",
    Kind.DOC: "kimono.providers.parsing.legacy:parse",
    Kind.PNG: "kimono.providers.parsing.image:parse",
    Kind.JPG: "kimono.providers.parsing.image:parse",
    Kind.WEBP: "kimono.providers.parsing.image:parse",
}
_OCR = (
    ("tesseract",),
    "its text is read by OCR: install tesseract-ocr and tesseract-ocr-chi-sim on the server",
)
# Kinds that are read by a program of the system: one of these has to be there; the words are for who has none.
_PROGRAMS: dict[Kind, tuple[tuple[str, ...], str]] = {
    Kind.DOC: (
        ("soffice", "libreoffice", "antiword"),
        "it is read by LibreOffice or antiword: install one of them on the server, or save the file as docx",
    ),
    Kind.PNG: _OCR,
    Kind.JPG: _OCR,
    Kind.WEBP: _OCR,
}


def register(kind: Kind, target: str) -> None:
    """Let `target`, written `module:function`, parse `kind` from now on."""
    _PARSERS[kind] = target


def supported() -> tuple[str, ...]:
    """Return the endings of all kinds that can be parsed now, sorted; those whose program is missing are left out."""
    return tuple(sorted(kind.value for kind in _PARSERS if not _missing(kind)))


def require(kind: Kind | Unsupported) -> Kind:
    """Return `kind` when it can be parsed here; else raise `UnsupportedType` with words that say what to do."""
    if isinstance(kind, Unsupported):
        raise refusal(kind.found, kind.reason)
    if kind not in _PARSERS:
        raise refusal(f"a file of the type {kind.value}")
    if advice := _missing(kind):
        raise refusal(f"a file of the type {kind.value}", advice)
    return kind


def parser_for(kind: Kind | Unsupported) -> Parser:
    """Return the parser of `kind`; raises `UnsupportedType` as `require` does."""
    module, function = _PARSERS[require(kind)].split(":")
    return cast(Parser, getattr(import_module(module), function))


def _missing(kind: Kind) -> str:
    """Return what to install for a kind whose program is not there, empty when nothing is missing."""
    names, advice = _PROGRAMS.get(kind, ((), ""))
    return advice if names and programs.find(*names) is None else ""


def refusal(found: str, reason: str = "") -> UnsupportedType:
    """Return the refusal of content that was recognised as `found`."""
    endings = supported()
    message = f"This is {found}{'; ' + reason if reason else ''}. Supported types: {', '.join(endings)}."
    return UnsupportedType(message, supported=endings)
