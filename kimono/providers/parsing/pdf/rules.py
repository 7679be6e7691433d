"""The missing sides of tables that are ruled between their rows only, as most printed tables are."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pdfplumber.page import Page

# In points: how exact the ends of rules are, how far rules of one table are apart, and how far its columns at least.
_EXACT = 4.0
_APART = 260.0
_GAP = 7.0
_THICK = 2.5
_FEWEST, _MOST = 3, 400


@dataclass(slots=True)
class _Rule:
    left: float
    right: float
    top: float


@dataclass(frozen=True, slots=True)
class Sides:
    """Edges that close the cells of tables, as pdfplumber takes them."""

    upright: list[dict[str, Any]]
    level: list[dict[str, Any]]


def missing_sides(page: "Page") -> Sides:
    """Return the edges that tables without sides lack.

    Three rules or more of equal width below each other are taken for such a table. Where nothing upright parts it, its
    columns are parted where no word stands in any of its rows; where rules stand only above and below all rows, each line
    with a word in the first column begins a row.
    """
    upright = [edge for edge in page.edges if edge["orientation"] == "v"]
    sides = Sides([], [])
    for group in _groups(_rules(page)):
        top, bottom, left, right = group[0].top, group[-1].top, group[0].left, group[0].right
        if all(_covered(upright, x, top, bottom) for x in (left, right)):
            continue
        words = [
            word
            for word in page.extract_words()
            if left <= (word["x0"] + word["x1"]) / 2 <= right
            and top <= (word["top"] + word["bottom"]) / 2 <= bottom
        ]
        inner = any(
            left + _EXACT < edge["x0"] < right - _EXACT
            and edge["bottom"] > top + 1
            and edge["top"] < bottom - 1
            for edge in upright
        )
        gaps = [] if inner else list(_gaps(words, right))
        sides.upright.extend(_edge(x, x, top, bottom) for x in (left, right, *gaps))
        if gaps:
            for above, below in pairwise(group):
                rows = _rows([word for word in words if above.top <= word["top"] < below.top], gaps[0])
                sides.level.extend(_edge(left, right, y, y) for y in rows)
    return sides


def _covered(upright: Sequence[dict[str, Any]], x: float, top: float, bottom: float) -> bool:
    """Tell whether edges at `x` close most of the height between `top` and `bottom`."""
    beside = [edge for edge in upright if abs(edge["x0"] - x) <= _EXACT]
    length = sum(max(0.0, min(edge["bottom"], bottom) - max(edge["top"], top)) for edge in beside)
    return bool(length >= 0.8 * (bottom - top))


def _rules(page: "Page") -> list[_Rule]:
    """Return the level lines of a page from top to bottom, those that touch end to end as one."""
    flat = [line for line in (*page.lines, *page.rects) if line["bottom"] - line["top"] <= _THICK]
    found = sorted(flat, key=lambda line: (round(line["top"]), line["x0"]))
    rules: list[_Rule] = []
    for edge in found[:_MOST]:
        last = rules[-1] if rules else None
        if last and abs(last.top - edge["top"]) <= 1.5 and edge["x0"] <= last.right + _EXACT:
            last.right = max(last.right, edge["x1"])
        else:
            rules.append(_Rule(edge["x0"], edge["x1"], edge["top"]))
    return rules


def _groups(rules: Sequence[_Rule]) -> Iterator[list[_Rule]]:
    """Yield the runs of rules of equal place and width that could be one table."""
    groups: list[list[_Rule]] = []
    for rule in rules:
        for group in groups:
            last = group[-1]
            same = abs(last.left - rule.left) <= _EXACT and abs(last.right - rule.right) <= _EXACT
            if same and 1.5 < rule.top - last.top <= _APART:
                group.append(rule)
                break
        else:
            groups.append([rule])
    yield from (group for group in groups if len(group) >= _FEWEST)


def _gaps(words: Sequence[dict[str, Any]], right: float) -> Iterator[float]:
    """Yield the middles of the upright strips in which no word stands."""
    spans = sorted((float(word["x0"]), float(word["x1"])) for word in words)
    reach = spans[0][1] if spans else right
    for begin, end in spans[1:]:
        if begin - reach >= _GAP:
            yield (begin + reach) / 2
        reach = max(reach, end)


def _rows(words: Sequence[dict[str, Any]], first: float) -> Iterator[float]:
    """Yield the heights between rows whose first word stands left of `first`; the first row needs no line above it."""
    tops = sorted({round(float(word["top"]), 1) for word in words if word["x0"] < first})
    height = max((float(word["bottom"]) - float(word["top"]) for word in words), default=0.0)
    for above, below in pairwise(tops):
        if below - above > 0.7 * height:
            yield below - 0.1 * height


def _edge(left: float, right: float, top: float, bottom: float) -> dict[str, Any]:
    return {
        "object_type": "line", "orientation": "v" if left == right else "h", "x0": left, "x1": right, "top": top,
        "bottom": bottom, "height": bottom - top, "width": right - left,
    }  # fmt: skip
