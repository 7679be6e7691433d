"""OpenDocument texts: structure, tables, formulas, pictures; what is hidden or deleted stays out."""

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from kimono.providers.parsing import Kind, Limits, UnreadableFile, Unsupported, parse, sniff_file
from tests.providers.parsing.writers import zip_of

NAMES = " ".join(
    f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for short, name in {
        "office": "office", "text": "text", "table": "table", "draw": "drawing", "style": "style",
        "svg": "svg-compatible", "fo": "xsl-fo-compatible",
    }.items()
)  # fmt: skip
XLINK = 'xmlns:xlink="http://www.w3.org/1999/xlink"'
MATH = (
    '<math xmlns="http://www.w3.org/1998/Math/MathML"><semantics><mrow><mfrac><mi>x</mi><mn>2</mn></mfrac><mo>≤</mo>'
    "<msup><mi>e</mi><mi>x</mi></msup></mrow></semantics></math>"
)


def odt(path: Path, body: str, *, styles: str = "", extra: dict[str, bytes] | None = None) -> Path:
    content = (
        f"<office:document-content {NAMES} {XLINK}><office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:text>{body}</office:text></office:body></office:document-content>"
    )
    return zip_of(
        path,
        {
            "mimetype": b"application/vnd.oasis.opendocument.text",
            "content.xml": content.encode(),
            **(extra or {}),
        },
    )


def test_structure_is_kept(tmp_path: Path) -> None:
    path = odt(
        tmp_path / "a.odt",
        "<text:table-of-content><text:p>Contents 1</text:p></text:table-of-content>"
        '<text:h text:outline-level="1">退换<text:s/>政策</text:h><text:h text:outline-level="2">期限</text:h>'
        "<text:p>七天内<text:span>可退</text:span><text:line-break/>须有吊牌"
        "<text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>节日除外</text:p></text:note-body>"
        "</text:note></text:p>"
        "<text:list><text:list-item><text:p>寄回</text:p><text:list><text:list-item><text:p>用原包装</text:p>"
        "</text:list-item></text:list></text:list-item><text:list-item><text:p>等待</text:p></text:list-item></text:list>",
    )
    assert sniff_file(path) is Kind.ODT
    document = parse(path)
    assert [(block.kind, block.text, block.section_path) for block in document.blocks] == [
        ("heading", "退换 政策", ("退换 政策",)),
        ("heading", "期限", ("退换 政策", "期限")),
        ("text", "七天内可退\n须有吊牌", ("退换 政策", "期限")),
        ("list", "- 寄回\n  - 用原包装\n- 等待", ("退换 政策", "期限")),
        ("text", "节日除外", ("退换 政策", "期限")),
    ]


def test_tables_keep_every_cell(tmp_path: Path) -> None:
    path = odt(
        tmp_path / "a.odt",
        "<table:table><table:table-header-rows><table:table-row><table:table-cell><text:p>款式</text:p></table:table-cell>"
        '<table:table-cell table:number-columns-spanned="2"><text:p>租金</text:p></table:table-cell>'
        "<table:covered-table-cell/></table:table-row></table:table-header-rows>"
        '<table:table-row><table:table-cell table:number-rows-spanned="2"><text:p>振袖</text:p></table:table-cell>'
        '<table:table-cell table:number-columns-repeated="2"><text:p>300</text:p></table:table-cell></table:table-row>'
        "<table:table-row><table:covered-table-cell/><table:table-cell><text:p>280</text:p></table:table-cell>"
        "<table:table-cell><text:p>含税</text:p></table:table-cell></table:table-row>"
        '<table:table-row table:number-rows-repeated="60000"><table:table-cell table:number-columns-repeated="900"/>'
        "</table:table-row></table:table>",
    )
    assert [block.text for block in parse(path).blocks] == [
        "| 款式 | 租金 | 租金 |\n| --- | --- | --- |\n| 振袖 | 300 | 300 |\n| 振袖 | 280 | 含税 |"
    ]
    with pytest.raises(UnreadableFile, match="more than 4 cells"):
        parse(path, limits=Limits(max_cells=4))


def test_formulas_and_pictures(tmp_path: Path) -> None:
    file = BytesIO()
    Image.effect_noise((70, 50), 90).save(file, "JPEG")
    path = odt(
        tmp_path / "a.odt",
        '<text:p><draw:frame><draw:object xlink:href="./Object 1"/></draw:frame></text:p>'
        '<text:p><draw:frame><draw:image xlink:href="Pictures/a.jpg"/><svg:desc>红色振袖</svg:desc></draw:frame></text:p>'
        "<text:p>图 1 正面</text:p>",
        extra={"Object 1/content.xml": MATH.encode(), "Pictures/a.jpg": file.getvalue()},
    )
    document = parse(path, media_dir=tmp_path)
    assert [(block.kind, block.text) for block in document.blocks] == [
        ("formula", "\\frac{x}{2}\\le e^{x}"),
        ("image", "图 1 正面\n红色振袖"),
    ]
    assert [(media.figure, media.caption, media.mime) for media in document.media] == [
        ("图 1", "正面", "image/jpeg")
    ]


def test_what_no_reader_sees_stays_out(tmp_path: Path) -> None:
    path = odt(
        tmp_path / "a.odt",
        "<text:tracked-changes><text:changed-region><text:deletion><text:p>已删除</text:p></text:deletion>"
        "</text:changed-region></text:tracked-changes>"
        '<text:p>看得见<text:span text:style-name="T1">看不见一</text:span>'
        '<text:span text:style-name="T2">看不见二</text:span>'
        "<text:hidden-text>看不见三</text:hidden-text></text:p>",
        styles='<style:style style:name="T1"><style:text-properties text:display="none"/></style:style>'
        '<style:style style:name="T2"><style:text-properties fo:color="#ffffff"/></style:style>',
    )
    assert [block.text for block in parse(path).blocks] == ["看得见"]


def test_protection_macros_and_emptiness_have_reasons(tmp_path: Path) -> None:
    manifest = (
        '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"><manifest:file-entry>'
        "<manifest:encryption-data/></manifest:file-entry></manifest:manifest>"
    )
    locked = odt(tmp_path / "a.odt", "", extra={"META-INF/manifest.xml": manifest.encode()})
    with pytest.raises(UnreadableFile, match="password"):
        parse(locked)
    with pytest.raises(UnreadableFile, match="no text"):
        parse(odt(tmp_path / "b.odt", "<text:p/>"))
    found = sniff_file(odt(tmp_path / "c.odt", "", extra={"Basic/Standard/Module1.xml": b"<x/>"}))
    assert isinstance(found, Unsupported) and "macros" in found.found
