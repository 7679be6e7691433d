"""Find the tables on a sheet: people put several on one, with titles above, notes below and gaps between."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from kimono.providers.parsing.shapes import Draft
from kimono.providers.parsing.tables import Grid, to_markdown

Cells = Mapping[tuple[int, int], str]
_NUMBER = re.compile(
    r"[-–—*.]{1,3}|n/a|[-+(]?\s*[¥￥$€£]?\s*\d[\d,.]*\s*(?:[%‰)]|[a-zA-Z一-鿿]{1,2})?|\d{4}-\d\d-\d\d.*|\d\d?:\d\d.*"
)


@dataclass(slots=True)
class _Region:
    """A rectangle of cells: row and column numbers in use, in order."""

    rows: list[int]
    columns: list[int]


def add_tables(cells: Cells, draft: Draft) -> None:
    """Add the tables of a sheet to `draft`, top to bottom; cells are (row, column) → text, without the empty ones.

    Blank rows and columns part tables, unless what follows plainly goes on with the one before: a spacer column between
    numbers, a blank line between entries. A row of one cell above a table is its title, one below a note.
    """
    for region in _regions(cells):
        _add(_grid(cells, region), draft)


def _regions(cells: Cells) -> Iterator[_Region]:
    """Yield regions parted by blank rows, then by blank columns; those that continue their upper neighbour joined."""
    waiting: _Region | None = None
    for rows in _runs(sorted({row for row, _ in cells})):
        inside = set(rows)
        columns = sorted({column for row, column in cells if row in inside})
        pieces = _parted(cells, rows, _runs(columns))
        if len(pieces) == 1 and waiting and _continues(cells, waiting, pieces[0]):
            waiting = _Region(waiting.rows + pieces[0].rows, sorted({*waiting.columns, *pieces[0].columns}))
            continue
        if waiting:
            yield waiting
            waiting = None
        if len(pieces) == 1:
            waiting = pieces[0]
        else:
            for piece in pieces:
                kept = {(r, c): cells[r, c] for r in piece.rows for c in piece.columns if (r, c) in cells}
                yield from [piece] if len(_runs(sorted({r for r, _ in kept}))) == 1 else _regions(kept)
    if waiting:
        yield waiting


def _runs(numbers: list[int]) -> list[list[int]]:
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return runs


def _parted(cells: Cells, rows: list[int], groups: list[list[int]]) -> list[_Region]:
    """Return one region for each group of columns that is a table of its own; others are joined to their left one."""
    pieces = [_Region(rows, list(groups[0]))]
    for group in groups[1:]:
        if _alone(cells, rows, group) and _alone(cells, rows, pieces[-1].columns):
            pieces.append(_Region(rows, list(group)))
        else:
            pieces[-1].columns.extend(group)
    for piece in pieces:
        piece.rows = [row for row in rows if any((row, column) in cells for column in piece.columns)]
    return pieces


def _alone(cells: Cells, rows: list[int], columns: list[int]) -> bool:
    """Tell whether columns could be a table: two at least, two rows, and words rather than numbers in the first."""
    used = [row for row in rows if any((row, column) in cells for column in columns)]
    labels = [cells[row, columns[0]] for row in used if (row, columns[0]) in cells]
    words = sum(not _NUMBER.fullmatch(label) for label in labels)
    return len(columns) >= 2 and len(used) >= 2 and words * 2 > len(labels) > 1


def _continues(cells: Cells, above: _Region, below: _Region) -> bool:
    """Tell whether rows after a gap belong to the table above: same columns, and no header or title of their own."""
    if len(above.rows) < 2 or not set(below.columns) <= set(above.columns) or len(below.columns) < 2:
        return False
    first = [cells[below.rows[0], column] for column in below.columns if (below.rows[0], column) in cells]
    if len(first) < 2:
        return False
    if any(_NUMBER.fullmatch(text) for text in first):
        return True
    under = [
        cells[row, column] for row in below.rows[1:] for column in below.columns[1:] if (row, column) in cells
    ]
    numbers = sum(bool(_NUMBER.fullmatch(text)) for text in under)
    header = {cells[above.rows[0], column] for column in above.columns if (above.rows[0], column) in cells}
    repeated = sum(text in header for text in first) * 2 >= len(first)
    return not repeated and numbers * 2 <= len(under)


def _grid(cells: Cells, region: _Region) -> Grid:
    return [[cells.get((row, column), "") for column in region.columns] for row in region.rows]


def _add(grid: Grid, draft: Draft) -> None:
    """Add one region: leading and trailing rows of a single text as text, the rest as a table."""
    start, end = 0, len(grid)
    if len(grid[0]) == 1:
        draft.add("text", "\n".join(row[0] for row in grid))
        return
    while start < end and _single(grid[start]):
        start += 1
    while end - 1 > start and _single(grid[end - 1]) and not _is_label(grid, end - 1):
        end -= 1
    for row in grid[:start]:
        draft.add("text", _single(row))
    if start < end:
        draft.add("table", to_markdown(grid[start:end], header=not _starts_with_values(grid[start:end])))
    for row in grid[end:]:
        draft.add("text", _single(row))


def _single(row: list[str]) -> str:
    """Return the only text of a row, empty when it has several or none; a merged title counts once."""
    texts = {cell for cell in row if cell}
    return texts.pop() if len(texts) == 1 else ""


def _is_label(grid: Grid, index: int) -> bool:
    """Tell whether the single cell of a row is a short label of the table (its value is missing) and not a note."""
    text = _single(grid[index])
    return len(text) <= 20 and not re.match(r"注|备注|说明|note|source|\*", text, re.IGNORECASE)


def _starts_with_values(grid: Grid) -> bool:
    """Tell whether the first row is values already: more numbers than words, as in the rows below it."""
    numbers = sum(bool(_NUMBER.fullmatch(cell)) for cell in grid[0] if cell)
    years = sum(bool(re.fullmatch(r"(?:19|20)\d\d年?", cell)) for cell in grid[0])
    return numbers - years > len([cell for cell in grid[0] if cell]) / 2
