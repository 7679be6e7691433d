"""Excel workbooks: all sheets, merged cells, the values that formulas had when the file was saved."""

import datetime
import re
from collections.abc import Iterator
from typing import Any
from zipfile import ZipFile

from defusedxml.ElementTree import iterparse

from kimono.providers.parsing.errors import UnreadableFile
from kimono.providers.parsing.regions import add_tables
from kimono.providers.parsing.registry import Request
from kimono.providers.parsing.shapes import Draft

Grid = dict[tuple[int, int], str]
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_RANGE = re.compile(r"([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})")
_DEFAULT_NAME = re.compile(r"(?:sheet|工作表)\s*\d*", re.IGNORECASE)
_CURRENCY = re.compile(r"\[\$([^\]-]*)|\"([¥￥$€£])\"|([¥￥$€£])")
_DECIMALS = re.compile(r"0\.(0+)")
# Values of a merged cell are repeated at most this far, so that one merge of a whole sheet costs nothing.
_MERGE_LIMIT = 2000


def parse(request: Request, draft: Draft) -> None:
    """Add the tables of every sheet, hidden ones too; a sheet's name is a heading unless it says nothing.

    A workbook that openpyxl cannot open is read with calamine, which knows no number formats.
    """
    try:
        sheets = list(_with_openpyxl(request, draft))
    except (UnreadableFile, MemoryError):
        raise
    except Exception:
        draft.errors.clear()
        sheets = list(_with_calamine(request))
    _add(sheets, draft)


def parse_legacy(request: Request, draft: Draft) -> None:
    """Add the tables of a workbook of the old format (xls)."""
    from python_calamine import CalamineError, PasswordError

    try:
        sheets = list(_with_calamine(request))
    except PasswordError as error:
        raise UnreadableFile("the file is protected by a password; save it without one") from error
    except CalamineError as error:
        if "password" in str(error).lower() or "encrypt" in str(error).lower():
            raise UnreadableFile("the file is protected by a password; save it without one") from error
        raise UnreadableFile(
            "the workbook is damaged or of a version before Excel 97; save it as xlsx"
        ) from error
    _add(sheets, draft)


def _add(sheets: list[tuple[str, Grid]], draft: Draft) -> None:
    filled = [(name, cells) for name, cells in sheets if cells]
    draft.page_count = len(sheets)
    for name, cells in filled:
        if len(filled) > 1 or not _DEFAULT_NAME.fullmatch(name.strip()):
            draft.heading(name, 1)
        add_tables(cells, draft)
    if not filled:
        raise UnreadableFile("the workbook has no filled cell")


