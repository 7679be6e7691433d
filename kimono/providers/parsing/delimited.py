"""Comma-, semicolon- and tab-separated files."""

import csv
import io
import re

from kimono.providers.parsing.encodings import decode
from kimono.providers.parsing.errors import UnreadableFile
from kimono.providers.parsing.regions import add_tables
from kimono.providers.parsing.registry import Request
from kimono.providers.parsing.shapes import Draft

_DELIMITERS = ",;\t|"
# Excel's own way to say it, in the first line.
_SEPARATOR_LINE = re.compile(r"\Asep=(.)\r?\n", re.IGNORECASE)


def parse(request: Request, draft: Draft) -> None:
    """Add the tables of the file, as if it were a sheet; its delimiter is the one that cuts its lines most evenly."""
    text = decode(request.path.read_bytes())
    if not text.strip():
        raise UnreadableFile("the file is empty")
    csv.field_size_limit(10_000_000)
    rows: list[list[str]] = []
    cells = 0
    delimiter = delimiter_of(text)
    text = _SEPARATOR_LINE.sub("", text.replace("\x00", ""))
    for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
        cells += len(row)
        if cells > request.limits.max_cells:
            raise UnreadableFile(
                f"the file has more than {request.limits.max_cells} cells", row=len(rows) + 1
            )
        rows.append(row)
    add_tables(
        {
            (r, c): " ".join(cell.split())
            for r, row in enumerate(rows)
            for c, cell in enumerate(row)
            if cell.strip()
        },
        draft,
    )
    request.progress(1, 1)


def delimiter_of(text: str) -> str:
    """Return the delimiter of the rows: the one that gives the most rows of an equal width above one column."""
    if declared := _SEPARATOR_LINE.match(text):
        return declared.group(1)
    sample = text[:50_000]
    best, best_score = ",", 0.0
    for delimiter in _DELIMITERS:
        score = _evenness(sample, delimiter)
        if score > best_score:
            best, best_score = delimiter, score
    return best


def _evenness(sample: str, delimiter: str) -> float:
    try:
        widths = [len(row) for row in csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter) if row]
    except csv.Error:
        return 0.0
    if len(widths) > 1 and len(sample) >= 50_000:
        widths.pop()
    common = max(set(widths), key=lambda width: (widths.count(width), width), default=1)
    return 0.0 if common < 2 else widths.count(common) / len(widths) + common * 1e-6
