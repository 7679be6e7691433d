"""Tables as grids of text, and grids as Markdown."""

import re
from collections.abc import Sequence

Grid = list[list[str]]
_SPACE = re.compile(r"\s+")


def trimmed(rows: Sequence[Sequence[str]]) -> Grid:
    """Return the rows as a rectangle with cells on one line each, without rows and columns that are empty throughout."""
    width = max((len(row) for row in rows), default=0)
    grid = [[_SPACE.sub(" ", cell).strip() for cell in row] + [""] * (width - len(row)) for row in rows]
    grid = [row for row in grid if any(row)]
    kept = [column for column in range(width) if any(row[column] for row in grid)]
    return [[row[column] for column in kept] for row in grid]


def to_markdown(rows: Sequence[Sequence[str]], *, header: bool = True) -> str:
    """Return the rows as a Markdown table whose first row is the header; empty when no cell has text.

    Without `header` the columns get an empty header row, so that no row of values is taken for one. A grid of a single
    cell is not a table: its text is returned as it is.
    """
    grid = trimmed(rows)
    if not grid:
        return ""
    if len(grid) == 1 and len(grid[0]) == 1:
        return grid[0][0]
    if not header:
        grid.insert(0, [""] * len(grid[0]))
    lines = [_line(grid[0]), "|" + " --- |" * len(grid[0])]
    return "\n".join(lines + [_line(row) for row in grid[1:]])


def spread(cells: Sequence[Sequence[tuple[str, int, int]]]) -> Grid:
    """Return the grid of rows of (text, columns, rows) cells, as HTML and Word describe tables with merged cells.

    A cell over several rows is repeated in each, so that every row can be read by itself; over several columns it is
    repeated as well, except when it fills its whole row, which then is a title and stands once.
    """
    grid: Grid = []
    waiting: dict[int, tuple[str, int]] = {}
    for row in cells:
        line: list[str] = []
        for text, columns, rows in row:
            _fill(line, waiting)
            for _ in range(max(1, min(columns, 200))):
                if rows > 1:
                    waiting[len(line)] = text, rows - 1
                line.append(text)
        _fill(line, waiting)
        grid.append(line)
    width = max((len(line) for line in grid), default=0)
    return [_once(line, row, width) for line, row in zip(grid, cells, strict=True)]


def _fill(line: list[str], waiting: dict[int, tuple[str, int]]) -> None:
    """Append to `line` the cells of earlier rows that reach down into it at its present end."""
    while len(line) in waiting:
        column = len(line)
        text, left = waiting.pop(column)
        if left > 1:
            waiting[column] = text, left - 1
        line.append(text)


def _once(line: list[str], row: Sequence[tuple[str, int, int]], width: int) -> list[str]:
    return [row[0][0]] if len(row) == 1 and len(line) == width > 1 and row[0][1] >= width else line


def _line(row: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"
