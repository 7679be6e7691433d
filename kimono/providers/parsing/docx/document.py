"""The body of a Word document in reading order."""

from collections.abc import Iterator
from pathlib import PurePosixPath
from xml.etree.ElementTree import Element

from kimono.providers.parsing.docx.formulas import M, to_latex
from kimono.providers.parsing.docx.numbering import Numbering
from kimono.providers.parsing.docx.package import Package, R, W, open_package
from kimono.providers.parsing.docx.styles import Style, Styles, number_of
from kimono.providers.parsing.docx.tables import Cell, cells, height_of, own_rows
from kimono.providers.parsing.docx.visibility import is_hidden, is_on
from kimono.providers.parsing.pictures import keep
from kimono.providers.parsing.plain import heading_level
from kimono.providers.parsing.registry import Request
from kimono.providers.parsing.shapes import Draft
from kimono.providers.parsing.tables import spread, to_markdown, trimmed

_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_WP = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}"
_V = "{urn:schemas-microsoft-com:vml}"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
# Deleted and moved-away text, the simpler twin of a drawing, field codes: none of it is on the printed page.
_UNPRINTED = frozenset(
    {
        f"{W}del",
        f"{W}moveFrom",
        f"{W}instrText",
        f"{W}delText",
        f"{_MC}Fallback",
        f"{W}rPr",
        f"{W}pPr",
        f"{W}sectPr",
    }
)
_BREAKS = {f"{W}tab": "\t", f"{W}cr": "\n", f"{W}noBreakHyphen": "-", f"{W}ptab": "\t"}


def parse(request: Request, draft: Draft) -> None:
    """Add the document's headings, paragraphs, lists, tables, formulas and images; headers and footers stay out."""
    package = open_package(request.path)
    try:
        reader = _Reader(request, draft, package)
        body = package.main.find(f"{W}body")
        if body is not None:
            reader.blocks(body)
        reader.flush()
        reader.notes()
        draft.page_count = reader.page if reader.paged else None
    finally:
        package.archive.close()
    request.progress(1, 1)


