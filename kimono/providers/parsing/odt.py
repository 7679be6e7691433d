"""OpenDocument texts."""

import posixpath
from collections.abc import Iterator
from pathlib import PurePosixPath
from xml.etree.ElementTree import Element
from zipfile import ZipFile

from defusedxml.ElementTree import fromstring

from kimono.providers.parsing import mathml
from kimono.providers.parsing.errors import UnreadableFile
from kimono.providers.parsing.pictures import keep
from kimono.providers.parsing.registry import Request
from kimono.providers.parsing.shapes import Draft
from kimono.providers.parsing.tables import spread, to_markdown, trimmed

_NS = "urn:oasis:names:tc:opendocument:xmlns:"
_OFFICE, _TEXT, _TABLE = f"{{{_NS}office:1.0}}", f"{{{_NS}text:1.0}}", f"{{{_NS}table:1.0}}"
_DRAW, _STYLE = f"{{{_NS}drawing:1.0}}", f"{{{_NS}style:1.0}}"
_SVG, _FO = f"{{{_NS}svg-compatible:1.0}}", f"{{{_NS}xsl-fo-compatible:1.0}}"
_MANIFEST = f"{{{_NS}manifest:1.0}}"
_XLINK = "{http://www.w3.org/1999/xlink}href"
_DC_TITLE = "{http://purl.org/dc/elements/1.1/}title"
_MATH = "{http://www.w3.org/1998/Math/MathML}math"
# Deleted text, generated indexes, remarks of an editor, forms: none of it is the text of the document.
_LEFT_OUT = frozenset(
    {
        f"{_TEXT}tracked-changes",
        f"{_TEXT}table-of-content",
        f"{_TEXT}alphabetical-index",
        f"{_TEXT}illustration-index",
        f"{_TEXT}hidden-text",
        f"{_TEXT}hidden-paragraph",
        f"{_TEXT}ruby-text",
        f"{_OFFICE}annotation",
        f"{_OFFICE}forms",
    }
)
# An empty rest of a row or a table is written as one cell or row that is repeated up to the edge of the sheet.
_MOST_REPEATS = 1000


def parse(request: Request, draft: Draft) -> None:
    """Add the document's headings, paragraphs, lists, tables, formulas and images; hidden text stays out."""
    with ZipFile(request.path) as archive:
        _refuse_encrypted(archive)
        content = fromstring(archive.read("content.xml"), forbid_dtd=True)
        draft.title = _title(archive)
        body = content.find(f"{_OFFICE}body/{_OFFICE}text")
        if body is not None:
            reader = _Reader(request, draft, archive, _hidden_styles(content))
            reader.blocks(body)
            reader.notes()
    request.progress(1, 1)


def _refuse_encrypted(archive: ZipFile) -> None:
    if "META-INF/manifest.xml" not in archive.NameToInfo:
        return
    manifest = fromstring(archive.read("META-INF/manifest.xml"))
    if next(manifest.iter(f"{_MANIFEST}encryption-data"), None) is not None:
        raise UnreadableFile("the file is protected by a password; save it without one")


def _title(archive: ZipFile) -> str:
    if "meta.xml" not in archive.NameToInfo:
        return ""
    found = next(fromstring(archive.read("meta.xml"), forbid_dtd=True).iter(_DC_TITLE), None)
    return (found.text or "").strip() if found is not None else ""


def _hidden_styles(content: Element) -> frozenset[str]:
    """Return the names of styles whose text is not displayed, or is white on no ground."""
    names = set()
    for style in content.iter(f"{_STYLE}style"):
        looks = style.find(f"{_STYLE}text-properties")
        if looks is None:
            continue
        ground = looks.get(f"{_FO}background-color", "transparent")
        white = looks.get(f"{_FO}color", "").lower() == "#ffffff" and ground in ("transparent", "#ffffff")
        if looks.get(f"{_TEXT}display") == "none" or white:
            names.add(style.get(f"{_STYLE}name", ""))
    return frozenset(names)


