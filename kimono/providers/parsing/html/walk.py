"""The walk through a page that turns its elements into blocks."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from xml.etree.ElementTree import ParseError

from bs4.element import NavigableString, PageElement, PreformattedString, Tag
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from kimono.providers.parsing import mathml
from kimono.providers.parsing.pictures import described, keep
from kimono.providers.parsing.registry import Request
from kimono.providers.parsing.shapes import Draft
from kimono.providers.parsing.tables import Grid, spread, to_markdown, trimmed

_BLOCK_NAMES = (
    "address article blockquote body center dd details div dl dt fieldset figcaption figure form header hgroup hr html"
    " legend main p section summary tbody td th thead tfoot tr ul ol li table pre h1 h2 h3 h4 h5 h6 caption"
)
_BLOCKS = frozenset(_BLOCK_NAMES.split())
_SPACE = re.compile(r"[ \t\r\n\f]+")


@dataclass(frozen=True, slots=True)
class Pictures:
    """Where the pictures of a page are: `find` returns the bytes behind an address, None for one that is not followed."""

    request: Request
    find: Callable[[str], bytes | None]


class Walk:
    """Walks through a tree once, gathering inline text until a block element ends it."""

    def __init__(self, draft: Draft, pictures: Pictures | None = None) -> None:
        self.draft, self.pictures = draft, pictures
        self.line: list[str] = []

    def run(self, root: Tag) -> None:
        """Add everything under `root`."""
        self._children(root)
        self._flush()

    def _children(self, parent: Tag) -> None:
        for child in parent.children:
            self._visit(child)

    def _visit(self, node: PageElement) -> None:
        if isinstance(node, NavigableString):
            if not isinstance(node, PreformattedString):
                self.line.append(_SPACE.sub(" ", str(node)))
        elif isinstance(node, Tag):
            self._element(node)

    def _element(self, tag: Tag) -> None:
        name = tag.name
        if name == "br":
            self.line.append("\n")
        elif name == "img":
            self._image(tag)
        elif name == "math":
            self._formula(tag)
        elif name not in _BLOCKS:
            self._children(tag)
        else:
            self._flush()
            self._block(tag, name)
            self._flush()

    def _block(self, tag: Tag, name: str) -> None:
        if name in ("h1", "h2", "h3", "h4", "h5", "h6"):
            self.draft.heading(_inline(tag), int(name[1]))
        elif name in ("ul", "ol"):
            self.draft.add("list", "\n".join(_items(tag, 0)))
        elif name == "pre":
            self.draft.add("code", tag.get_text())
        elif name == "table":
            self._table(tag)
        elif name == "figure" and tag.find("img") is not None:
            self._figure(tag)
        elif name == "dl":
            self.draft.add("text", "\n".join(_definitions(tag)))
        else:
            self._children(tag)

    def _table(self, tag: Tag) -> None:
        """Add a table of data as one block; a table that only lays out the page is read cell by cell."""
        caption = tag.find("caption", recursive=False)
        if isinstance(caption, Tag):
            self.draft.add("text", _inline(caption))
            caption.extract()
        grid = trimmed(_grid(tag))
        width = max((len(row) for row in grid), default=0)
        if (
            tag.find("table") is not None
            or width < 2
            or any(len(cell) > 2000 for row in grid for cell in row)
        ):
            self._children(tag)
            return
        self.draft.add("table", to_markdown(_paired_currency(grid)))

    def _figure(self, tag: Tag) -> None:
        """Add a figure: its caption describes its first picture."""
        caption = tag.find("figcaption")
        words = _inline(caption) if isinstance(caption, Tag) else ""
        if isinstance(caption, Tag):
            caption.extract()
        for image in tag.find_all("img"):
            alt = described(str(image.get("alt") or ""))
            self._image(image, words if not alt or alt in words else f"{words} {alt}".strip())
            image.extract()
            words = ""
        self._children(tag)

    def _image(self, tag: Tag, words: str = "") -> None:
        text = words or _SPACE.sub(" ", str(tag.get("alt") or tag.get("title") or "")).strip()
        address = str(tag.get("src") or tag.get("xlink:href") or "")
        data = self.pictures.find(address) if self.pictures else None
        if self.pictures and data:
            self._flush()
            name = "image" if address.startswith("data:") else address.rsplit("/", 1)[-1]
            keep(self.pictures.request, self.draft, name, BytesIO(data), text)
        elif len(text) > 3:
            self._flush()
            self.draft.add("image", text)

    def _formula(self, tag: Tag) -> None:
        latex = _latex(tag)
        if latex and tag.get("display") == "block":
            self._flush()
            self.draft.add("formula", latex)
        else:
            self.line.append(f"${latex}$" if latex else tag.get_text(" ", strip=True))

    def _flush(self) -> None:
        lines = (" ".join(line.split()) for line in "".join(self.line).split("\n"))
        self.line.clear()
        self.draft.add("text", "\n".join(line for line in lines if line))


def _latex(tag: Tag) -> str:
    """Return the LaTeX of a formula: as its author wrote it where that is kept, else made from the MathML."""
    source = tag.find("annotation", attrs={"encoding": re.compile("tex", re.IGNORECASE)})
    written = source.get_text(strip=True) if isinstance(source, Tag) else str(tag.get("alttext") or "")
    if written:
        return written
    try:
        return mathml.to_latex(fromstring(str(tag), forbid_dtd=True))
    except (ParseError, DefusedXmlException):
        return ""


def _inline(tag: Tag) -> str:
    for formula in tag.find_all("math"):
        if latex := _latex(formula):
            formula.replace_with(f"${latex}$")
    return " ".join(tag.get_text(" " if tag.find(_BLOCKS) else "").split())


def _items(tag: Tag, depth: int) -> Iterator[str]:
    """Yield the lines of a list, nested lists indented by two spaces a level."""
    for number, item in enumerate(tag.find_all("li", recursive=False), start=1):
        nested = [child.extract() for child in item.find_all(["ul", "ol"]) if child.find_parent("li") is item]
        text = _inline(item)
        if text:
            yield "  " * depth + (f"{number}. " if tag.name == "ol" else "- ") + text
        for child in nested:
            yield from _items(child, depth + 1)


def _definitions(tag: Tag) -> Iterator[str]:
    term = ""
    for part in tag.find_all(["dt", "dd"]):
        text = _inline(part)
        if part.name == "dt":
            if term:
                yield term
            term = text
        elif text:
            yield f"{term}: {text}" if term else text
            term = ""
    if term:
        yield term


def _grid(table: Tag) -> Grid:
    rows = [row for row in table.find_all("tr") if row.find_parent("table") is table]
    return spread(
        [
            [
                (_inline(cell), _span(cell, "colspan"), _span(cell, "rowspan"))
                for cell in row.find_all(["td", "th"], recursive=False)
            ]
            for row in rows
        ]
    )


def _paired_currency(grid: Grid) -> Grid:
    """Return the grid with a column that holds only `$`, `)` or `%` signs joined to the numbers it belongs to."""
    columns = list(zip(*grid, strict=True))
    joined: list[list[str]] = []
    prefix: list[str] | None = None
    for column in columns:
        body = {cell for cell in column if cell}
        if body and body <= {"$", "€", "£", "¥", "￥"}:
            prefix = list(column)
        elif body and body <= {")", "%", ")%", "%)"} and joined:
            joined[-1] = [left + right for left, right in zip(joined[-1], column, strict=True)]
        else:
            before = prefix or [""] * len(column)
            joined.append(
                [left + right if right else left for left, right in zip(before, column, strict=True)]
            )
            prefix = None
    return [list(row) for row in zip(*joined, strict=True)]


def _span(cell: Tag, name: str) -> int:
    value = str(cell.get(name) or "1")
    return min(1000, max(1, int(value))) if value.isdigit() else 1
