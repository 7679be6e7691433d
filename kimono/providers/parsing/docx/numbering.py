"""The numbers and bullets that Word computes and does not write into the text."""

import re
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from kimono.providers.parsing.docx.package import W

_PLACE = re.compile("%([1-9])")
_DIGITS = "零一二三四五六七八九"


@dataclass(slots=True)
class _Level:
    format: str = "decimal"
    text: str = "%1."
    start: int = 1


@dataclass(slots=True)
class _List:
    levels: dict[int, _Level] = field(default_factory=dict)
    counts: dict[int, int] = field(default_factory=dict)


class Numbering:
    """Counts the items of every list of a document in reading order."""

    def __init__(self, tree: Element | None) -> None:
        self._lists: dict[str, _List] = {}
        if tree is None:
            return
        abstract = {e.get(f"{W}abstractNumId", ""): _levels(e) for e in tree.findall(f"{W}abstractNum")}
        shared: dict[str, dict[int, int]] = {}
        for number in tree.findall(f"{W}num"):
            kind = _value(number.find(f"{W}abstractNumId"))
            levels = dict(abstract.get(kind, {}))
            counts = shared.setdefault(kind, {})
            overridden = False
            for override in number.findall(f"{W}lvlOverride"):
                start = override.find(f"{W}startOverride")
                level = int(override.get(f"{W}ilvl", "0"))
                if start is not None and level in levels:
                    levels[level] = _Level(levels[level].format, levels[level].text, int(_value(start) or 1))
                    overridden = True
            self._lists[number.get(f"{W}numId", "")] = _List(levels, {} if overridden else counts)

    def label(self, list_id: str, level: int) -> str | None:
        """Count one item and return its label as it is printed, `-` for a bullet; None when it has none."""
        found = self._lists.get(list_id)
        if found is None or list_id == "0" or level not in found.levels:
            return None
        own = found.levels[level]
        found.counts[level] = found.counts.get(level, own.start - 1) + 1
        for deeper in [key for key in found.counts if key > level]:
            del found.counts[deeper]
        if own.format == "bullet":
            return "-"
        if own.format == "none":
            return None
        return _PLACE.sub(lambda place: _part(found, int(place.group(1)) - 1, own), own.text).strip() or None


def _part(found: _List, level: int, own: _Level) -> str:
    definition = found.levels.get(level, own)
    count = found.counts.get(level, definition.start)
    return _written(count, definition.format)


def _written(count: int, style: str) -> str:
    match style:
        case "lowerLetter" | "upperLetter":
            letter = chr(ord("a") + (count - 1) % 26) * ((count - 1) // 26 + 1)
            return letter if style == "lowerLetter" else letter.upper()
        case "lowerRoman" | "upperRoman":
            roman = _roman(count)
            return roman if style == "lowerRoman" else roman.upper()
        case (
            "chineseCounting"
            | "chineseCountingThousand"
            | "ideographDigital"
            | "japaneseCounting"
            | "taiwaneseCounting"
        ):
            return _chinese(count)
        case "decimalEnclosedCircle" | "decimalEnclosedCircleChinese" if 1 <= count <= 20:
            return chr(0x245F + count)
        case "decimalZero":
            return f"{count:02d}"
        case _:
            return str(count)


def _roman(count: int) -> str:
    out = ""
    for value, letters in (
        (100, "c"),
        (90, "xc"),
        (50, "l"),
        (40, "xl"),
        (10, "x"),
        (9, "ix"),
        (5, "v"),
        (4, "iv"),
        (1, "i"),
    ):
        out += letters * (count // value)
        count %= value
    return out


def _chinese(count: int) -> str:
    tens, ones = divmod(count, 10)
    if count >= 100:
        return str(count)
    return ("" if tens == 0 else "十" if tens == 1 else _DIGITS[tens] + "十") + (
        _DIGITS[ones] if ones or not tens else ""
    )


def _levels(abstract: Element) -> dict[int, _Level]:
    return {
        int(level.get(f"{W}ilvl", "0")): _Level(
            _value(level.find(f"{W}numFmt")) or "decimal",
            _value(level.find(f"{W}lvlText")),
            int(_value(level.find(f"{W}start")) or 1),
        )
        for level in abstract.findall(f"{W}lvl")
    }


def _value(element: Element | None) -> str:
    return (element.get(f"{W}val") or "") if element is not None else ""