class _Reader:
    """Walks through the body once; pictures, boxes and notes met in a paragraph follow it."""

    def __init__(self, request: Request, draft: Draft, archive: ZipFile, hidden: frozenset[str]) -> None:
        self.request, self.draft, self.archive, self.hidden = request, draft, archive, hidden
        self.frames: list[Element] = []
        self.remarks: list[Element] = []
        self.cells = 0

    def blocks(self, parent: Element) -> None:
        """Add what stands under `parent`."""
        for child in parent:
            if child.tag == f"{_TEXT}h":
                level = child.get(f"{_TEXT}outline-level", "1")
                self.draft.heading(self.text(child), min(6, int(level) if level.isdigit() else 1))
            elif child.tag == f"{_TEXT}p":
                self._paragraph(child)
            elif child.tag == f"{_TEXT}list":
                self.draft.add("list", "\n".join(self._items(child, 0)))
            elif child.tag == f"{_TABLE}table":
                self._table(child)
            elif child.tag == f"{_DRAW}frame":
                self.frames.append(child)
            elif child.tag not in _LEFT_OUT and child.get(f"{_TEXT}display") not in ("none", "true"):
                self.blocks(child)
            self._attached()

    def notes(self) -> None:
        """Add footnotes and endnotes after the body."""
        remarks, self.remarks = self.remarks, []
        for note in remarks:
            self.draft.add("text", " ".join(self.text(part) for part in note.iter(f"{_TEXT}p")))

    def text(self, element: Element) -> str:
        """Return the text under `element` on lines of their own where it breaks them."""
        lines = "".join(self._parts(element)).split("\n")
        return "\n".join(line for line in (" ".join(line.split()) for line in lines) if line)

    def _parts(self, element: Element) -> Iterator[str]:
        if element.get(f"{_TEXT}style-name") in self.hidden:
            return
        yield element.text or ""
        for child in element:
            if child.tag in (f"{_TEXT}s", f"{_TEXT}tab"):
                yield " "
            elif child.tag == f"{_TEXT}line-break":
                yield "\n"
            elif child.tag == f"{_TEXT}note":
                self.remarks.extend(child.iter(f"{_TEXT}note-body"))
            elif child.tag == f"{_DRAW}frame":
                formula = self._formula(child)
                if formula:
                    yield f"${formula}$"
                else:
                    self.frames.append(child)
            elif child.tag not in _LEFT_OUT:
                yield from self._parts(child)
            yield child.tail or ""

    def _paragraph(self, element: Element) -> None:
        text = self.text(element)
        if text.startswith("$") and text.endswith("$") and text.count("$") == 2:
            self.draft.add("formula", text[1:-1])
        else:
            self.draft.add("text", text)

    def _items(self, parent: Element, depth: int) -> Iterator[str]:
        for item in parent:
            if item.tag not in (f"{_TEXT}list-item", f"{_TEXT}list-header"):
                continue
            sign = "- "
            for child in item:
                if child.tag == f"{_TEXT}list":
                    yield from self._items(child, depth + 1)
                elif text := self.text(child):
                    yield "  " * depth + sign + text.replace("\n", " ")
                    sign = "  "

    def _table(self, element: Element) -> None:
        """Add a table; one that only frames its content is read like body text."""
        rows = []
        for row in _rows(element):
            rows.append(list(self._cells(row)))
            self.cells += len(rows[-1])
            if self.cells > self.request.limits.max_cells:
                raise UnreadableFile(
                    f"the tables have more than {self.request.limits.max_cells} cells", row=len(rows)
                )
        grid = trimmed(spread(rows))
        if grid and len(grid[0]) > 1:
            self.draft.add("table", to_markdown(grid))
            return
        self.frames.clear()
        for row in _rows(element):
            for cell in row:
                self.blocks(cell)

    def _cells(self, row: Element) -> Iterator[tuple[str, int, int]]:
        for cell in row:
            if cell.tag != f"{_TABLE}table-cell":
                continue
            text = " ".join(self.text(part) for part in cell if part.tag not in _LEFT_OUT)
            size = _count(cell, "number-columns-spanned"), _count(cell, "number-rows-spanned")
            for _ in range(min(_count(cell, "number-columns-repeated"), _MOST_REPEATS if text else 1)):
                yield text.replace("\n", " "), *size

    def _attached(self) -> None:
        """Add the pictures and text boxes met in the last block."""
        frames, self.frames = self.frames, []
        for frame in frames:
            caption = frame.findtext(f"{_SVG}desc") or frame.findtext(f"{_SVG}title") or ""
            for image in frame.findall(f"{_DRAW}image"):
                member = posixpath.normpath(image.get(_XLINK, ""))
                if member in self.archive.NameToInfo:
                    with self.archive.open(member) as file:
                        keep(self.request, self.draft, PurePosixPath(member).name, file, caption)
                    break
            for box in frame.findall(f"{_DRAW}text-box"):
                self.blocks(box)

    def _formula(self, frame: Element) -> str:
        """Return the LaTeX of an embedded formula, empty when the frame holds something else."""
        member = posixpath.normpath(
            next((part.get(_XLINK, "") for part in frame.findall(f"{_DRAW}object")), "-") + "/content.xml"
        )
        if member not in self.archive.NameToInfo:
            return ""
        tree = fromstring(self.archive.read(member), forbid_dtd=True)
        math = tree if tree.tag == _MATH else next(tree.iter(_MATH), None)
        return mathml.to_latex(math) if math is not None else ""


def _rows(table: Element) -> Iterator[Element]:
    """Yield the rows of a table itself, not those of tables in its cells; empty ones are not repeated."""
    for child in table:
        if child.tag == f"{_TABLE}table-row":
            filled = any(text.strip() for text in child.itertext())
            repeats = min(_count(child, "number-rows-repeated"), _MOST_REPEATS) if filled else 1
            for _ in range(repeats):
                yield child
        elif child.tag in (f"{_TABLE}table-header-rows", f"{_TABLE}table-rows", f"{_TABLE}table-row-group"):
            yield from _rows(child)


def _count(element: Element, name: str) -> int:
    value = element.get(f"{_TABLE}{name}", "1")
    return max(1, int(value)) if value.isdigit() else 1
