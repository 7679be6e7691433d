"""The order in which the lines of a page are read: column by column where it has columns."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from kimono.providers.parsing.pdf.lines import Line
from kimono.providers.parsing.wrapping import width

# Fewest lines of a column, and what part of the page's lines may run across the gap between two.
_LEAST_LINES = 4
_MOST_ACROSS = 0.5
# A column of prose: its share of the width, the columns of a terminal that its lines take, its narrowest gap in points.
_LEAST_SHARE = 0.22
_LEAST_WIDTH = 14
_LEAST_GAP = 6.0
_STEP = 3.0
_DEEPEST = 3


@dataclass(frozen=True, slots=True)
class _Split:
    left: list[Line]
    right: list[Line]
    across: list[Line]


def in_reading_order(lines: Sequence[Line], depth: int = 0) -> list[Line]:
    """Return the lines of a page in the order in which they are read.

    Where a vertical gap parts many lines of prose, what stands left of it is read first, down to the next line that runs
    across it. A page without such a gap, and without lines side by side, is read from top to bottom; any other stays in
    the order of the file.
    """
    if depth > _DEEPEST or sum(not line.upright for line in lines) * 5 > len(lines):
        return list(lines)
    pieces = [piece for line in lines for piece in (line.pieces or (line,))]
    split = _best(pieces)
    if split is not None:
        return _read(split, depth)
    ordered = sorted(lines, key=lambda line: -line.top)
    stacked = all(
        below.top <= above.bottom + 0.5 * min(above.height, below.height)
        for above, below in pairwise(ordered)
    )
    return ordered if stacked and depth == 0 else list(lines)


def _best(pieces: Sequence[Line]) -> _Split | None:
    """Return the split into two columns that the fewest lines run across, None when there is no good one."""
    if len(pieces) < 2 * _LEAST_LINES:
        return None
    left, right = min(piece.left for piece in pieces), max(piece.right for piece in pieces)
    found: tuple[int, float, _Split] | None = None
    place = left + _LEAST_SHARE * (right - left)
    while place < right - _LEAST_SHARE * (right - left):
        split = _at(pieces, place)
        if _is_good(split, pieces):
            rank = len(split.across), abs(place - (left + right) / 2)
            if found is None or rank < found[:2]:
                found = *rank, split
        place += _STEP
    return found[2] if found else None


def _at(pieces: Sequence[Line], place: float) -> _Split:
    half = _LEAST_GAP / 2
    left = [piece for piece in pieces if piece.right <= place + half]
    right = [piece for piece in pieces if piece.left >= place - half and piece.right > place + half]
    known = {id(piece) for piece in (*left, *right)}
    return _Split(left, right, [piece for piece in pieces if id(piece) not in known])


def _is_good(split: _Split, pieces: Sequence[Line]) -> bool:
    if len(split.across) > _MOST_ACROSS * len(pieces):
        return False
    if max((p.right for p in split.left), default=0.0) + _LEAST_GAP > min(
        (p.left for p in split.right), default=0.0
    ):
        return False
    whole = max(piece.right for piece in pieces) - min(piece.left for piece in pieces)
    return all(_is_prose(side, whole) for side in (split.left, split.right)) and _beside(split)


def _is_prose(side: Sequence[Line], whole: float) -> bool:
    """Tell whether lines are a column of text, and not of numbers or labels."""
    if len(side) < _LEAST_LINES:
        return False
    share = (max(line.right for line in side) - min(line.left for line in side)) / whole
    return share >= _LEAST_SHARE and sum(width(line.text) for line in side) >= _LEAST_WIDTH * len(side)


def _beside(split: _Split) -> bool:
    """Tell whether the two sides stand beside each other for a good part of their height."""
    low = max(min(line.bottom for line in side) for side in (split.left, split.right))
    high = min(max(line.top for line in side) for side in (split.left, split.right))
    shorter = min(
        max(line.top for line in side) - min(line.bottom for line in side)
        for side in (split.left, split.right)
    )
    return high - low >= 0.5 * shorter


def _read(split: _Split, depth: int) -> list[Line]:
    """Return the lines of both sides, band by band between the lines that run across."""
    ordered: list[Line] = []
    left, right = list(split.left), list(split.right)
    for side in (left, right):
        edge = max(line.right for line in side)
        for line in side:
            line.edge = edge
    for line in sorted(split.across, key=lambda line: -line.top):
        middle = (line.top + line.bottom) / 2
        for side in (left, right):
            above = [piece for piece in side if piece.bottom >= middle]
            ordered += _column(above, depth)
            side[:] = [piece for piece in side if piece.bottom < middle]
        ordered.append(line)
    return ordered + _column(left, depth) + _column(right, depth)


def _column(lines: list[Line], depth: int) -> list[Line]:
    """Return one column from top to bottom, or as columns of its own."""
    lines.sort(key=lambda line: (-line.top, line.left))
    return in_reading_order(lines, depth + 1)
