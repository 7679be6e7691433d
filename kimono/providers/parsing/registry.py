"""Which function parses which kind, imported only when such a file comes."""

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from kimono.providers.parsing.errors import UnsupportedType
from kimono.providers.parsing.kinds import Kind, Unsupported
from kimono.providers.parsing.shapes import Draft, Limits, Progress


@dataclass(frozen=True, slots=True)
class Request:
    """A file to parse: `path` holds its bytes, `name` is what it was called. Images go to `media_dir`, if given."""

    path: Path
    name: str
    kind: Kind
    limits: Limits
    progress: Progress
    media_dir: Path | None = None


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
}


def register(kind: Kind, target: str) -> None:
    """Let `target`, written `module:function`, parse `kind` from now on."""
    _PARSERS[kind] = target


def supported() -> tuple[str, ...]:
    """Return the endings of all kinds that can be parsed now, sorted."""
    return tuple(sorted(kind.value for kind in _PARSERS))


def parser_for(kind: Kind | Unsupported) -> Parser:
    """Return the parser of `kind`; raises `UnsupportedType` with words for a person when there is none."""
    if isinstance(kind, Unsupported):
        raise refusal(kind.found, kind.reason)
    target = _PARSERS.get(kind)
    if target is None:
        raise refusal(f"a file of the type {kind.value}")
    module, function = target.split(":")
    return cast(Parser, getattr(import_module(module), function))


def refusal(found: str, reason: str = "") -> UnsupportedType:
    """Return the refusal of content that was recognised as `found`."""
    endings = supported()
    message = f"This is {found}{'; ' + reason if reason else ''}. Supported types: {', '.join(endings)}."
    return UnsupportedType(message, supported=endings)
