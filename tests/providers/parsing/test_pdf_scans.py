"""Scanned pages: read where Tesseract is, named page by page where it is not."""

import zlib
from pathlib import Path

import pytest

from kimono.providers.parsing import Limits, UnreadableFile, parse
from tests.providers.parsing.scanned import needs_ocr, scan
from tests.providers.parsing.writers import pdf, pdf_picture

TEXT = [("The only page with text on it.", 11.0, 72.0, 700.0)]


@pytest.fixture
def without_ocr(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.mark.usefixtures("without_ocr")
def test_scanned_pages_are_named_one_by_one(tmp_path: Path) -> None:
    parsed = parse(pdf(tmp_path / "a.pdf", [TEXT], unreadable=2))
    assert [(e.code, e.page) for e in parsed.errors] == [("no_text_layer", 2), ("no_text_layer", 3)]
    assert all("install tesseract-ocr" in problem.message for problem in parsed.errors)
    assert [b.text for b in parsed.blocks] == [TEXT[0][0]]


@pytest.mark.usefixtures("without_ocr")
def test_a_scan_alone_is_refused_and_says_which_pages_and_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match=r"pages 1–3 without a text layer .*tesseract") as refusal:
        parse(pdf(tmp_path / "a.pdf", [], unreadable=3))
    assert refusal.value.page == 1


@needs_ocr
def test_a_scanned_page_is_read_in_its_place(tmp_path: Path) -> None:
    picture = scan(
        ["Deposits are returned on the", "day after the kimono came back", "", "Please bring the receipt"]
    )
    parsed = parse(pdf(tmp_path / "a.pdf", [TEXT], unreadable=1, picture=picture))
    assert parsed.errors == () and parsed.page_count == 2
    text = {block.text: block.page for block in parsed.blocks}
    assert text == {
        TEXT[0][0]: 1,
        "Deposits are returned on the day after the kimono came back": 2,
        "Please bring the receipt": 2,
    }


@needs_ocr
def test_pages_that_say_nothing_or_come_too_late_are_named(tmp_path: Path) -> None:
    blank = pdf_picture(100, 100, zlib.compress(b"\xff" * 10_000))
    parsed = parse(pdf(tmp_path / "a.pdf", [TEXT], unreadable=1, picture=blank))
    assert [(e.code, e.page) for e in parsed.errors] == [("no_text_found", 2)]
    late = parse(pdf(tmp_path / "b.pdf", [TEXT], unreadable=1), limits=Limits(ocr_seconds=0))
    assert [(e.code, e.page) for e in late.errors] == [("ocr_time", 2)]
    with pytest.raises(UnreadableFile, match="no text could be read on page 1"):
        parse(pdf(tmp_path / "c.pdf", [], unreadable=1, picture=blank))


@needs_ocr
def test_an_image_of_too_many_pixels_is_not_drawn(tmp_path: Path) -> None:
    packed = zlib.compressobj()
    data = b"".join(packed.compress(bytes(1_000_000)) for _ in range(8)) + packed.flush()
    path = pdf(tmp_path / "a.pdf", [TEXT], unreadable=1, picture=pdf_picture(100_000, 100_000, data))
    parsed = parse(path)
    assert [(e.code, e.page) for e in parsed.errors] == [("image_too_large", 2)]


INVISIBLE = "BT /F1 12 Tf 3 Tr 72 600 Td (Written in no ink) Tj ET "
WHITE = "BT /F1 12 Tf 1 1 1 rg 72 600 Td (Written in white) Tj ET "


@pytest.mark.parametrize(
    ("drawing", "shown"),
    [
        (INVISIBLE, False),
        (WHITE, False),
        ("0.1 0.2 0.4 rg 60 590 300 30 re f " + WHITE, True),
        ("q 500 0 0 700 50 50 cm /P1 Do Q " + INVISIBLE, True),
        ("q 500 0 0 700 50 50 cm /P1 Do Q " + WHITE, True),
    ],
    ids=["invisible", "white", "white on dark", "invisible over a scan", "white over a scan"],
)
def test_words_that_leave_no_trace_stay_out_and_the_layer_over_a_scan_does_not(
    tmp_path: Path, drawing: str, shown: bool
) -> None:
    page = scan([f"Line {number} of a page that was scanned" for number in range(20)])
    path = pdf(
        tmp_path / "a.pdf",
        [[("Seen by everybody.", 12, 72, 740)]],
        drawing=drawing + "0 Tr 0 0 0 rg ",
        picture=page,
    )
    text = " ".join(block.text for block in parse(path).blocks)
    assert "Seen by everybody." in text
    assert ("Written in" in text) is shown
