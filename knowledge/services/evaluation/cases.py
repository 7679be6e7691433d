"""Questions with what is expected of their answers, out of JSONL, CSV and XLSX files."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

from django.utils.translation import gettext_noop
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from kimono.lib import tables
from kimono.lib.errors import Invalid, TooLarge, Unsupported

MOST_BYTES = 5 * 1024 * 1024
MOST_CASES = 2_000
# So many faults of a file are named; the rest is counted.
_MOST_NAMED = 50
BUILTIN = Path(__file__).resolve().parent / "builtin.jsonl"
_COLUMNS = {
    "query": ("query", "question", "问题"),
    "expected_sources": ("expected_sources", "来源", "期望来源"),
    "expected_answer_keywords": ("expected_answer_keywords", "关键词", "答案关键词"),
    "reference_answer": ("reference_answer", "参考答案"),
    "answerable": ("answerable", "可回答"),
    "category": ("category", "分类"),
}
_LISTS = frozenset({"expected_sources", "expected_answer_keywords"})
_SEPARATOR = re.compile(r"\s*[;；|\n]\s*")
_WORDS = {
    **dict.fromkeys(("true", "yes", "y", "1", "是", "可", "能"), True),
    **dict.fromkeys(("false", "no", "n", "0", "否", "不", "不能"), False),
}

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Source = Annotated[Text, Field(max_length=1000)]
Keyword = Annotated[Text, Field(max_length=200)]


class Case(BaseModel):
    """A question and what is expected: where the answer stands, what it says, or that there is none."""

    model_config = ConfigDict(frozen=True)

    query: Annotated[Text, Field(max_length=2000)]
    expected_sources: Annotated[tuple[Source, ...], Field(max_length=50)] = ()
    expected_answer_keywords: Annotated[tuple[Keyword, ...], Field(max_length=20)] = ()
    reference_answer: Annotated[str, Field(max_length=5000)] | None = None
    answerable: bool = True
    category: Annotated[str, Field(max_length=100)] | None = None


# What may be wrong with a row, as pydantic names it; anything else "is not valid".
_WRONG = {
    "missing": gettext_noop("row %(row)s: %(field)s: is missing"),
    "string_too_short": gettext_noop("row %(row)s: %(field)s: is empty"),
    "string_too_long": gettext_noop("row %(row)s: %(field)s: is longer than %(max_length)s characters"),
    "too_long": gettext_noop("row %(row)s: %(field)s: has more than %(max_length)s entries"),
    "bool_parsing": gettext_noop("row %(row)s: %(field)s: is neither true nor false"),
    "bool_type": gettext_noop("row %(row)s: %(field)s: is neither true nor false"),
    "string_type": gettext_noop("row %(row)s: %(field)s: is no text"),
    "tuple_type": gettext_noop("row %(row)s: %(field)s: is no list"),
    "not_boolean": gettext_noop("row %(row)s: %(field)s: “%(cell)s” is neither true nor false"),
    "no_json": gettext_noop("row %(row)s: is no JSON"),
    "no_object": gettext_noop("row %(row)s: is no JSON object"),
}
_NOT_VALID = gettext_noop("row %(row)s: %(field)s: is not valid")
_MORE = gettext_noop("and %(count)s more")
_NO_CASE = gettext_noop("the file has no case")
# The names of the columns, for pages.
_FIELDS = (
    gettext_noop("query"),
    gettext_noop("expected_sources"),
    gettext_noop("expected_answer_keywords"),
    gettext_noop("reference_answer"),
    gettext_noop("answerable"),
    gettext_noop("category"),
)

_Wrong = tuple[str, dict[str, Any]]
Fault = tuple[str, Mapping[str, object]]


class UnreadableSet(Invalid):
    """A file has rows that are no cases; each is named with its number."""

    def __init__(self, faults: Sequence[Fault], *, loc: Sequence[str | int]) -> None:
        super().__init__("")
        more = len(faults) - _MOST_NAMED
        self.words = [*faults[:_MOST_NAMED], *([(_MORE, {"count": more})] if more > 0 else [])]
        self.detail = [
            {"loc": list(loc), "msg": text % values, "type": "value_error"} for text, values in self.words
        ]


def read(content: bytes, name: str, *, loc: Sequence[str | int] = ("form", "file")) -> list[Case]:
    """Return the cases of a JSONL, CSV or XLSX file.

    A cell with several sources or keywords separates them by `;`. Raises `UnreadableSet` naming the rows that are
    wrong, `TooLarge` for more than 5 MiB or 2,000 cases, `Unsupported` for another type of file.
    """
    if len(content) > MOST_BYTES:
        raise TooLarge(max_bytes=MOST_BYTES)
    found: list[Case] = []
    faults: list[Fault] = []
    for row, values in _rows(content, name, loc):
        if len(found) >= MOST_CASES:
            raise TooLarge(max_bytes=MOST_BYTES, detail=f"A test set has at most {MOST_CASES} cases.")
        if isinstance(values, tuple):
            kind, more = values
            faults.append((_WRONG[kind], {"row": row, **more}))
            continue
        try:
            found.append(Case.model_validate(values))
        except ValidationError as error:
            faults += [_fault(row, each) for each in error.errors()]
    if faults:
        raise UnreadableSet(faults, loc=loc)
    if not found:
        raise UnreadableSet([(_NO_CASE, {})], loc=loc)
    return found


def builtin() -> list[Case]:
    """Return the cases of the set that is shipped."""
    lines = BUILTIN.read_text(encoding="utf-8").splitlines()
    return [Case.model_validate_json(line) for line in lines if line.strip()]


def categories(cases: Sequence[Case]) -> list[str]:
    """Return the categories of some cases, in the order of their first use."""
    return list(dict.fromkeys(case.category for case in cases if case.category))


def _fault(row: int, found: Mapping[str, Any]) -> Fault:
    names = [str(part) for part in found["loc"] if isinstance(part, str)]
    most = dict(found.get("ctx", {})).get("max_length", "")
    values = {"row": row, "field": names[0] if names else "query", "max_length": most}
    return _WRONG.get(found["type"], _NOT_VALID), values


def _rows(
    content: bytes, name: str, loc: Sequence[str | int]
) -> Iterator[tuple[int, dict[str, Any] | _Wrong]]:
    """Yield the number of each row with its values, or with what is wrong with it."""
    ending = PurePosixPath(name.lower()).suffix
    if ending in (".jsonl", ".ndjson", ".json"):
        yield from _lines(content, loc)
        return
    try:
        rows = list(tables.read(content, name, most_rows=MOST_CASES + 1))
    except tables.TableBomb as error:
        raise Invalid(str(error), loc=loc, type="archive_bomb", code="archive_bomb") from None
    except tables.NoTable as error:
        raise Unsupported(str(error), supported=["jsonl", "csv", "xlsx"]) from None
    except tables.UnreadableTable as error:
        raise Invalid(str(error), loc=loc, type="unreadable_file", code="unreadable_file") from None
    for row in rows:
        yield row.line, _of_cells(row.cells)


def _lines(content: bytes, loc: Sequence[str | int]) -> Iterator[tuple[int, dict[str, Any] | _Wrong]]:
    try:
        text = tables.decode(content)
    except tables.UnreadableTable as error:
        raise Invalid(str(error), loc=loc, type="unreadable_file", code="unreadable_file") from None
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            yield number, ("no_json", {})
            continue
        yield number, value if isinstance(value, dict) else ("no_object", {})


def _of_cells(cells: Mapping[str, str]) -> "dict[str, Any] | _Wrong":
    named = {heading.strip().lower(): cell.strip() for heading, cell in cells.items()}
    values: dict[str, Any] = {}
    for field, headings in _COLUMNS.items():
        cell = next((named[heading] for heading in headings if named.get(heading)), "")
        if not cell:
            continue
        if field in _LISTS:
            values[field] = [part for part in _SEPARATOR.split(cell) if part]
        elif field == "answerable":
            if cell.lower() not in _WORDS:
                return "not_boolean", {"field": field, "cell": cell[:40]}
            values[field] = _WORDS[cell.lower()]
        else:
            values[field] = cell
    return values if "query" in values else ("missing", {"field": "query"})
