"""What a paragraph's style says: is it a heading, of which level, and is it numbered."""

import re
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from kimono.providers.parsing.docx.package import W

_HEADING = re.compile(r"(?:heading|标题|標題|titre|überschrift)\s*([1-9])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Style:
    """A style, with what it inherits. `level` is 0 for body text; `number` is (list id, list level)."""

    name: str = ""
    level: int = 0
    number: tuple[str, int] | None = None
    hidden: bool = False


class Styles:
    """All styles of a document by id."""

    def __init__(self, tree: Element | None) -> None:
        self._elements = (
            {style.get(f"{W}styleId", ""): style for style in tree.iter(f"{W}style")}
            if tree is not None
            else {}
        )
        self._known: dict[str, Style] = {}

    def of(self, style_id: str) -> Style:
        """Return the style with this id; the plain one when the document does not define it."""
        if style_id not in self._known:
            self._known[style_id] = self._made(style_id, depth=0)
        return self._known[style_id]

    def _made(self, style_id: str, depth: int) -> Style:
        element = self._elements.get(style_id)
        if element is None or depth > 20:
            return Style()
        base_id = _value(element.find(f"{W}basedOn"))
        base = self._made(base_id, depth + 1) if base_id else Style()
        name = _value(element.find(f"{W}name"))
        vanish = element.find(f"{W}rPr/{W}vanish")
        hidden = base.hidden if vanish is None else vanish.get(f"{W}val", "1") not in ("0", "false", "off")
        return Style(name, _level(element, name, base), _number(element) or base.number, hidden)


def _level(element: Element, name: str, base: Style) -> int:
    found = _HEADING.fullmatch(name.strip())
    if found:
        return min(6, int(found.group(1)))
    if name.strip().lower() in ("title", "标题"):
        return 1
    outline = element.find(f"{W}pPr/{W}outlineLvl")
    if outline is not None:
        level = int(_value(outline) or 9) + 1
        return min(6, level) if level <= 9 else 0
    return base.level


def _number(element: Element) -> tuple[str, int] | None:
    number = element.find(f"{W}pPr/{W}numPr")
    return number_of(number) if number is not None else None


def number_of(element: Element) -> tuple[str, int] | None:
    """Return (list id, level from 0) of a `w:numPr`; None when it has no list of its own."""
    list_id = _value(element.find(f"{W}numId"))
    level = _value(element.find(f"{W}ilvl"))
    return (list_id, int(level or 0)) if list_id else None


def _value(element: Element | None) -> str:
    return (element.get(f"{W}val") or "") if element is not None else ""
