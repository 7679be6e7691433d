"""What belongs to the cited passages of a message: images, tables, formulas and files, in reading order, with captions."""

import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from django.utils.translation import gettext as _

from conversations.services.exports.markup import tables_of
from conversations.services.exports.shapes import Medium, MediumKind, Paper
from kimono.lib.cleaning import clean
from kimono.lib.errors import Missing
from kimono.providers import drawing
from knowledge.services.attachments import reading as attachments

_NUMBERED = re.compile(r"(?:图表|图|表|Figure|Fig\.|Table)\s*\d+(?:[.\-－–]\d+)*", re.IGNORECASE)
_KINDS: dict[str, MediumKind] = {"image": "image", "table": "table", "formula": "formula"}
_LAST_PAGE = 10**9
MOST_PICTURES = 40


class Pictures(Protocol):
    """Where the bytes of an attachment of the knowledge come from."""

    def content(self, attachment_id: str) -> bytes | None:
        """Return an attachment's bytes as they were stored, or None when the caller is not to have them or they are gone."""


@dataclass(frozen=True, slots=True)
class StoredPictures:
    """The attachments of the knowledge; a contact gets those that contacts may see."""

    for_contact: bool

    def content(self, attachment_id: str) -> bytes | None:
        """Return an attachment's bytes, None when it is gone or not for this reader."""
        try:
            row = attachments.get(attachment_id=attachment_id)
            if self.for_contact and not attachments.is_open(row):
                return None
            return attachments.stored_file(row).content
        except Missing:
            return None


@dataclass(frozen=True, slots=True)
class _Found:
    """A medium on its way to its place: which document in order of citation, which page, which position."""

    place: tuple[int, int, int]
    medium: Medium


def of_message(
    citations: Sequence[Mapping[str, Any]], attached: Sequence[Mapping[str, Any]]
) -> tuple[Medium, ...]:
    """Return the media of a message as they stand in their documents: by document, page and position.

    Documents come in the order in which they are cited first. `attached` are those of api.md 4.3; a table that is in
    a quote counts too, unless an attachment of the same citation brings it.
    """
    documents = {
        key: place for place, key in reversed(list(enumerate(_document(each) for each in citations)))
    }
    by_number = {each.get("n"): each for each in citations}
    found: list[_Found] = []
    for position, attachment in enumerate(attached):
        citation = by_number.get(attachment.get("n"), {})
        page = _number(attachment.get("page")) or _number(citation.get("page"))
        place = (documents.get(_document(citation), len(documents)), page or _LAST_PAGE, position)
        found.append(_Found(place, _attached(attachment, citation, page)))
    brought = {each.get("n") for each in attached if each.get("kind") == "table"}
    for citation in citations:
        if citation.get("n") not in brought:
            page = _number(citation.get("page"))
            place = (documents[_document(citation)], page or _LAST_PAGE, len(attached))
            found.extend(_Found(place, medium) for medium in _quoted(citation, page))
    found.sort(key=lambda each: each.place)
    return tuple(each.medium for each in found)


def numbers_of(citation: Mapping[str, Any], attached: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return the figure and table numbers of what a citation cites, as its document writes them."""
    named = [
        clean(str(each["figure"]))
        for each in attached
        if each.get("n") == citation.get("n") and each.get("figure")
    ]
    _, tables = tables_of(str(citation.get("quote") or ""))
    quoted = [number for number in (_number_of_table(citation),) if tables and number]
    return tuple(dict.fromkeys([*named, *quoted]))


def _document(citation: Mapping[str, Any]) -> str:
    return str(citation.get("doc_id") or citation.get("qa_id") or citation.get("source") or "")


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def _number_of_table(citation: Mapping[str, Any]) -> str:
    around, _tables = tables_of(str(citation.get("quote") or ""))
    found = _NUMBERED.search(f"{around}\n{citation.get('section') or ''}")
    return found[0] if found else ""


def _attached(attachment: Mapping[str, Any], citation: Mapping[str, Any], page: int | None) -> Medium:
    kind = _KINDS.get(str(attachment.get("kind")), "file")
    figure, name = _text(attachment.get("figure")), _text(attachment.get("name"))
    return Medium(
        kind=kind,
        caption=_caption(kind, figure, name, _title(citation), page, citation.get("n")),
        figure=figure,
        markdown=clean(str(attachment.get("markdown") or "")) if kind == "table" else "",
        latex=clean(str(attachment.get("latex") or attachment.get("markdown") or ""))
        if kind == "formula"
        else "",
        attachment_id=str(attachment.get("id") or "") if kind == "image" else "",
    )


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


def illustrated(paper: Paper, pictures: Pictures) -> Paper:
    """Return a paper with its pictures drawn, `MOST_PICTURES` at most; the captions of others stand alone. Blocks."""
    wanted = [each.attachment_id for entry in paper.entries for each in entry.media if each.attachment_id]
    drawn = _drawn(list(dict.fromkeys(wanted))[:MOST_PICTURES], pictures)
    if not drawn:
        return paper
    entries = tuple(
        replace(
            entry,
            media=tuple(replace(each, picture=drawn.get(each.attachment_id)) for each in entry.media),
        )
        for entry in paper.entries
    )
    return replace(paper, entries=entries)


def _drawn(ids: Sequence[str], pictures: Pictures) -> dict[str, drawing.Printable]:
    with tempfile.TemporaryDirectory(prefix="kimono-pictures-") as folder:
        paths = {}
        for place, attachment_id in enumerate(ids):
            content = pictures.content(attachment_id)
            if content:
                path = Path(folder) / str(place)
                path.write_bytes(content)
                paths[path] = attachment_id
        drawn = drawing.draw_for_print(list(paths))
    return {paths[path]: picture for path, picture in drawn.items()}
