"""What belongs to the cited passages of a message: images, tables, formulas and files, in reading order, with captions."""

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from django.utils.translation import gettext as _

from conversations.services.exports.markup import tables_of
from conversations.services.exports.shapes import Medium, MediumKind, Picture
from kimono.lib.cleaning import clean

_NUMBERED = re.compile(r"(?:图表|图|表|Figure|Fig\.|Table)\s*\d+(?:[.\-－–]\d+)*", re.IGNORECASE)
_KINDS: dict[str, MediumKind] = {"image": "image", "table": "table", "formula": "formula"}
_LAST_PAGE = 10**9
_MOST_PIXELS = 40_000_000
_WIDEST = 1600


class Pictures(Protocol):
    """Where the bytes of an attachment of the knowledge come from."""

    def content(self, attachment_id: str) -> bytes | None:
        """Return an attachment's bytes as they were stored, or None when the caller is not to have them or they are gone."""


class NoPictures:
    """Nothing is stored: captions stand alone."""

    def content(self, attachment_id: str) -> bytes | None:
        """Return None."""
        return None


@dataclass(frozen=True, slots=True)
class _Found:
    """A medium on its way to its place: which document in order of citation, which page, which position."""

    place: tuple[int, int, int]
    medium: Medium


def of_message(
    citations: Sequence[Mapping[str, Any]], attachments: Sequence[Mapping[str, Any]], pictures: Pictures
) -> tuple[Medium, ...]:
    """Return the media of a message as they stand in their documents: by document, page and position.

    Documents come in the order in which they are cited first. `attachments` are those of api.md 4.3; a table that is in
    a quote counts too, unless an attachment of the same citation brings it.
    """
    documents = {
        key: place for place, key in reversed(list(enumerate(_document(each) for each in citations)))
    }
    by_number = {each.get("n"): each for each in citations}
    found: list[_Found] = []
    for position, attachment in enumerate(attachments):
        citation = by_number.get(attachment.get("n"), {})
        page = _number(attachment.get("page")) or _number(citation.get("page"))
        place = (documents.get(_document(citation), len(documents)), page or _LAST_PAGE, position)
        found.append(_Found(place, _attached(attachment, citation, page, pictures)))
    brought = {each.get("n") for each in attachments if each.get("kind") == "table"}
    for citation in citations:
        if citation.get("n") not in brought:
            page = _number(citation.get("page"))
            place = (documents[_document(citation)], page or _LAST_PAGE, len(attachments))
            found.extend(_Found(place, medium) for medium in _quoted(citation, page))
    found.sort(key=lambda each: each.place)
    return tuple(each.medium for each in found)


def numbers_of(citation: Mapping[str, Any], attachments: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return the figure and table numbers of what a citation cites, as its document writes them."""
    attached = [
        clean(str(each["figure"]))
        for each in attachments
        if each.get("n") == citation.get("n") and each.get("figure")
    ]
    _, tables = tables_of(str(citation.get("quote") or ""))
    quoted = [number for number in (_number_of_table(citation),) if tables and number]
    return tuple(dict.fromkeys([*attached, *quoted]))


def _document(citation: Mapping[str, Any]) -> str:
    return str(citation.get("doc_id") or citation.get("qa_id") or citation.get("source") or "")


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def _number_of_table(citation: Mapping[str, Any]) -> str:
    around, _tables = tables_of(str(citation.get("quote") or ""))
    found = _NUMBERED.search(f"{around}\n{citation.get('section') or ''}")
    return found[0] if found else ""


def _attached(
    attachment: Mapping[str, Any], citation: Mapping[str, Any], page: int | None, pictures: Pictures
) -> Medium:
    kind = _KINDS.get(str(attachment.get("kind")), "file")
    figure, name = _text(attachment.get("figure")), _text(attachment.get("name"))
    medium = Medium(
        kind=kind,
        caption=_caption(kind, figure, name, _title(citation), page, citation.get("n")),
        figure=figure,
        markdown=clean(str(attachment.get("markdown") or "")) if kind == "table" else "",
        latex=clean(str(attachment.get("latex") or attachment.get("markdown") or ""))
        if kind == "formula"
        else "",
    )
    if kind != "image" or not attachment.get("id"):
        return medium
    content = pictures.content(str(attachment["id"]))
    return replace(medium, picture=as_picture(content) if content else None)


def _quoted(citation: Mapping[str, Any], page: int | None) -> Iterator[Medium]:
    _around, tables = tables_of(str(citation.get("quote") or ""))
    number = _number_of_table(citation)
    for table in tables:
        figure = number if len(tables) == 1 else ""
        caption = _caption("table", figure, "", _title(citation), page, citation.get("n"))
        yield Medium(kind="table", caption=caption, figure=figure, markdown=table)


def _caption(kind: MediumKind, figure: str, name: str, title: str, page: int | None, number: Any) -> str:
    kinds = {"image": _("Figure"), "table": _("Table"), "formula": _("Formula"), "file": _("File")}
    about = name.removeprefix(figure).strip() if figure else name
    parts = [figure or kinds[kind], about, title if title != about else ""]
    if page is not None:
        parts.append(_("page %(number)s") % {"number": page})
    mark = f" [{number}]" if isinstance(number, int) else ""
    return " – ".join(part for part in parts if part) + mark


def _title(citation: Mapping[str, Any]) -> str:
    return _text(citation.get("title") or citation.get("source"))


def _text(value: Any) -> str:
    return " ".join(clean(str(value or "")).split())


def as_picture(content: bytes) -> Picture | None:
    """Return an image as PNG or JPEG of at most 1600 pixels' width, None when it cannot be read or is huge.

    It is drawn anew, so that nothing that hides in a file comes along.
    """
    from PIL import Image

    try:
        with Image.open(io.BytesIO(content), formats=("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF")) as image:
            if image.width * image.height > _MOST_PIXELS:
                return None
            photo = image.format == "JPEG"
            drawn = image.convert("RGB" if photo else "RGBA")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    drawn.thumbnail((_WIDEST, _WIDEST * 2))
    target = io.BytesIO()
    drawn.save(target, "JPEG" if photo else "PNG", **({"quality": 88} if photo else {"optimize": True}))
    return Picture(
        content=target.getvalue(),
        mime="image/jpeg" if photo else "image/png",
        width=drawn.width,
        height=drawn.height,
    )
