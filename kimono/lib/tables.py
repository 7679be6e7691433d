"""Tables as files: rows out of CSV and XLSX, rows into CSV, XLSX and JSON, with formulas made harmless."""

import csv
import io
import json
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any, Literal

TableFormat = Literal["xlsx", "csv", "json"]
MIME = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "json": "application/json; charset=utf-8",
}
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
_MOST_UNPACKED = 500 * 1024 * 1024
_MOST_RATIO = 100


_MOST_CELLS = 500_000
# Names under which nobody sends a table of text; a made-up ending (.2026, .export) says nothing.
_OTHERS = (
    ".pdf .doc .docx .ppt .pptx .rtf .odt .odp .ods .epub .html .htm .xml .json .jsonl .md .eml"
    " .png .jpg .jpeg .gif .webp .zip .gz .7z .rar .exe"
)
_ENDINGS_OF_OTHERS = frozenset(_OTHERS.split())


class UnreadableTable(ValueError):
    """The file is not a table that can be read; the text says why."""


class NoTable(UnreadableTable):
    """The file is of another type; the text says which one it is not."""


class TableBomb(ValueError):
    """The file unpacks to far more than it weighs."""


@dataclass(frozen=True)
class Row:
    """One row of a file: `line` counts from 1 and the header is line 1; `cells` are text, keyed by the header."""

    sheet: str | None
    line: int
    cells: dict[str, str]


def harmless(value: str) -> str:
    """Return a cell that no spreadsheet runs: `'` before text that begins like a formula."""
    return f"'{value}" if _is_marked_or_runs(value) else value


def as_written(cell: str) -> str:
    """Return a cell with the mark of `harmless` taken off again."""
    return cell[1:] if cell.startswith("'") and _is_marked_or_runs(cell) else cell


def _is_marked_or_runs(value: str) -> bool:
    # A text that has the mark already gets another one, so that taking one off gives it back.
    bare = value.lstrip("'")
    return bare.lstrip().startswith(_FORMULA) or bare.startswith(("\t", "\r"))


def sniff(content: bytes, name: str) -> Literal["csv", "xlsx"]:
    """Return what a file is, by content before name. Raises `NoTable` for anything but CSV and XLSX."""
    if content[:4] == b"PK\x03\x04":
        return "xlsx"
    binary = b"\x00" in content[:1024] and content[:2] not in (b"\xff\xfe", b"\xfe\xff")
    if binary or content[:5] == b"%PDF-":
        raise NoTable("The file is neither CSV nor XLSX.")
    ending = PurePosixPath(name.lower()).suffix
    if ending in (".xlsx", ".xls"):
        raise NoTable("The file is not an XLSX workbook.")
    if ending in _ENDINGS_OF_OTHERS:
        raise NoTable(f"The file is called {ending[1:]} and is no table of that type.")
    return "csv"


def read(content: bytes, name: str, *, most_rows: int) -> Iterator[Row]:
    """Yield the rows of a CSV (UTF-8, UTF-16, GB18030) or XLSX file, empty ones left out.

    Raises `NoTable` for another type, `UnreadableTable` for a damaged one, `TableBomb`; more than `most_rows` rows is
    unreadable too.
    """
    rows = _xlsx(content) if sniff(content, name) == "xlsx" else _csv(content)
    for count, row in enumerate(rows, start=1):
        if count > most_rows:
            raise UnreadableTable(f"The file has more than {most_rows} rows.")
        yield row


def _csv(content: bytes) -> Iterator[Row]:
    text = decode(content)
    sample = text[:4096]
    delimiter = max(",;\t", key=lambda mark: sample.split("\n", 1)[0].count(mark))
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise UnreadableTable(f"The CSV is broken: {error}.") from None
    yield from _rows(None, lines)


def decode(content: bytes) -> str:
    """Return the text of a file in UTF-8, UTF-16 or GB18030. Raises `UnreadableTable`."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", errors="replace")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise UnreadableTable("The file is neither UTF-8 nor GB18030.")


def _xlsx(content: bytes) -> Iterator[Row]:
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    _check_archive(content)
    try:
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    except (InvalidFileException, KeyError, ValueError, OSError, SyntaxError, zipfile.BadZipFile, zlib.error):
        raise UnreadableTable("The workbook cannot be read.") from None
    if not book.worksheets:
        raise UnreadableTable("The workbook has no sheet.")
    for sheet in book.worksheets:
        # The dimension that a file declares may lie.
        sheet.reset_dimensions()
        yield from _rows(sheet.title, _lines_of(sheet))


def _lines_of(sheet: Any) -> Iterator[list[Any]]:
    cells = 0
    try:
        for line in sheet.iter_rows(values_only=True):
            cells += len(line)
            if cells > _MOST_CELLS:
                raise UnreadableTable(f"A sheet has more than {_MOST_CELLS} cells.")
            yield list(line)
    except (zipfile.BadZipFile, zlib.error, KeyError, SyntaxError, EOFError, OSError, TypeError) as error:
        raise UnreadableTable(f"The workbook is damaged: {type(error).__name__}.") from None


def _check_archive(content: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            unpacked = sum(item.file_size for item in archive.infolist())
            names = archive.namelist()
    except zipfile.BadZipFile:
        raise UnreadableTable("The workbook is damaged.") from None
    if unpacked > _MOST_UNPACKED or unpacked > _MOST_RATIO * max(len(content), 10_000):
        raise TableBomb("The workbook unpacks to far more than it weighs.")
    if not any(name.startswith("xl/") for name in names):
        raise NoTable("The file is not an XLSX workbook.")


def _rows(sheet: str | None, lines: Iterable[Sequence[Any]]) -> Iterator[Row]:
    header: list[str] | None = None
    for number, line in enumerate(lines, start=1):
        cells = [_text(value) for value in line]
        if not any(cells):
            continue
        if header is None:
            header = [cell.strip() for cell in cells]
            continue
        named = {name: as_written(value) for name, value in zip(header, cells, strict=False) if name}
        yield Row(sheet=sheet, line=number, cells=named)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    return str(value)


def write(headers: Sequence[str], rows: Iterable[Sequence[Any]], *, format: TableFormat) -> bytes:
    """Return a file with these columns; JSON is a list of objects keyed by header, values as they are."""
    if format == "json":
        items = [dict(zip(headers, row, strict=True)) for row in rows]
        return json.dumps(items, ensure_ascii=False, default=str).encode()
    if format == "csv":
        buffer = io.StringIO(newline="")
        writer = csv.writer(buffer)
        writer.writerow(headers)
        writer.writerows([_cell(value) for value in row] for row in rows)
        return ("\ufeff" + buffer.getvalue()).encode()
    return _workbook(headers, rows)


def _cell(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        value = "；".join(str(item) for item in value)
    return harmless(_text(value))


def _workbook(headers: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    book = Workbook(write_only=True)
    sheet = book.create_sheet("Sheet1")
    for row in [headers, *rows]:
        cells = []
        for value in row:
            cell = WriteOnlyCell(sheet, value=ILLEGAL_CHARACTERS_RE.sub("", _cell(value)))
            # openpyxl takes any text that starts with `=` for a formula, whatever stands before it in the file.
            cell.data_type = "s"
            cells.append(cell)
        sheet.append(cells)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()
