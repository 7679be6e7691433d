"""PowerPoint: order, titles, bullets, tables, charts, notes, pictures, formulas; what is not shown stays out."""

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from PIL import Image
from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.dml.color import RGBColor
from pptx.enum.chart import XL_CHART_TYPE
from pptx.enum.shapes import MSO_SHAPE
from pptx.util import Inches

from kimono.providers.parsing import Kind, Limits, UnreadableFile, parse, sniff_file

A = "http://schemas.openxmlformats.org/drawingml/2006/main"
M = "http://schemas.openxmlformats.org/officeDocument/2006/math"


@pytest.fixture
def deck() -> Any:
    deck = Presentation()
    cover = deck.slides.add_slide(deck.slide_layouts[0])
    cover.shapes.title.text = "租借培训"
    cover.placeholders[1].text = "给新员工"
    return deck


def saved(deck: Any, tmp_path: Path) -> Path:
    path = tmp_path / "a.pptx"
    deck.save(path)
    return path


def bullets(deck: Any, title: str) -> Any:
    slide = deck.slides.add_slide(deck.slide_layouts[1])
    slide.shapes.title.text = title
    return slide


def picture() -> BytesIO:
    file = BytesIO()
    Image.effect_noise((90, 60), 80).save(file, "PNG")
    return BytesIO(file.getvalue())


def test_slides_come_in_order_with_titles_bullets_and_notes(deck: Any, tmp_path: Path) -> None:
    slide = bullets(deck, "退改规则")
    frame = slide.placeholders[1].text_frame
    frame.text = "提前 48 小时免费"
    paragraph = frame.add_paragraph()
    paragraph.text, paragraph.level = "当天收取 50%", 1
    slide.notes_slide.notes_text_frame.text = "先安抚客人"
    path = saved(deck, tmp_path)
    assert sniff_file(path) is Kind.PPTX
    document = parse(path)
    assert [(b.kind, b.text, b.page, b.section_path) for b in document.blocks] == [
        ("heading", "租借培训", 1, ("租借培训",)),
        ("text", "给新员工", 1, ("租借培训",)),
        ("heading", "退改规则", 2, ("租借培训", "退改规则")),
        ("list", "- 提前 48 小时免费\n  - 当天收取 50%", 2, ("租借培训", "退改规则")),
        ("text", "先安抚客人", 2, ("租借培训", "退改规则")),
    ]
    assert document.page_count == 2 and document.title == "租借培训"


def test_tables_keep_merged_cells_and_charts_their_numbers(deck: Any, tmp_path: Path) -> None:
    slide = bullets(deck, "价格")
    table = slide.shapes.add_table(3, 3, 0, Inches(1), Inches(5), Inches(1)).table
    for row, texts in enumerate((["款式", "租金", ""], ["振袖", "300", "含税"], ["", "280", "不含税"])):
        for column, text in enumerate(texts):
            table.cell(row, column).text = text
    table.cell(0, 1).merge(table.cell(0, 2))
    table.cell(1, 0).merge(table.cell(2, 0))
    data = CategoryChartData()
    data.categories = ["春", "秋"]
    data.add_series("订单", (120, 80.5))
    slide.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, 0, Inches(4), Inches(4), Inches(2), data)
    tables = [block.text for block in parse(saved(deck, tmp_path)).blocks if block.kind == "table"]
    assert tables == [
        "| 款式 | 租金 | 租金 |\n| --- | --- | --- |\n| 振袖 | 300 | 含税 |\n| 振袖 | 280 | 不含税 |",
        "|  | 订单 |\n| --- | --- |\n| 春 | 120 |\n| 秋 | 80.5 |",
    ]


