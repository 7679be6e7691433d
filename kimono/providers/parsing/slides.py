"""PowerPoint presentations: slides in order, their titles as headings, tables, charts, notes and pictures."""

import re
from collections.abc import Iterable, Iterator
from io import BytesIO
from typing import Any
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import fromstring
from lxml import etree

from kimono.providers.parsing.docx.formulas import M, to_latex
from kimono.providers.parsing.errors import UnreadableFile
from kimono.providers.parsing.pictures import keep
from kimono.providers.parsing.registry import Request
from kimono.providers.parsing.shapes import Draft
from kimono.providers.parsing.slide_grounds import drop_unseen
from kimono.providers.parsing.tables import spread, to_markdown

_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_DIAGRAM = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
# Shapes whose tops lie within this share of a slide's height stand side by side.
_BAND = 0.05
_RUNNING = frozenset({"DATE", "FOOTER", "SLIDE_NUMBER", "HEADER"})
_TITLES = frozenset({"TITLE", "CENTER_TITLE", "VERTICAL_TITLE"})
_BULLETED = frozenset({"BODY", "OBJECT", "VERTICAL_BODY", "VERTICAL_OBJECT"})
_NO_TITLE = re.compile(r"(?:powerpoint presentation|演示文稿|幻灯片)\s*\d*", re.IGNORECASE)


def parse(request: Request, draft: Draft) -> None:
    """Add the slides that are shown; hidden ones are named in the problems. Raises `UnreadableFile` for too many."""
    from pptx import Presentation

    deck = Presentation(str(request.path))
    slides = list(deck.slides)
    if len(slides) > request.limits.max_pages:
        raise UnreadableFile(
            f"the file has {len(slides)} slides; at most {request.limits.max_pages} are read"
        )
    draft.page_count = len(slides)
    title = str(deck.core_properties.title or "").strip()
    draft.title = "" if _NO_TITLE.fullmatch(title) else title
    for number, slide in enumerate(slides, start=1):
        if slide._element.get("show") in ("0", "false"):
            draft.problem("hidden_slide", f"slide {number} is hidden and was left out", page=number)
        else:
            _Slide(request, draft, number, int(deck.slide_width or 0), int(deck.slide_height or 0)).add(slide)
        request.progress(number, len(slides))


