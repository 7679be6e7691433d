"""Cut a text into sentences with exact offsets: what a citation points at and what an answer is made of."""

import re
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a text: `text` is exactly `source[start:end]`, without white space at its ends."""

    start: int
    end: int
    text: str


_LINE = re.compile(r"[^\n]+")
_TABLE_ROW = re.compile(r"\s*\|.*\|\s*\Z")
_MARKER = re.compile(
    r"\s*(?:[-*+•·▪●○◦‣]\s+|(?:\d{1,3}|[a-zA-Z])[.)、]\s+|\d{1,3}、|[(（](?:\d{1,3}|[a-z一二三四五六七八九十]+)[)）]|#{1,6}\s|>\s)"
)
_CLOSERS = "\"'”’」』）)】]》〉＂"
_END = re.compile(
    rf"[。！？!?｡]+[{re.escape(_CLOSERS)}]*|…{{1,2}}(?=\s|\Z)|\.+[{re.escape(_CLOSERS)}]*(?=\s|\Z)|\.(?=[\u3400-\u9fff])"
)
_ADDRESS = re.compile(
    r"(?:https?://|www\.)[^\s<>\"，。；、（）]+|(?<![A-Za-z0-9_.+-])[A-Za-z0-9_.+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+",
    re.IGNORECASE,
)
_ABBREVIATIONS_TEXT = (
    "mr mrs ms dr prof sr jr st vs etc e.g i.e cf al inc ltd co corp no nos fig figs eq sec ch vol pp p ed eds approx"
    " dept est min max tel ext jan feb mar apr jun jul aug sep sept oct nov dec mon tue wed thu fri sat sun u.s u.k a.m p.m"
)
_ABBREVIATIONS = frozenset(_ABBREVIATIONS_TEXT.split())
# After these an abbreviation is usually the end as well, if a capital follows.
_MAY_END = frozenset({"etc", "inc", "ltd", "co", "corp", "a.m", "p.m", "u.s", "u.k", "al", "jr", "sr"})
_LAST_WORD = re.compile(r"([A-Za-z]+(?:\.[A-Za-z]+)*|\d{1,3})\Z")
# Looking back further than this for the word before a dot would make long texts slow.
_LONGEST_WORD = 40
_NEXT_WORD = re.compile(r"[\s" + re.escape(_CLOSERS) + r"]*(\S?)")


def split(text: str) -> list[Sentence]:
    """Return the sentences of `text` in order, without overlap; white space between them belongs to none.

    A line end closes a sentence, except where Latin text is wrapped in the middle of one. A row of a Markdown table, a
    heading and a web address are never cut. Decimals, versions, list numbers and common abbreviations do not end one.
    """
    found: list[Sentence] = []
    for start, end in _units(text):
        found.extend(_sentences(text, start, end))
    return found


def _units(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans inside which a sentence may run on: a line, or several lines of wrapped Latin text."""
    start: int | None = None
    end = 0
    for line in _LINE.finditer(text):
        if start is not None and _goes_on(text, start, end, line):
            end = line.end()
            continue
        if start is not None:
            yield start, end
        start, end = line.span()
    if start is not None:
        yield start, end


def _goes_on(text: str, start: int, end: int, line: re.Match[str]) -> bool:
    """Return whether `line` continues the sentence that the text before it left open."""
    before = text[max(start, text.rfind("\n", start, end) + 1) : end].rstrip()
    after = line.group().lstrip()
    if line.start() - end > 1 or not before or not after:
        return False
    if (
        _TABLE_ROW.match(before)
        or _TABLE_ROW.match(line.group())
        or _MARKER.match(line.group())
        or before.startswith("#")
    ):
        return False
    return (
        (before[-1].islower() or before[-1] in ",-")
        and before[-1].isascii()
        and after[0].islower()
        and after[0].isascii()
    )


def _sentences(text: str, start: int, end: int) -> Iterator[Sentence]:
    unit = text[start:end]
    if _TABLE_ROW.match(unit):
        yield from _trimmed(text, start, end)
        return
    closed = [address.span() for address in _ADDRESS.finditer(unit)] if _has_address(unit) else []
    marker = _MARKER.match(unit)
    begin, guard = 0, marker.end() if marker else 0
    for match in _END.finditer(unit):
        if match.start() < guard or any(low <= match.start() < high - 1 for low, high in closed):
            continue
        if "." in match.group() and not _is_full_stop(unit, match):
            continue
        yield from _trimmed(text, start + begin, start + match.end())
        begin = match.end()
    yield from _trimmed(text, start + begin, end)


def _has_address(unit: str) -> bool:
    """Tell whether an address may be in it: looking for one letter by letter is half of the time that a text takes."""
    return "@" in unit or "://" in unit or "www." in unit.lower()


def _is_full_stop(unit: str, match: re.Match[str]) -> bool:
    """Return whether the dot ends a sentence rather than an abbreviation, an initial or the number of a list item."""
    if match.group().count(".") > 1:
        return True
    following = _NEXT_WORD.match(unit, match.end())
    follower = following.group(1) if following else ""
    if follower.islower():
        return False
    word = _LAST_WORD.search(unit, max(0, match.start() - _LONGEST_WORD), match.start())
    if not word:
        return True
    last = word.group().lower()
    if last in _ABBREVIATIONS:
        return last in _MAY_END and (not follower or follower.isupper())
    if last.isdigit():
        return not follower or (word.start() > 0 and unit[word.start() - 1] not in "\n(（")
    return not (len(last) == 1 and word.group().isupper() and last != "i")


def _trimmed(text: str, start: int, end: int) -> Iterator[Sentence]:
    piece = text[start:end]
    start += len(piece) - len(piece.lstrip())
    stripped = piece.strip()
    if stripped:
        yield Sentence(start, start + len(stripped), stripped)