def test_pictures_are_kept_with_their_words_and_number(deck: Any, tmp_path: Path) -> None:
    slide = deck.slides.add_slide(deck.slide_layouts[6])
    shape = slide.shapes.add_picture(picture(), Inches(1), Inches(1))
    shape._element._nvXxPr.cNvPr.set("descr", "退货按钮在右上角")
    box = slide.shapes.add_textbox(Inches(1), Inches(4), Inches(3), Inches(1))
    box.text_frame.text = "图 3 退货入口"
    document = parse(saved(deck, tmp_path), media_dir=tmp_path)
    (image,) = [block for block in document.blocks if block.kind == "image"]
    assert image.text == "图 3 退货入口\n退货按钮在右上角" and image.page == 2
    (media,) = document.media
    assert (media.figure, media.caption, media.page, media.order) == ("图 3", "退货入口", 2, image.order)
    assert Path(str(media.path)).read_bytes().startswith(b"\x89PNG")
    assert sum("退货入口" in block.text for block in document.blocks) == 1


def test_formulas_become_latex(deck: Any, tmp_path: Path) -> None:
    slide = deck.slides.add_slide(deck.slide_layouts[6])
    box = slide.shapes.add_textbox(0, 0, Inches(3), Inches(1))
    math = (
        f'<a14:m xmlns:a14="http://schemas.microsoft.com/office/drawing/2010/main" xmlns:m="{M}"><m:oMathPara><m:oMath>'
        "<m:f><m:num><m:r><m:t>a</m:t></m:r></m:num><m:den><m:r><m:t>b</m:t></m:r></m:den></m:f>"
        "</m:oMath></m:oMathPara></a14:m>"
    )
    box.text_frame.paragraphs[0]._p.append(etree.fromstring(math))
    blocks = parse(saved(deck, tmp_path)).blocks
    assert [(b.kind, b.text) for b in blocks if b.page == 2] == [("formula", "\\frac{a}{b}")]


def test_what_the_audience_does_not_see_stays_out(deck: Any, tmp_path: Path) -> None:
    slide = bullets(deck, "公开")
    beside = slide.shapes.add_textbox(deck.slide_width + 9, 0, Inches(2), Inches(1))
    beside.text_frame.text = "旁边的秘密"
    hidden_shape = slide.shapes.add_textbox(0, 0, Inches(2), Inches(1))
    hidden_shape.text_frame.text = "隐藏的秘密"
    hidden_shape._element._nvXxPr.cNvPr.set("hidden", "1")
    hidden = bullets(deck, "内部")
    hidden._element.set("show", "0")
    document = parse(saved(deck, tmp_path))
    text = "\n".join(block.text for block in document.blocks)
    assert "公开" in text and "秘密" not in text and "内部" not in text
    assert [(problem.code, problem.page) for problem in document.errors] == [("hidden_slide", 3)]


@pytest.mark.parametrize(
    ("ground", "under", "stays"),
    [("", False, False), ("FFFFFF", False, False), ("203040", False, True), ("", True, True)],
)
def test_white_words_stay_only_where_their_ground_may_be_dark(
    deck: Any, tmp_path: Path, ground: str, under: bool, stays: bool
) -> None:
    slide = bullets(deck, "公开")
    if ground:
        slide.background.fill.solid()
        slide.background.fill.fore_color.rgb = RGBColor.from_string(ground)
    if under:
        slide.shapes.add_shape(MSO_SHAPE.RECTANGLE, 0, 0, Inches(3), Inches(2))
    words = slide.shapes.add_textbox(0, 0, Inches(2), Inches(1)).text_frame.paragraphs[0]
    for text, colour in (("看得见", "203040"), ("白字", "FFFFFF")):
        run = words.add_run()
        run.text, run.font.color.rgb = text, RGBColor.from_string(colour)
    text = "\n".join(block.text for block in parse(saved(deck, tmp_path)).blocks)
    assert "看得见" in text
    assert ("白字" in text) is stays


def test_too_many_slides_are_refused(deck: Any, tmp_path: Path) -> None:
    bullets(deck, "二")
    with pytest.raises(UnreadableFile, match="2 slides; at most 1"):
        parse(saved(deck, tmp_path), limits=Limits(max_pages=1))


def test_a_truncated_file_has_a_reason(deck: Any, tmp_path: Path) -> None:
    path = saved(deck, tmp_path)
    path.write_bytes(path.read_bytes()[:-400])
    with pytest.raises(UnreadableFile, match="damaged"):
        parse(path, kind=Kind.PPTX)
