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