class _Slide:
    """Adds the shapes of one slide."""

    def __init__(self, request: Request, draft: Draft, number: int, width: int, height: int) -> None:
        self.request, self.draft, self.number = request, draft, number
        self.width, self.height = width, height

    def add(self, slide: Any) -> None:
        """Add the title, then the other shapes as they are read, then the speaker's notes."""
        shapes = [shape for shape in slide.shapes if not self._unseen(shape)]
        drop_unseen(slide, shapes)
        title = next((shape for shape in shapes if _placeholder(shape) in _TITLES), None)
        if title is not None:
            level = 1 if _placeholder(title) == "CENTER_TITLE" else 2
            self.draft.heading(_plain(title.text_frame), level, self.number)
        self._shapes(shape for shape in shapes if shape is not title)
        if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
            self.draft.add("text", _plain(slide.notes_slide.notes_text_frame, "\n"), self.number)

    def _shapes(self, shapes: Iterable[Any]) -> None:
        for shape in sorted(shapes, key=self._place):
            self._shape(shape)

    def _place(self, shape: Any) -> tuple[int, int]:
        return int((shape.top or 0) // max(1, self.height * _BAND)), int(shape.left or 0)

    def _unseen(self, shape: Any) -> bool:
        """Tell whether a shape is hidden, repeated on every slide, or lies beside the slide."""
        if _placeholder(shape) in _RUNNING or _properties(shape).get("hidden") in ("1", "true"):
            return True
        if None in (shape.left, shape.top, shape.width, shape.height) or not self.width:
            return False
        beside = shape.left >= self.width or shape.left + shape.width <= 0
        return bool(beside or shape.top >= self.height or shape.top + shape.height <= 0)

    def _shape(self, shape: Any) -> None:
        if hasattr(shape, "shapes"):
            self._shapes(inner for inner in shape.shapes if _properties(inner).get("hidden") != "1")
        elif getattr(shape, "has_table", False):
            self.draft.add("table", to_markdown(spread(list(_rows(shape.table)))), self.number)
        elif getattr(shape, "has_chart", False):
            self._chart(shape.chart)
        elif shape._element.find(f".//{_DIAGRAM}relIds") is not None:
            self._diagram(shape)
        elif hasattr(shape, "image"):
            self._picture(shape)
        elif shape.has_text_frame:
            self._text(shape)

    def _text(self, shape: Any) -> None:
        """Add a text frame: a list when its paragraphs are bulleted, paragraphs otherwise."""
        frame = shape.text_frame._txBody
        bulleted = _placeholder(shape) in _BULLETED
        lines: list[tuple[str, str]] = []
        counts: dict[int, int] = {}
        for paragraph in frame.findall(f"{_A}p"):
            text, formulas = _paragraph(paragraph)
            if formulas and not text:
                self._lines(lines)
                for formula in formulas:
                    self.draft.add("formula", formula, self.number)
            elif text:
                lines.append((_label(paragraph, counts, bulleted), text))
        self._lines(lines)

    def _lines(self, lines: list[tuple[str, str]]) -> None:
        if len(lines) > 1 and any(label for label, _ in lines):
            self.draft.add("list", "\n".join(label + text for label, text in lines), self.number)
        else:
            self.draft.add("text", "\n".join(text for _, text in lines), self.number)
        lines.clear()

    def _picture(self, shape: Any) -> None:
        properties = _properties(shape)
        try:
            data, name = shape.image.blob, shape.image.filename or f"image.{shape.image.ext}"
        except (KeyError, ValueError, AttributeError):
            # A picture that is only linked, or an empty place for one.
            return
        caption = properties.get("descr") or properties.get("title") or ""
        keep(self.request, self.draft, str(name), BytesIO(data), caption, self.number)

    def _chart(self, chart: Any) -> None:
        """Add a chart as the table of its numbers."""
        if chart.has_title and chart.chart_title.has_text_frame:
            self.draft.add("text", _plain(chart.chart_title.text_frame), self.number)
        for plot in chart.plots:
            series = list(plot.series)
            names = [str(label) for label in plot.categories]
            grid = [["", *(str(item.name or "") for item in series)]]
            columns = [[_value(value) for value in item.values] for item in series]
            grid += [
                [name, *(column[index] if index < len(column) else "" for column in columns)]
                for index, name in enumerate(names)
            ]
            self.draft.add("table", to_markdown(grid), self.number)

    def _diagram(self, shape: Any) -> None:
        """Add the texts of a SmartArt graphic as a list."""
        relation = shape._element.find(f".//{_DIAGRAM}relIds").get(f"{_R}dm")
        part = shape.part.related_part(relation)
        texts = (
            "".join(run.text or "" for run in point.iter(f"{_A}t"))
            for point in fromstring(part.blob, forbid_dtd=True).iter(f"{_DIAGRAM}pt")
        )
        self.draft.add("list", "\n".join(f"- {text.strip()}" for text in texts if text.strip()), self.number)


def _placeholder(shape: Any) -> str:
    return str(shape.placeholder_format.type.name) if shape.is_placeholder else ""


def _properties(shape: Any) -> Any:
    """Return the element with a shape's name, alternative text and visibility."""
    found = next((element for element in shape._element.iter() if str(element.tag).endswith("}cNvPr")), None)
    return found if found is not None else {}


def _rows(table: Any) -> Iterator[list[tuple[str, int, int]]]:
    for row in table.rows:
        yield [
            (
                _plain(cell.text_frame),
                cell.span_width if cell.is_merge_origin else 1,
                cell.span_height if cell.is_merge_origin else 1,
            )
            for cell in row.cells
            if not cell.is_spanned
        ]


def _plain(frame: Any, joint: str = " ") -> str:
    """Return the text of a frame, formulas in dollar signs."""
    return joint.join(
        " ".join([text, *(f"${formula}$" for formula in formulas)]).strip()
        for text, formulas in map(_paragraph, frame._txBody.findall(f"{_A}p"))
        if text or formulas
    )


def _paragraph(paragraph: Any) -> tuple[str, list[str]]:
    """Return the text of a paragraph and its formulas; those within text stand there in dollar signs instead."""
    parts: list[str] = []
    formulas: list[str] = []
    for child in paragraph:
        if child.tag in (f"{_A}r", f"{_A}fld"):
            parts.append(child.findtext(f"{_A}t") or "")
        elif child.tag == f"{_A}br":
            parts.append("\n")
        else:
            parts.extend(f"${formula}$" for formula in _formulas(child))
            formulas.extend(_formulas(child))
    text = "\n".join(" ".join(line.split()) for line in "".join(parts).split("\n")).strip()
    alone = formulas and text == "".join(f"${formula}$" for formula in formulas)
    return ("", formulas) if alone else (text, [])


def _formulas(element: Any) -> list[str]:
    if not isinstance(element.tag, str) or element.tag == f"{_MC}Fallback":
        return []
    tree: Element = fromstring(etree.tostring(element), forbid_dtd=True)
    for parent in tree.iter(f"{_MC}AlternateContent"):
        for fallback in parent.findall(f"{_MC}Fallback"):
            parent.remove(fallback)
    return [latex for math in tree.iter(f"{M}oMath") if (latex := to_latex(math))]


def _label(paragraph: Any, counts: dict[int, int], bulleted: bool) -> str:
    """Return the bullet or number of a paragraph with its indentation; empty when it has neither."""
    properties = paragraph.find(f"{_A}pPr")
    level = int(properties.get("lvl", "0")) if properties is not None else 0
    for deeper in [key for key in counts if key > level]:
        del counts[deeper]
    if properties is not None and properties.find(f"{_A}buNone") is not None:
        return ""
    if properties is not None and (numbered := properties.find(f"{_A}buAutoNum")) is not None:
        counts[level] = counts.get(level, int(numbered.get("startAt", "1")) - 1) + 1
        return f"{'  ' * level}{counts[level]}. "
    has_sign = properties is not None and properties.find(f"{_A}buChar") is not None
    return "  " * level + "- " if bulleted or has_sign else ""


def _value(value: object) -> str:
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
