"""Files that others made: each is read, or refused with a reason that a person understands."""

import json
import os
import re
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from kimono.providers.parsing import Limits, ParseError, parse, sniff_file
from knowledge.services.chunking import assemble

FOLDER = Path(
    os.environ.get("KIMONO_SAMPLE_FILES", Path(__file__).resolve().parents[4] / "shared/data/docs_mixed")
)
needs_ocr = pytest.mark.skipif(shutil.which("tesseract") is None, reason="tesseract is not installed")
FILES = sorted(FOLDER.iterdir()) if FOLDER.is_dir() else []
pytestmark = pytest.mark.skipif(
    not FILES, reason="the folder of sample files (KIMONO_SAMPLE_FILES) is not there"
)


@pytest.mark.parametrize(
    "path", [path for path in FILES if path.suffix != ".json"], ids=lambda path: path.name
)
def test_it_is_read_or_refused_with_a_reason(path: Path) -> None:
    try:
        parsed = parse(path, limits=Limits(ocr_seconds=5))
    except ParseError as error:
        assert error.code in ("unreadable_file", "unsupported_media_type") and len(error.message) > 10
        return
    version = assemble(parsed)
    assert version.chunks
    covered = "".join(version.text[chunk.start : chunk.end] for chunk in version.chunks)
    assert all(line.strip() in covered for line in version.text.splitlines() if len(line) < 100)


def found(name: str) -> Path:
    path = FOLDER / name
    if not path.is_file():
        pytest.skip(f"{name} is not in the folder of sample files")
    return path


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("unstructured__password_protected.xlsx", "password"),
        ("unstructured__empty.txt", "empty"),
    ],
)
def test_refusals_say_why(name: str, words: str) -> None:
    with pytest.raises(ParseError, match=words):
        parse(found(name))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("unstructured__copy-protected.pdf", "LayoutParser provides a unified toolkit"),
        ("unstructured__rotated-page-90.pdf", "Second line of text here"),
        ("unstructured__korean-text-with-tables.pdf", "| 제과점 | 파리바게뜨, 뚜레쥬르 |"),
        ("unstructured__fake-doc.rtf", "| Row 2, Cell 1 | Row 2, Cell 2 |"),
        ("docling__powerpoint_sample.pptx", "Some notes on the second slide."),
        ("unstructured__fake-memo.pdf", "20,000 bottles of water, 10,000 blankets, and 200 laptops"),
        ("unstructured__korean-text-with-tables.pdf", "적립 제외 대상"),
        ("docling__word_sample.docx", "| Berries | Blueberry, Strawberry, Cranberry | 150 |"),
        ("unstructured__stanley-cups-utf-16.csv", "| Maple Leafs | TOR | 13 |"),
        ("unstructured__semicolon-delimited.csv", "| Lorem, ipsum | dolor sit | amet |"),
        ("unstructured__2023-half-year-analyses-by-segment.xlsx", "| Zone NA | 12,553 | 2,713 | 2,632 |"),
        ("MinerU__docx_01.docx", "\\sqrt{b^{2}-4ac}"),
    ],
)
def test_what_matters_is_in_the_text(name: str, words: str) -> None:
    assert words in assemble(parse(found(name))).text


@needs_ocr
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("unstructured__loremipsum-flat.pdf", "consectetur adipiscing"),
        ("Langchain-Chatchat__ocr_test.pdf", "横向文本框"),
        ("Langchain-Chatchat__ocr_test.docx", "横向文本框"),
    ],
)
def test_what_only_a_picture_says_is_read(name: str, words: str) -> None:
    assert words in assemble(parse(found(name))).text


def words_of(text: str) -> Counter[str]:
    return Counter(re.findall(r"[a-z0-9]+|[\u3400-\u9fff]", text.lower()))


@pytest.mark.parametrize(
    "twin", [path for path in FILES if path.name.endswith(".docling.md")], ids=lambda path: path.name
)
def test_nearly_all_words_and_all_cells_that_others_find_are_found(twin: Path) -> None:
    text = assemble(parse(found(twin.name.removesuffix(".docling.md")))).text
    expected = re.sub(r"<!--.*?-->", "", twin.read_text(encoding="utf-8"), flags=re.DOTALL)
    wanted, have = words_of(expected), words_of(text)
    assert (wanted - have).total() <= 0.05 * wanted.total()
    tables = " ".join(line for line in text.splitlines() if line.startswith("|"))
    for line in expected.splitlines():
        if line.startswith("|") and not set(line) <= set("|-: "):
            for cell in filter(None, map(str.strip, line.strip("|").split("|"))):
                assert " ".join(cell.split()) in tables


def test_scripts_and_menus_stay_out() -> None:
    text = assemble(parse(found("unstructured__example-with-scripts.html"))).text
    assert "function(" not in text and "{" not in text[:2000]


def test_headers_and_footers_stay_out() -> None:
    assert assemble(parse(found("unstructured__docx-hdrftr.docx"))).text == "Main document"


def test_every_file_of_a_supported_type_is_known() -> None:
    entries: list[dict[str, Any]] = json.loads(found("manifest.json").read_text(encoding="utf-8"))
    for entry in entries:
        path = FOLDER / entry["file"]
        if path.is_file():
            assert sniff_file(path).value == entry["format"]  # type: ignore[union-attr]
