"""Papers as Word files."""

import io
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import override
from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_TAB_ALIGNMENT
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Emu, Mm, Pt, RGBColor

from conversations.services.exports import fonts
from conversations.services.exports.shapes import Entry, Medium, Paper
from conversations.services.exports.word_blocks import Writer, add_formula
from kimono.lib.printing import fonts as system_fonts

_MUTED, _PRIMARY, _GREEN = RGBColor(0x59, 0x63, 0x6E), RGBColor(0x16, 0x5E, 0x83), RGBColor(0x2C, 0x6E, 0x49)
_SIDES = {"contact": _PRIMARY, "agent": _GREEN}
_WIDTH = Mm(170)
_TALLEST = Mm(150)
_FONT_TYPE = "application/vnd.openxmlformats-officedocument.obfuscatedFont"
_FONT_RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/font"


def docx_of(paper: Paper) -> bytes:
    """Return a paper as a Word file that brings its Chinese characters along. Raises `FontMissing`."""
    text = _all_text(paper)
    font = system_fonts.find() if fonts.has_han(text) else None
    document = Document()
    family = fonts.family_for(font, text) if font else "Noto Sans CJK SC"
    _set_up(document, paper, family)
    with override("en" if paper.language == "en" else "zh-hans"):
        _head(document, paper)
        for entry in paper.entries:
            _entry(document, entry, paper.kind)
    if font is not None:
        # Words of the template's own, of numbers and dates above all, are ASCII and come along anyway.
        whole = fonts.cut(font, text + _own_words(), family=family)
        _embed(document, family, font.family, fonts.hidden(whole))
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


def _all_text(paper: Paper) -> str:
    words = [paper.title, paper.merchant, paper.foot]
    words += [word for fact in paper.facts for word in fact]
    for entry in paper.entries:
        words += [entry.heading, entry.content]
        words += [word for each in entry.references for word in (each.label, each.quote)]
        words += [word for each in entry.media for word in (each.caption, each.markdown, each.latex)]
    return "".join(words)


def _own_words() -> str:
    with override("zh-hans"):
        return "".join([_("References"), _("Figures and tables"), "“”–•"])


def _set_up(document: Any, paper: Paper, family: str) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm(20)
    section.top_margin, section.bottom_margin = Mm(22), Mm(20)
    language = "en-US" if paper.language == "en" else "zh-CN"
    for name, size, bold, colour in (
        ("Normal", 10.5, False, None),
        ("Title", 18, True, RGBColor(0x1B, 0x1F, 0x24)),
        ("Heading 1", 14, True, RGBColor(0x1B, 0x1F, 0x24)),
        ("Heading 2", 9.5, True, _MUTED),
        ("Heading 3", 9.5, True, _PRIMARY),
        ("Caption", 8.5, False, _MUTED),
    ):
        _style(document.styles[name], family, size, bold, colour, language)
    document.styles["Normal"].paragraph_format.line_spacing = 1.35
    document.styles["Normal"].paragraph_format.space_after = Pt(6)
    document.styles["Title"].paragraph_format.space_after = Pt(4)
    for border in document.styles["Title"].element.iter(qn("w:pBdr")):
        border.getparent().remove(border)
    for name in ("Heading 1", "Heading 2", "Heading 3"):
        document.styles[name].paragraph_format.space_before = Pt(10)
        document.styles[name].paragraph_format.space_after = Pt(3)
    properties = document.core_properties
    properties.title, properties.author, properties.comments = paper.title[:255], paper.merchant[:255], ""
    properties.last_modified_by, properties.language = paper.merchant[:255], language
    _running(document, paper)


def _style(style: Any, family: str, size: float, bold: bool, colour: RGBColor | None, language: str) -> None:
    style.font.size, style.font.bold, style.font.italic = Pt(size), bold, False
    if colour is not None:
        style.font.color.rgb = colour
    properties = style.element.get_or_add_rPr()
    names = properties.get_or_add_rFonts()
    for slot in ("w:asciiTheme", "w:hAnsiTheme", "w:eastAsiaTheme", "w:cstheme"):
        names.attrib.pop(qn(slot), None)
    for slot in ("w:ascii", "w:hAnsi", "w:eastAsia", "w:cs"):
        names.set(qn(slot), family)
    for old in properties.findall(qn("w:lang")):
        properties.remove(old)
    tongue = OxmlElement("w:lang")
    tongue.set(qn("w:val"), "en-US")
    tongue.set(qn("w:eastAsia"), language if language != "en-US" else "zh-CN")
    properties.append(tongue)


def _running(document: Any, paper: Paper) -> None:
    """Put the merchant over each page but the first, and under each when the file was made and which page it is."""
    section = document.sections[0]
    section.different_first_page_header_footer = True
    for part in (section.header, section.first_page_header, section.footer, section.first_page_footer):
        part.is_linked_to_previous = False
    # The template's own stops would catch the tab before it is at the right edge.
    document.styles["Footer"].paragraph_format.tab_stops.clear_all()
    document.styles["Footer"].paragraph_format.tab_stops.add_tab_stop(_WIDTH, WD_TAB_ALIGNMENT.RIGHT)
    _small(section.header.paragraphs[0].add_run(paper.merchant))
    for part in (section.footer, section.first_page_footer):
        _page_numbers(part.paragraphs[0], paper.foot)


def _page_numbers(line: Any, before: str) -> None:
    line.style = "Footer"
    _small(line.add_run(before + "\t"))
    for name in ("PAGE", "NUMPAGES"):
        if name == "NUMPAGES":
            _small(line.add_run(" / "))
        field = OxmlElement("w:fldSimple")
        field.set(qn("w:instr"), name)
        run = line.add_run("1")
        _small(run)
        field.append(run._r)
        line._p.append(field)