def display(value: object, number_format: str = "General") -> str:
    """Return a cell's value as the sheet shows it: percent, currency, decimals, thousands and dates by its format."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, datetime.datetime):
        return (
            value.isoformat(" ", "minutes") if value.time() != datetime.time() else value.date().isoformat()
        )
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, datetime.time):
        return value.isoformat("minutes")
    if isinstance(value, int | float):
        return _number(float(value), number_format.split(";")[0])
    text = str(value)
    return "" if text.startswith("#") and text.rstrip("!?").upper() in _ERRORS else text


_ERRORS = frozenset({"#N/A", "#REF", "#VALUE", "#DIV/0", "#NAME", "#NUM", "#NULL", "#SPILL", "#CALC"})


def _number(value: float, number_format: str) -> str:
    decimals = _DECIMALS.search(number_format)
    places = len(decimals.group(1)) if decimals else 0
    if "%" in number_format:
        return f"{value * 100:.{places}f}%"
    if number_format in ("General", "@", "") or "0" not in number_format:
        return str(int(value)) if value == int(value) and abs(value) < 1e15 else f"{value:.12g}"
    found = _CURRENCY.search(number_format)
    symbol = next((group for group in found.groups() if group), "") if found else ""
    comma = "," if "#,##0" in number_format or "0,0" in number_format else ""
    return f"{'-' if value < 0 else ''}{symbol}{abs(value):{comma}.{places}f}"


def _with_openpyxl(request: Request, draft: Draft) -> Iterator[tuple[str, Grid]]:
    from openpyxl import load_workbook

    book = load_workbook(request.path, read_only=True, data_only=True, keep_links=False)
    left = request.limits.max_cells
    try:
        sheets = [sheet for sheet in book.worksheets if hasattr(sheet, "reset_dimensions")]
        for done, sheet in enumerate(sheets):
            # The declared size of a sheet may be wrong: without this, cells outside it would be missed.
            sheet.reset_dimensions()
            cells: Grid = {}
            for row in sheet.iter_rows():
                for cell in row:
                    if text := display(cell.value, getattr(cell, "number_format", "General") or "General"):
                        cells[int(cell.row or 0), int(cell.column or 0)] = text.strip()
                if len(cells) > left:
                    raise UnreadableFile(
                        f"the workbook has more than {request.limits.max_cells} filled cells",
                        sheet=sheet.title,
                    )
            left -= len(cells)
            # openpyxl keeps the member's name of a sheet opened for reading only in this attribute.
            _complete(request, str(getattr(sheet, "_worksheet_path", "")), sheet.title, cells, draft)
            request.progress(done + 1, len(sheets))
            yield sheet.title, {place: text for place, text in cells.items() if text}
    finally:
        book.close()


def _complete(request: Request, member: str, sheet: str, cells: Grid, draft: Draft) -> None:
    """Spread merged cells over their ranges, and note formulas that were saved without their values."""
    merges: list[tuple[int, int, int, int]] = []
    missing: list[int] = []
    with ZipFile(request.path) as archive, archive.open(member) as file:
        for _, element in iterparse(file, forbid_dtd=True):
            if element.tag == f"{_MAIN}mergeCell" and (found := _RANGE.fullmatch(element.get("ref", ""))):
                left, top, right, bottom = found.groups()
                merges.append((int(top), _column(left), int(bottom), _column(right)))
            elif element.tag == f"{_MAIN}c":
                if element.find(f"{_MAIN}f") is not None and not element.findtext(f"{_MAIN}v"):
                    missing.append(int("".join(filter(str.isdigit, element.get("r", "0"))) or 0))
                element.clear()
            elif element.tag == f"{_MAIN}row":
                element.clear()
    for merge in merges:
        _spread(cells, *merge)
    if missing:
        draft.problem(
            "no_cached_value",
            f"{len(missing)} formulas of sheet {sheet} were saved without their values; open and save the file in Excel",
            sheet=sheet,
            row=missing[0],
        )


def _spread(cells: Grid, top: int, left: int, bottom: int, right: int) -> None:
    """Repeat a merged value in its range; one that runs across everything beside it is a title and stays single."""
    value = cells.get((top, left))
    if not value or (bottom - top + 1) * (right - left + 1) > _MERGE_LIMIT:
        return
    if top == bottom and not any(row == top and not left <= column <= right for row, column in cells):
        return
    for row in range(top, bottom + 1):
        for column in range(left, right + 1):
            cells.setdefault((row, column), value)


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def _with_calamine(request: Request) -> Iterator[tuple[str, Grid]]:
    from python_calamine import CalamineWorkbook

    book = CalamineWorkbook.from_path(str(request.path))
    left = request.limits.max_cells
    for done, name in enumerate(book.sheet_names):
        sheet = book.get_sheet_by_name(name)
        top, column = sheet.start or (0, 0)
        cells: Grid = {}
        for r, row in enumerate(_calamine_rows(sheet)):
            cells.update(
                {
                    (top + r + 1, column + c + 1): text
                    for c, value in enumerate(row)
                    if (text := display(value).strip())
                }
            )
            if len(cells) > left:
                raise UnreadableFile(
                    f"the workbook has more than {request.limits.max_cells} filled cells", sheet=name
                )
        for (row_1, column_1), (row_2, column_2) in sheet.merged_cell_ranges or []:
            _spread(cells, row_1 + 1, column_1 + 1, row_2 + 1, column_2 + 1)
        left -= len(cells)
        request.progress(done + 1, len(book.sheet_names))
        yield name, cells


def _calamine_rows(sheet: Any) -> Iterator[list[Any]]:
    yield from sheet.to_python(skip_empty_area=True)