class _Reader:
    """Walks through the body once; lines of one list wait until the list ends."""

    def __init__(self, request: Request, draft: Draft, package: Package) -> None:
        self.request, self.draft, self.package = request, draft, package
        self.styles = Styles(package.part("styles"))
        self.numbering = Numbering(package.part("numbering"))
        self.items: list[str] = []
        self.boxes: list[Element] = []
        self.pictures: list[tuple[str, str]] = []
        self.page = 1
        # Whether what is read stands on a ground that may have a colour.
        self.coloured = package.main.find(f"{W}background") is not None
        # Word writes where its last layout broke pages; other programs do not, and then there are no page numbers.
        self.paged = next(package.main.iter(f"{W}lastRenderedPageBreak"), None) is not None

    def blocks(self, parent: Element) -> None:
        """Add the paragraphs and tables under `parent`; a generated table of contents is skipped."""
        for child in parent:
            if child.tag == f"{W}p":
                self.paragraph(child)
            elif child.tag == f"{W}tbl":
                self.table(child)
            elif child.tag == f"{W}sdt":
                gallery = child.find(f"{W}sdtPr/{W}docPartObj/{W}docPartGallery")
                content = child.find(f"{W}sdtContent")
                if content is not None and (gallery is None or "Contents" not in gallery.get(f"{W}val", "")):
                    self.blocks(content)
            elif child.tag not in _UNPRINTED:
                self.blocks(child)

    def paragraph(self, element: Element) -> None:
        """Add one paragraph as what its style, its number and its content make it."""
        page, coloured = self.page, self.coloured
        self.coloured = coloured or element.find(f"{W}pPr/{W}shd") is not None
        text = self.text(element)
        self.coloured = coloured
        style, label, depth = self._style(element)
        formula = element.find(f"{M}oMathPara")
        if style.name.lower().startswith("toc "):
            return
        if style.level and text.strip():
            self.flush()
            self.draft.heading(
                f"{label} {text}" if label and label != "-" else text, style.level, self._page(page)
            )
        elif formula is not None and not _without_formulas(text, element).strip():
            self.flush()
            for part in formula.findall(f"{M}oMath"):
                self.draft.add("formula", to_latex(part), self._page(page))
        elif label and text.strip():
            self.items.append("  " * depth + f"{label} {' '.join(text.split())}")
        elif text.strip():
            self.flush()
            self._text(element, text, self._page(page))
        self._attached()

    def table(self, element: Element) -> None:
        """Add a table; one that only frames its content is read like body text."""
        coloured, self.coloured = self.coloured, True
        self._table(element)
        self.coloured = coloured

    def _table(self, element: Element) -> None:
        self.flush()
        page = self._page(self.page)
        rows = list(self._rows(element))
        grid = trimmed(spread(rows))
        if grid and max(map(len, grid)) > 1:
            self.draft.add("table", to_markdown(grid), page)
            self._attached()
            return
        self.boxes.clear()
        self.pictures.clear()
        for row in own_rows(element):
            for cell in cells(row):
                self.blocks(cell)
        self.flush()

    def notes(self) -> None:
        """Add footnotes and endnotes after the body."""
        for kind in ("footnote", "endnote"):
            part = self.package.part(kind + "s")
            for note in part.iter(f"{W}{kind}") if part is not None else ():
                if note.get(f"{W}type") is None:
                    self.draft.add("text", " ".join(self.text(p) for p in note.iter(f"{W}p")))

    def flush(self) -> None:
        """Close the list that is being gathered."""
        if self.items:
            self.draft.add("list", "\n".join(self.items), self._page(self.page))
            self.items.clear()

    def text(self, element: Element) -> str:
        """Return the printed text under `element`; text boxes and pictures in it are put aside for afterwards."""
        return "".join(self._parts(element))

    def _parts(self, element: Element) -> Iterator[str]:
        for child in element:
            tag = child.tag
            if tag == f"{W}t":
                yield child.text or ""
            elif tag == f"{W}br":
                if child.get(f"{W}type") == "page" and not self.paged:
                    self.page += 1
                yield "\n"
            elif tag == f"{W}lastRenderedPageBreak":
                self.page += 1
            elif tag in _BREAKS:
                yield _BREAKS[tag]
            elif tag == f"{M}oMath":
                yield f"${to_latex(child)}$"
            elif tag == f"{W}txbxContent":
                self.boxes.append(child)
            elif tag in (f"{W}drawing", f"{W}pict", f"{W}object"):
                self._picture(child)
                yield from self._parts(child)
            elif tag not in _UNPRINTED and not is_hidden(child, self.styles, self.coloured):
                yield from self._parts(child)

    def _text(self, element: Element, text: str, page: int | None) -> None:
        """Add body text; a short bold line with a chapter's number is a heading that was made by hand."""
        level = heading_level(text)
        if level and _is_bold(element):
            self.draft.heading(text, level, page)
        else:
            lines = (" ".join(line.split()) for line in text.split("\n"))
            self.draft.add("text", "\n".join(line for line in lines if line), page)

    def _style(self, element: Element) -> tuple[Style, str | None, int]:
        """Return the style of a paragraph, its printed number or bullet, and the depth of its list."""
        properties = element.find(f"{W}pPr")
        if properties is None:
            return self.styles.of("Normal"), None, 0
        named = properties.find(f"{W}pStyle")
        style = self.styles.of(named.get(f"{W}val", "") if named is not None else "Normal")
        outline = properties.find(f"{W}outlineLvl")
        if outline is not None and int(outline.get(f"{W}val", "9")) < 9:
            style = Style(style.name, min(6, int(outline.get(f"{W}val", "0")) + 1), style.number)
        own = properties.find(f"{W}numPr")
        number = (number_of(own) or _releveled(own, style.number)) if own is not None else style.number
        if number is None:
            return style, None, 0
        return style, self.numbering.label(*number), number[1]

    def _rows(self, table: Element) -> Iterator[list[tuple[str, int, int]]]:
        """Yield the rows of a table as (text, columns, rows) cells; a cell merged downwards spans its followers."""
        rows = [[Cell.of(cell) for cell in cells(row)] for row in own_rows(table)]
        for index, row in enumerate(rows):
            line = []
            column = 0
            for cell in row:
                if cell.merge != "continue":
                    height = height_of(rows, index, column) if cell.merge == "restart" else 1
                    line.append((self._cell_text(cell.element), cell.width, height))
                column += cell.width
            yield line

    def _cell_text(self, cell: Element) -> str:
        lines = []
        for paragraph in cell.iter(f"{W}p"):
            text = self.text(paragraph)
            _, label, _ = self._style(paragraph)
            if text.strip():
                lines.append(f"{label} {text}" if label else text)
        return " ".join(lines)

    def _picture(self, element: Element) -> None:
        properties = next(element.iter(f"{_WP}docPr"), None)
        caption = (properties.get("descr") or properties.get("title") or "") if properties is not None else ""
        for tag, attribute in ((f"{_A}blip", f"{R}embed"), (f"{_V}imagedata", f"{R}id")):
            for image in element.iter(tag):
                target = self.package.target(image.get(attribute, ""))
                if target:
                    self.pictures.append((target, caption))

    def _attached(self) -> None:
        """Add the pictures and text boxes met in the last paragraph or table."""
        boxes, pictures = self.boxes, self.pictures
        self.boxes, self.pictures = [], []
        if boxes or pictures:
            self.flush()
        for member, caption in dict.fromkeys(pictures):
            with self.package.archive.open(member) as file:
                keep(
                    self.request, self.draft, PurePosixPath(member).name, file, caption, self._page(self.page)
                )
        coloured, self.coloured = self.coloured, True
        for box in boxes:
            self.blocks(box)
            self.flush()
        self.coloured = coloured

    def _page(self, page: int) -> int | None:
        return page if self.paged else None


def _without_formulas(text: str, paragraph: Element) -> str:
    """Return a paragraph's text without the formulas in it; nothing is left of one that only displays a formula."""
    for part in paragraph.iter(f"{M}oMath"):
        text = text.replace(f"${to_latex(part)}$", "", 1)
    return text


def _releveled(own: Element, inherited: tuple[str, int] | None) -> tuple[str, int] | None:
    level = own.find(f"{W}ilvl")
    return (inherited[0], int(level.get(f"{W}val", "0"))) if inherited and level is not None else inherited


def _is_bold(paragraph: Element) -> bool:
    runs = [run for run in paragraph.iter(f"{W}r") if run.find(f"{W}t") is not None]
    return bool(runs) and all(is_on(run.find(f"{W}rPr/{W}b")) for run in runs)
