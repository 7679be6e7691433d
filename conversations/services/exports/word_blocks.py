"""What an answer is made of, written into a Word file: paragraphs, lists, tables, code, formulas, links."""

from dataclasses import dataclass, replace
from typing import Any

from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_BREAK
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor
from markdown_it.tree import SyntaxTreeNode

from conversations.services.exports import formulas, markup

_SIDES = {
    "text-align:right": WD_ALIGN_PARAGRAPH.RIGHT,
    "text-align:center": WD_ALIGN_PARAGRAPH.CENTER,
}
_LINKS = ("http://", "https://", "mailto:")


@dataclass(frozen=True, slots=True)
class _Look:
    """How a run of words looks."""

    bold: bool = False
    italic: bool = False
    struck: bool = False
    code: bool = False


class Writer:
    """Writes answers at the end of a document."""

    def __init__(self, document: Any) -> None:
        self.document = document

    def plain(self, text: str, *, style: str | None = None) -> None:
        """Write a text as it is, line by line."""
        paragraph = self.document.add_paragraph(style=style)
        for place, line in enumerate(text.split("\n")):
            if place:
                paragraph.add_run().add_break(WD_BREAK.LINE)
            paragraph.add_run(line)

    def markdown(self, text: str) -> None:
        """Write a text that is Markdown."""
        for node in markup.children(markup.parse(text)):
            self._block(node, indent=0)

    def _block(self, node: SyntaxTreeNode, *, indent: int) -> None:
        match node.type:
            case "paragraph":
                self._runs(self._paragraph(indent), node, _Look())
            case "heading":
                line = self._paragraph(indent)
                line.paragraph_format.keep_with_next = True
                self._runs(line, node, _Look(bold=True))
            case "bullet_list" | "ordered_list":
                self._list(node, indent)
            case "table":
                self._table(node)
            case "fence":
                self._code(node.content, indent)
            case "math":
                add_formula(self._paragraph(indent), node.content, display=True)
            case "blockquote":
                for child in markup.children(node):
                    self._block(child, indent=indent + 1)
            case "hr":
                self._paragraph(indent)
            case _:
                self._runs(self._paragraph(indent), node, _Look())

    def _paragraph(self, indent: int) -> Any:
        paragraph = self.document.add_paragraph()
        if indent:
            paragraph.paragraph_format.left_indent = Mm(6 * indent)
        return paragraph

    def _list(self, node: SyntaxTreeNode, indent: int) -> None:
        # Numbers are written out: Word's own would count on from one list to the next.
        number = int(node.attrs.get("start", 1))
        for item in markup.children(node):
            mark = "•" if node.type == "bullet_list" else f"{number}."
            number += 1
            for place, child in enumerate(markup.children(item)):
                if child.type != "paragraph":
                    self._block(child, indent=indent + 1)
                    continue
                line = self._paragraph(indent + 1)
                line.paragraph_format.space_after = Pt(2)
                if place == 0:
                    line.paragraph_format.first_line_indent = Mm(-6)
                    line.paragraph_format.tab_stops.add_tab_stop(Mm(6 * (indent + 1)))
                    line.add_run(f"{mark}\t")
                self._runs(line, child, _Look())

    def _code(self, text: str, indent: int) -> None:
        paragraph = self._paragraph(indent)
        for place, line in enumerate(text.rstrip("\n").split("\n")):
            if place:
                paragraph.add_run().add_break(WD_BREAK.LINE)
            _dress(paragraph.add_run(line), _Look(code=True))

    def _table(self, node: SyntaxTreeNode) -> None:
        rows = [row for part in markup.children(node) for row in markup.children(part)]
        width = max(len(markup.children(row)) for row in rows)
        table = self.document.add_table(rows=len(rows), cols=width, style="Table Grid")
        for row, cells in zip(rows, table.rows, strict=True):
            head = any(cell.type == "th" for cell in markup.children(row))
            if head:
                _repeat(cells)
            for node_of_cell, cell in zip(markup.children(row), cells.cells, strict=False):
                line = cell.paragraphs[0]
                line.paragraph_format.space_after = Pt(0)
                line.alignment = _SIDES.get(str(node_of_cell.attrs.get("style", "")))
                self._runs(line, node_of_cell, _Look(bold=head), size=Pt(9.5))
                if head:
                    _shade(cell)
        self.document.add_paragraph().paragraph_format.space_after = Pt(0)

    def _runs(self, paragraph: Any, node: SyntaxTreeNode, look: _Look, size: Any = None) -> None:
        for child in markup.children(node):
            match child.type:
                case "text":
                    _dress(paragraph.add_run(child.content), look, size)
                case "code_inline":
                    _dress(paragraph.add_run(child.content), replace(look, code=True), size)
                case "softbreak" | "hardbreak":
                    paragraph.add_run().add_break(WD_BREAK.LINE)
                case "strong":
                    self._runs(paragraph, child, replace(look, bold=True), size)
                case "em":
                    self._runs(paragraph, child, replace(look, italic=True), size)
                case "s":
                    self._runs(paragraph, child, replace(look, struck=True), size)
                case "math":
                    add_formula(paragraph, child.content, display=False)
                case "link":
                    self._link(paragraph, child, look)
                case "image":
                    _dress(paragraph.add_run(markup.words(child)), look, size)
                case _:
                    self._runs(paragraph, child, look, size)

    def _link(self, paragraph: Any, node: SyntaxTreeNode, look: _Look) -> None:
        address, label = str(node.attrs.get("href", "")), markup.words(node)
        if not address.startswith(_LINKS):
            _dress(paragraph.add_run(label), look)
            return
        relation = self.document.part.relate_to(address, RELATIONSHIP_TYPE.HYPERLINK, is_external=True)
        link = OxmlElement("w:hyperlink")
        link.set(qn("r:id"), relation)
        run = paragraph.add_run(label)
        _dress(run, look)
        run.font.color.rgb, run.font.underline = RGBColor(0x16, 0x5E, 0x83), True
        link.append(run._r)
        paragraph._p.append(link)
        shown = address.removeprefix("mailto:")
        if label not in (shown, address):
            # On paper nobody sees where a link leads.
            paragraph.add_run(f" ({shown})").font.size = Pt(8.5)


def add_formula(paragraph: Any, latex: str, *, display: bool) -> None:
    """Write a formula as Word's own mathematics; one that cannot be read is written as its source."""
    formula = formulas.omml(latex)
    if display:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    if formula is None:
        _dress(paragraph.add_run(latex), _Look(code=True))
    else:
        paragraph._p.append(formula)


def _dress(run: Any, look: _Look, size: Any = None) -> None:
    run.bold, run.italic = look.bold or None, look.italic or None
    run.font.strike = look.struck or None
    if size is not None:
        run.font.size = size
    if look.code:
        run.font.name, run.font.size = "DejaVu Sans Mono", Pt(9)


def _shade(cell: Any) -> None:
    shading = OxmlElement("w:shd")
    for name, value in (("val", "clear"), ("color", "auto"), ("fill", "F0F3F5")):
        shading.set(qn(f"w:{name}"), value)
    cell._tc.get_or_add_tcPr().append(shading)


def _repeat(row: Any) -> None:
    """Let a row stand again at the head of each page that its table goes on to."""
    header = OxmlElement("w:tblHeader")
    row._tr.get_or_add_trPr().append(header)