def _small(run: Any) -> None:
    run.font.size, run.font.color.rgb = Pt(8), _MUTED


def _head(document: Any, paper: Paper) -> None:
    merchant = document.add_paragraph()
    merchant.paragraph_format.space_after = Pt(2)
    name = merchant.add_run(paper.merchant)
    name.bold, name.font.size, name.font.color.rgb = True, Pt(13), _PRIMARY
    if paper.kind == "conversation":
        document.add_paragraph(paper.title, style="Title")
    line = document.add_paragraph()
    for place, (fact, value) in enumerate(paper.facts):
        muted = line.add_run(("    " if place else "") + fact + " ")
        muted.font.size, muted.font.color.rgb = Pt(9), _MUTED
        line.add_run(value).font.size = Pt(9)
    _ruled(line, "bottom")


def _ruled(paragraph: Any, side: str) -> None:
    borders, line = OxmlElement("w:pBdr"), OxmlElement(f"w:{side}")
    for name, value in (("val", "single"), ("sz", "6"), ("space", "6"), ("color", "DFE3E6")):
        line.set(qn(f"w:{name}"), value)
    borders.append(line)
    paragraph._p.get_or_add_pPr().insert_element_before(
        borders, "w:shd", "w:tabs", "w:spacing", "w:ind", "w:jc", "w:rPr", "w:sectPr"
    )


def _entry(document: Any, entry: Entry, kind: str) -> None:
    heading = document.add_paragraph(style="Heading 2")
    run = heading.add_run(entry.heading)
    if kind == "conversation":
        if entry.side in _SIDES:
            run.font.color.rgb = _SIDES[entry.side]
        _small(heading.add_run(f"   {entry.at}"))
    writer = Writer(document)
    if entry.marked_up:
        writer.markdown(entry.content)
    else:
        asked = kind == "answer" and entry.side == "contact"
        writer.plain(entry.content, style="Heading 1" if asked else None)
    if entry.references:
        _ruled(document.add_paragraph(_("References"), style="Heading 3"), "top")
        for reference in entry.references:
            line = document.add_paragraph()
            line.paragraph_format.left_indent, line.paragraph_format.first_line_indent = Mm(7), Mm(-7)
            line.paragraph_format.space_after = Pt(4)
            number = line.add_run(f"[{reference.n}] ")
            number.font.color.rgb = _PRIMARY
            label = line.add_run(reference.label)
            quote = line.add_run(f" – “{reference.quote}”" if reference.quote else "")
            number.bold = label.bold = True
            for each in (number, label, quote):
                each.font.size = Pt(9)
    if entry.media:
        document.add_paragraph(_("Figures and tables"), style="Heading 3")
        for medium in entry.media:
            _medium(document, writer, medium)


def _medium(document: Any, writer: Writer, medium: Medium) -> None:
    if medium.picture is not None:
        line = document.add_paragraph()
        line.alignment = WD_ALIGN_PARAGRAPH.CENTER
        line.paragraph_format.keep_with_next = True
        width, height = _size(medium)
        shown = line.add_run().add_picture(io.BytesIO(medium.picture.content), width=width, height=height)
        shown._inline.docPr.set("descr", medium.caption)
    elif medium.markdown:
        writer.markdown(medium.markdown)
    elif medium.latex:
        add_formula(document.add_paragraph(), medium.latex, display=True)
    caption = document.add_paragraph(medium.caption, style="Caption")
    caption.alignment = WD_ALIGN_PARAGRAPH.CENTER


def _size(medium: Medium) -> tuple[Emu, Emu]:
    """Return how large a picture is on paper: at 150 pixels an inch, no wider than the text, no taller than half a page."""
    assert medium.picture is not None
    natural = medium.picture.width * 914_400 / 150
    tall = natural * medium.picture.height / medium.picture.width
    shrink = min(1.0, _WIDTH / natural, _TALLEST / tall)
    return Emu(int(natural * shrink)), Emu(int(tall * shrink))


def _embed(document: Any, family: str, installed: str, font: fonts.Hidden) -> None:
    """Put a font into the file, and say which one stands in for it in a program that takes none out of files."""
    table = next(
        relation.target_part
        for relation in document.part.rels.values()
        if relation.reltype == RELATIONSHIP_TYPE.FONT_TABLE
    )
    inside = Part(PackURI("/word/fonts/font1.odttf"), _FONT_TYPE, font.content, document.part.package)
    relation = table.relate_to(inside, _FONT_RELATION)
    key = f"{{{str(font.key).upper()}}}"
    entry = (
        f'<w:font w:name="{family}"><w:altName w:val="{installed}"/><w:charset w:val="86"/><w:family w:val="swiss"/>'
        f'<w:pitch w:val="variable"/><w:embedRegular r:id="{relation}" w:fontKey="{key}"/></w:font>'
    )
    content = table.blob.replace(b"</w:fonts>", entry.encode() + b"</w:fonts>")
    if b"xmlns:r=" not in content:
        content = content.replace(
            b"<w:fonts ",
            b'<w:fonts xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" ',
            1,
        )
    table._blob = content
    settings = document.settings.element
    for name in ("w:saveSubsetFonts", "w:embedTrueTypeFonts"):
        # Their place is near the start; after the zoom nothing that may come before them is in the template.
        zoom = settings.find(qn("w:zoom"))
        element = OxmlElement(name)
        if zoom is not None:
            zoom.addnext(element)
        else:
            settings.insert(0, element)
