"""Running headers, footers and page numbers: what stands on every page and belongs to none."""

import re
from collections import defaultdict
from collections.abc import Sequence

from kimono.providers.parsing.pdf.lines import Line

_DIGITS = re.compile(r"\d+|\b[ivxl]+\b", re.IGNORECASE)
_PAGE_NUMBER = re.compile(
    r"[-–—·\s]*(?:第?\s*\d{1,4}\s*页?(?:\s*[/／,，共of]+\s*共?\s*\d{1,4}\s*页?)?|page\s*\d+(?:\s*(?:of|/)\s*\d+)?)[-–—·\s]*",
    re.IGNORECASE,
)
_EDGE_LINES = 3
# Shares of a page's height: a lone number stands in the margin, a running header may reach somewhat further in.
_MARGIN = 0.09
_ZONE = 0.14


def without_furniture(pages: Sequence[list[Line]], heights: Sequence[float]) -> list[list[Line]]:
    """Return the pages' lines without those that repeat at the same height of most pages, digits apart.

    Only the outer three lines at each end of a page and near its edge are looked at. In a file of one page only a
    lone page number in the margin goes.
    """
    seen: dict[tuple[str, int], set[int]] = defaultdict(set)
    for index, lines in enumerate(pages):
        for line in _edges(lines):
            for place in _places(line):
                seen[place].add(index)
    filled = sum(bool(lines) for lines in pages)
    wanted = max(2, min(filled, 3), filled * 0.4)
    repeated = {place for place, found in seen.items() if len(found) >= wanted and filled > 1}
    return [
        [line for line in lines if not (_is_edge(line, lines) and _is_furniture(line, height, repeated))]
        for lines, height in zip(pages, heights, strict=True)
    ]


def _edges(lines: list[Line]) -> list[Line]:
    ordered = sorted(lines, key=lambda line: -line.top)
    return ordered if len(ordered) <= 2 * _EDGE_LINES else ordered[:_EDGE_LINES] + ordered[-_EDGE_LINES:]


def _is_edge(line: Line, lines: list[Line]) -> bool:
    return any(line is edge for edge in _edges(lines))


def _is_furniture(line: Line, height: float, repeated: set[tuple[str, int]]) -> bool:
    in_zone = line.top < height * _ZONE or line.bottom > height * (1 - _ZONE)
    if in_zone and any(place in repeated for place in _places(line)):
        return True
    in_margin = line.top < height * _MARGIN or line.bottom > height * (1 - _MARGIN)
    return in_margin and bool(_PAGE_NUMBER.fullmatch(line.text))


def _places(line: Line) -> tuple[tuple[str, int], tuple[str, int]]:
    """Return the line's words without digits at its height, in two overlapping grids so that no edge parts equals."""
    words = _DIGITS.sub("#", line.text).strip()
    return (words, int(line.bottom // 8)), (words, -1 - int((line.bottom + 4) // 8))
