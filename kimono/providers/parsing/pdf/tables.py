"""Ruled tables of a PDF page."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pypdfium2 import PdfPage, PdfTextPage
from pypdfium2.raw import FPDF_PAGEOBJ_PATH

from kimono.providers.parsing.pdf.rules import missing_sides
from kimono.providers.parsing.tables import Grid, trimmed

if TYPE_CHECKING:
    from pdfplumber.pdf import PDF
    from pdfplumber.table import Table as Found

_FEWEST_PATHS, _MOST_PATHS = 3, 4000
# A longer text is a column of prose between two lines.
_LONGEST = 1500


@dataclass(slots=True)
class Table:
    """A table and its box in PDF points from the lower left corner."""

    grid: Grid
    left: float
    bottom: float
    right: float
    top: float


class TableFinder:
    """Finds ruled tables with pdfplumber, which is slow: pages without lines are not given to it, and time is limited."""

    def __init__(self, path: Path, password: str | None, seconds: float) -> None:
        self._path, self._password = path, password
        self._left = seconds
        self._document: PDF | None = None
        self.skipped: list[int] = []

    def tables(self, page: PdfPage, text: PdfTextPage, number: int) -> list[Table]:
        """Return the tables of a page, top to bottom; notes the page in `skipped` once the time is used up."""
        paths = sum(1 for _ in page.get_objects(filter=[FPDF_PAGEOBJ_PATH], max_depth=2))
        if not _FEWEST_PATHS <= paths <= _MOST_PATHS:
            return []
        if self._left <= 0:
            self.skipped.append(number)
            return []
        started = time.process_time()
        try:
            return self._found(page, text, number)
        finally:
            self._left -= time.process_time() - started

    def close(self) -> None:
        """Close the file if it was opened."""
        if self._document is not None:
            self._document.close()

    def _found(self, page: PdfPage, text: PdfTextPage, number: int) -> list[Table]:
        import pdfplumber

        if self._document is None:
            self._document = pdfplumber.open(self._path, password=self._password or "")
        sheet = self._document.pages[number - 1]
        try:
            sides = missing_sides(sheet)
            found = sheet.find_tables(
                {"explicit_vertical_lines": sides.upright, "explicit_horizontal_lines": sides.level}
            )
            tables = [self._table(table, page, text, float(sheet.height)) for table in found]
        finally:
            sheet.close()
        return sorted((table for table in tables if _is_table(table.grid)), key=lambda table: -table.top)

    def _table(self, found: "Found", page: PdfPage, text: PdfTextPage, height: float) -> Table:
        left, top, right, bottom = found.bbox
        grid = trimmed([[cell or "" for cell in row] for row in found.extract()])
        if any("(cid:" in cell for row in grid for cell in row) and page.get_rotation() == 0:
            # pdfplumber cannot read this font; PDFium can, and the page's two coordinate systems differ only in y.
            grid = trimmed(
                [
                    [
                        text.get_text_bounded(cell[0], height - cell[3], cell[2], height - cell[1])
                        if cell
                        else ""
                        for cell in row.cells
                    ]
                    for row in found.rows
                ]
            )
        return Table(grid, float(left), height - float(bottom), float(right), height - float(top))


def _is_table(grid: Grid) -> bool:
    """Tell whether a grid is a table and not a frame around text or the boxes of a form."""
    if len(grid) < 2 or len(grid[0]) < 2:
        return False
    if any(len(cell) > _LONGEST for row in grid for cell in row):
        return False
    filled = sum(bool(cell) for row in grid for cell in row)
    return filled * 3 >= len(grid) * len(grid[0]) and filled >= 3
