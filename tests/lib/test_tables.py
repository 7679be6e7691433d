"""Tables come back as they went, and no cell of them is a program."""

import io
import time
import zipfile
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from kimono.lib import tables

PAYLOADS = (
    "=1+1", "==1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =HYPERLINK(\"http://evil\")", "＝1+1", "＋1",
    "\u3000@x", "=cmd|'/c calc'!A0",
)  # fmt: skip
CELLS = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\x00\r"), max_size=30).filter(
    lambda text: bool(text.strip())
)


def rows_of(content: bytes, name: str) -> list[dict[str, str]]:
    return [row.cells for row in tables.read(content, name, most_rows=1000)]


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("format", ["csv", "xlsx"])
def test_no_cell_is_a_formula_and_each_comes_back(payload: str, format: tables.TableFormat) -> None:
    content = tables.write(["问题", "答案"], [[payload, "ok"]], format=format)
    assert rows_of(content, f"x.{format}") == [{"问题": payload, "答案": "ok"}]
    if format == "xlsx":
        cell = load_workbook(io.BytesIO(content)).worksheets[0]["A2"]
        assert cell.data_type == "s"
        assert str(cell.value).startswith("'")
    else:
        assert "'" in content.decode("utf-8-sig").split("\r\n", 1)[1][:2]


@given(CELLS)
def test_escaping_is_undone_exactly(text: str) -> None:
    assert tables.as_written(tables.harmless(text)) == text
    assert not tables.harmless(text).lstrip().startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠"))


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=4))
@settings(max_examples=40)
def test_csv_comes_back(rows: list[tuple[str, str]]) -> None:
    content = tables.write(["q", "a"], rows, format="csv")
    assert rows_of(content, "x.csv") == [{"q": question, "a": answer} for question, answer in rows]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_encodings_and_delimiters(encoding: str, delimiter: str) -> None:
    text = f"问题{delimiter}答案\r\n\r\n营业时间？{delimiter}九点到六点\r\n"
    rows = list(tables.read(text.encode(encoding), "x.csv", most_rows=10))
    assert [row.cells for row in rows] == [{"问题": "营业时间？", "答案": "九点到六点"}]
    assert (rows[0].line, rows[0].sheet) == (3, None)


def test_values_of_a_workbook_are_text() -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "表"
    for line in (["q", "n", "f"], [None, None, None], ["问", 3.0, 2.5]):
        sheet.append(line)
    buffer = io.BytesIO()
    book.save(buffer)
    rows = list(tables.read(buffer.getvalue(), "x.xlsx", most_rows=10))
    assert [(row.sheet, row.line, row.cells) for row in rows] == [
        ("表", 3, {"q": "问", "n": "3", "f": "2.5"})
    ]


def workbook(**parts: bytes) -> bytes:
    """Return a small workbook with some of its parts replaced."""
    book = Workbook()
    assert book.active is not None
    book.active.append(["q", "a"])
    book.active.append(["1", "2"])
    plain, broken = io.BytesIO(), io.BytesIO()
    book.save(plain)
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(broken, "w", zipfile.ZIP_DEFLATED) as new:
        for item in old.namelist():
            new.writestr(item, parts.pop(item, old.read(item)))
        for name, content in parts.items():
            new.writestr(name, content)
    return broken.getvalue()


SHEET = "xl/worksheets/sheet1.xml"
LOLS = (
    b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "' + b"x" * 100 + b'">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 40) for n in range(6))
    + b']><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1">'
    b'<c r="A1" t="inlineStr"><is><t>&g;</t></is></c></row></sheetData></worksheet>'
)  # fmt: skip
BROKEN: dict[str, Any] = {
    "not a table": b"\x00\x01\x02",
    "an old workbook by name": b"PK?",
    "cut off": workbook()[:-200],
    "another zip": b"PK\x03\x04 nothing",
    "broken sheet": workbook(**{SHEET: b"<worksheet><sheetData><row>"}),
    "no workbook": workbook(**{"xl/workbook.xml": b"<x/>"}),
    "entities": workbook(**{SHEET: LOLS}),
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_cannot_be_read_says_so(what: str) -> None:
    began = time.monotonic()
    with pytest.raises((tables.UnreadableTable, tables.TableBomb)):
        list(tables.read(BROKEN[what], "x.xlsx", most_rows=10))
    assert time.monotonic() - began < 20


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    bomb = workbook(**{"xl/media/big.bin": b"0" * 30_000_000})
    assert len(bomb) < 100_000
    with pytest.raises(tables.TableBomb):
        list(tables.read(bomb, "x.xlsx", most_rows=10))


def test_too_many_rows_or_cells() -> None:
    lines = "q,a\n" + "x,y\n" * 11
    with pytest.raises(tables.UnreadableTable, match="10 rows"):
        list(tables.read(lines.encode(), "x.csv", most_rows=10))
    far = b"".join(b'<row r="%d"><c r="XFD%d"><v>1</v></c></row>' % (n, n) for n in range(1, 41))
    sheet = (
        b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        + far + b"</sheetData></worksheet>"
    )  # fmt: skip
    with pytest.raises(tables.UnreadableTable, match="cells"):
        list(tables.read(workbook(**{SHEET: sheet}), "x.xlsx", most_rows=100))


def test_broken_csv_says_so() -> None:
    with pytest.raises(tables.UnreadableTable):
        list(tables.read(b'q,a\n"open', "x.csv", most_rows=10))
    with pytest.raises(tables.UnreadableTable):
        list(tables.read(b"\xff\xff\xff\x81\x20", "x.csv", most_rows=10))
