from pathlib import Path

import pypdfium2
import pytest

from kimono.providers.parsing import Limits, UnreadableFile, parse
from tests.providers.parsing.writers import pdf

BODY = [
    "You may return an item within seven days of its delivery if it has not",
    "been worn and still has its label. We then pay the price back to the card",
    "that was used for the order.",
]


def page_of(number: int, heading: str) -> list[tuple[str, float, float, float]]:
    lines: list[tuple[str, float, float, float]] = [
        ("Kimono Rental Handbook", 9, 72, 760),
        (f"Page {number} of 3", 9, 280, 30),
        (heading, 18, 72, 700),
    ]
    return lines + [(f"{text}", 11, 72, 670 - 14 * index) for index, text in enumerate(BODY)]


def test_headings_paragraphs_and_pages(tmp_path: Path) -> None:
    path = pdf(
        tmp_path / "a.pdf",
        [page_of(n, title) for n, title in enumerate(["Returns", "Refunds", "Deposits"], 1)],
    )
    parsed = parse(path)
    assert parsed.page_count == 3 and parsed.language == "en"
    assert [(b.kind, b.text, b.page) for b in parsed.blocks] == [
        pair
        for number, title in enumerate(["Returns", "Refunds", "Deposits"], 1)
        for pair in (("heading", title, number), ("text", " ".join(BODY), number))
    ]
    assert parsed.blocks[-1].section_path == ("Deposits",)


def test_ruled_tables_become_markdown_in_their_place(tmp_path: Path) -> None:
    rules = "".join(f"72 {y} m 372 {y} l S\n" for y in (600, 620, 640)) + "".join(
        f"{x} 600 m {x} 640 l S\n" for x in (72, 222, 372)
    )
    lines = [("Prices of this season are below.", 11, 72, 660)]
    lines += [
        ("Style", 11, 80, 626),
        ("Price", 11, 230, 626),
        ("Furisode", 11, 80, 606),
        ("300", 11, 230, 606),
    ]
    lines += [("All prices are per day and include the belt.", 11, 72, 570)]
    parsed = parse(
        pdf(tmp_path / "a.pdf", [[(t, float(s), float(x), float(y)) for t, s, x, y in lines]], drawing=rules)
    )
    assert [(b.kind, b.text) for b in parsed.blocks] == [
        ("text", "Prices of this season are below."),
        ("table", "| Style | Price |\n| --- | --- |\n| Furisode | 300 |"),
        ("text", "All prices are per day and include the belt."),
    ]


def test_chinese_text_headings_and_tables(tmp_path: Path) -> None:
    rules = "".join(f"72 {y} m 372 {y} l S\n" for y in (500, 520, 540)) + "".join(
        f"{x} 500 m {x} 540 l S\n" for x in (72, 222, 372)
    )
    lines = [
        ("和服租借指南", 20.0, 72.0, 740.0),
        ("签收后七天之内可以无理由退货，退货产生的运费由客户自己承", 11.0, 72.0, 700.0),
        ("担，请您务必保留发票与吊牌。", 11.0, 72.0, 684.0),
        ("定制的商品不退不换。", 11.0, 72.0, 650.0),
        ("款式", 11.0, 80.0, 526.0),
        ("租金", 11.0, 230.0, 526.0),
        ("振袖", 11.0, 80.0, 506.0),
        ("三百元", 11.0, 230.0, 506.0),
    ]
    parsed = parse(pdf(tmp_path / "a.pdf", [lines], drawing=rules))
    assert parsed.language == "zh"
    assert [(b.kind, b.text) for b in parsed.blocks] == [
        ("heading", "和服租借指南"),
        ("text", "签收后七天之内可以无理由退货，退货产生的运费由客户自己承担，请您务必保留发票与吊牌。"),
        ("text", "定制的商品不退不换。"),
        ("table", "| 款式 | 租金 |\n| --- | --- |\n| 振袖 | 三百元 |"),
    ]


def test_an_empty_page_is_no_scan(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="no text"):
        parse(pdf(tmp_path / "a.pdf", [[]]))


def test_a_sentence_runs_on_over_the_page(tmp_path: Path) -> None:
    first = [("Items that were rented for a wedding can be given back on the", 11.0, 72.0, 700.0)]
    second = [("following Monday without any further costs.", 11.0, 72.0, 700.0)]
    (block,) = parse(pdf(tmp_path / "a.pdf", [first, second])).blocks
    assert block.text.endswith("back on the following Monday without any further costs.") and block.page == 1


def test_a_password_is_named(tmp_path: Path) -> None:
    path = pdf(tmp_path / "a.pdf", [[("secret", 11, 72, 700)]])
    lock = b"/Encrypt << /Filter /Standard /V 1 /R 2 /O <%s> /U <%s> /P -4 >> /ID [<00> <00>]" % (
        b"41" * 32,
        b"42" * 32,
    )
    path.write_bytes(path.read_bytes().replace(b"/Root 1 0 R", b"/Root 1 0 R " + lock))
    with pytest.raises(UnreadableFile, match="password"):
        parse(path)


def test_too_many_pages_are_refused(tmp_path: Path) -> None:
    path = pdf(tmp_path / "a.pdf", [[("x", 11, 72, 700)]] * 6)
    with pytest.raises(UnreadableFile, match="6 pages; at most 5"):
        parse(path, limits=Limits(max_pages=5))


def test_progress_is_told_page_by_page(tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    parse(
        pdf(tmp_path / "a.pdf", [page_of(1, "A"), page_of(2, "B")]),
        on_progress=lambda *step: steps.append(step),
    )
    assert steps == [(1, 2), (2, 2)]


@pytest.mark.parametrize("damage", ["cut", "zeros"])
def test_damage_is_refused_in_words(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(b"%PDF-1.4\n" + (b"1 0 obj << /Type" if damage == "cut" else b"\x00" * 500))
    with pytest.raises(UnreadableFile, match="damaged"):
        parse(path)


def test_pdfium_itself_reads_what_the_tests_write(tmp_path: Path) -> None:
    document = pypdfium2.PdfDocument(pdf(tmp_path / "a.pdf", [page_of(1, "A")]))
    assert "Kimono Rental Handbook" in document[0].get_textpage().get_text_bounded()
