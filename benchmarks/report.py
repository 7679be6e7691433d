"""Rows of the table: what was measured, its floor in the same run, the aim, the verdict."""

import json
import unicodedata
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

Measure = Literal["ratio", "difference", "value"]
_HEADS = ("figure", "ours", "floor", "ours ÷ floor", "aim", "verdict")


@dataclass(frozen=True)
class Row:
    """One figure. `limit` is compared with the ratio to the floor, the difference from it, or the value itself.

    Without a limit the figure is only reported. `at_least` turns the comparison round (a recall).
    """

    figure: str
    ours: float
    unit: str
    floor: float | None = None
    measure: Measure = "value"
    limit: float | None = None
    at_least: bool = False
    note: str = ""

    @property
    def compared(self) -> float:
        """Return the number that the limit is held against."""
        if self.measure == "value" or self.floor is None:
            return self.ours
        return self.ours - self.floor if self.measure == "difference" else self.ours / self.floor

    @property
    def verdict(self) -> str:
        """Return `met`, `missed`, or `reported` where there is no aim."""
        if self.limit is None:
            return "reported"
        met = self.compared >= self.limit if self.at_least else self.compared <= self.limit
        return "met" if met else "missed"

    @property
    def aim(self) -> str:
        """Return the aim as it is written."""
        if self.limit is None:
            return "–"
        sign = "≥" if self.at_least else "≤"
        if self.measure == "ratio":
            return f"{sign} {_number(self.limit)} ×"
        plus = "floor + " if self.measure == "difference" else ""
        return f"{sign} {plus}{_with_unit(self.limit, self.unit)}"

    def cells(self) -> tuple[str, ...]:
        """Return the row as the table shows it."""
        floor = "–" if self.floor is None else _with_unit(self.floor, self.unit)
        if self.floor is None:
            relation = "–"
        elif self.measure == "difference":
            relation = f"{self.compared:+.1f} {self.unit}"
        else:
            relation = f"{self.ours / self.floor:.2f} ×"
        return self.figure, _with_unit(self.ours, self.unit), floor, relation, self.aim, self.verdict


def _number(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".") if abs(value) < 10 else f"{value:.1f}".removesuffix(".0")


def _with_unit(value: float, unit: str) -> str:
    return f"{_number(value)} {unit}".strip()


def table(rows: Sequence[Row]) -> str:
    """Return the rows as a Markdown table whose columns line up, with the notes below it."""
    cells = [_HEADS, *(row.cells() for row in rows)]
    widths = [max(_width(line[column]) for line in cells) for column in range(len(_HEADS))]
    lines = [
        "| " + " | ".join(_padded(*pair) for pair in zip(line, widths, strict=True)) + " |" for line in cells
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    notes = [f"- {row.figure}: {row.note}" for row in rows if row.note]
    return "\n".join([*lines, *([""] if notes else []), *notes])


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))


def write(rows: Sequence[Row], target: Path, **about: object) -> None:
    """Write the rows as JSON, with what was measured `about` them."""
    target.parent.mkdir(parents=True, exist_ok=True)
    found = [{**asdict(row), "compared": row.compared, "verdict": row.verdict} for row in rows]
    target.write_text(json.dumps({**about, "rows": found}, ensure_ascii=False, indent=2) + "\n")


def read(source: Path) -> list[Row]:
    """Return rows that another process wrote."""
    fields = Row.__dataclass_fields__
    return [
        Row(**{name: value for name, value in row.items() if name in fields})
        for row in json.loads(source.read_text())["rows"]
    ]
