"""Lines into headings, paragraphs and lists."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kimono.providers.parsing.pdf.lines import Line
from kimono.providers.parsing.plain import heading_level
from kimono.providers.parsing.wrapping import glue, width

_ITEM = re.compile(
    r"(?:[-•·●○▪◦‣➢\uf0b7\uf06c\uf0d8\uf0a7*]\s*(?=\S)|\d{1,2}[.)、．](?!\d)\s*\S|[（(]\d{1,2}[)）]|[a-z][.)]\s|[①-⑳])"
)
_BULLET = re.compile(r"^[•·●○▪◦‣➢\uf0b7\uf06c\uf0d8\uf0a7*]\s*")
# Against the body text of this size, a line is set as a heading.
_LARGER = 1.1
_CLOSED = tuple("。！？；：.!?:;”』」")
_SENTENCE_END = tuple("。！？；，、.!?;,")


@dataclass(slots=True)
class Paragraph:
    """Text that belongs together; `level` 1–6 for a heading. `top` and `bottom` are on its first page."""

    text: str
    page: int
    level: int
    is_list: bool
    size: float
    top: float
    bottom: float
    last: Line


class Layout:
    """Knows the sizes of a whole document, which tell headings from body text."""

    def __init__(self, lines: Iterable[Line], outline: dict[str, int]) -> None:
        sizes: Counter[float] = Counter()
        bold = 0
        for line in lines:
            if not line.size:
                # A line that was read from a picture: nobody knows the size of its letters.
                continue
            sizes[line.size] += len(line.text)
            bold += len(line.text) * line.bold
        # Where much is bold, boldness marks nothing.
        self.bold_counts = bold * 4 < sizes.total()
        self.body = max(sizes, key=lambda size: sizes[size]) if sizes else 10.0
        larger = sorted({round(size) for size in sizes if size >= self.body * _LARGER}, reverse=True)
        self.levels = {size: min(4, index + 1) for index, size in enumerate(larger)}
        self.outline = outline

    def paragraphs(self, lines: Sequence[Line]) -> list[Paragraph]:
        """Return the paragraphs of one page in order."""
        found: list[Paragraph] = []
        right = max((line.right for line in lines), default=0.0)
        for line in lines:
            level = self.level(line)
            if found and self._continues(found[-1], line, level, found[-1].last.edge or right):
                _append(found[-1], line)
            else:
                text = _BULLET.sub("- ", line.text)
                is_list = bool(_ITEM.match(line.text)) and not level
                found.append(
                    Paragraph(text, line.page, level, is_list, line.size, line.top, line.bottom, line)
                )
        return found

    def level(self, line: Line) -> int:
        """Return the heading level of a line by the outline, its size, or its number when it is bold; else 0."""
        text = line.text.strip()
        known = self.outline.get(_key(text))
        if known:
            return known
        if (
            not line.upright
            or width(text) > 100
            or text.endswith(_SENTENCE_END)
            or not any(c.isalpha() for c in text)
        ):
            return 0
        if line.size >= self.body * _LARGER:
            return self.levels.get(round(line.size), 4)
        numbered = heading_level(text)
        if line.bold and numbered:
            return min(6, numbered + len(self.levels))
        alone = line.bold and self.bold_counts and line.size >= self.body - 0.5 and not _ITEM.match(text)
        return (
            min(5, len(self.levels) + 1)
            if alone and width(text) <= 80 and not text.endswith((":", "："))
            else 0
        )

    def _continues(self, before: Paragraph, line: Line, level: int, right: float) -> bool:
        """Tell whether a line goes on with the paragraph above it."""
        last = before.last
        if level != before.level or abs(line.size - before.size) > 0.7 or _ITEM.match(line.text):
            return False
        gap = last.bottom - line.top
        if gap > max(line.height, line.size) * 0.95 or gap < -line.size * 3:
            return False
        if level:
            return width(before.text) + width(line.text) <= 120
        if last.broken:
            return True
        short = last.right < right - 0.22 * (right - last.left)
        if short and last.text.endswith(_CLOSED):
            return False
        indented = line.left > last.left + line.size * 1.3
        return not (indented and last.text.endswith(_CLOSED))


def _append(paragraph: Paragraph, line: Line) -> None:
    if paragraph.last.broken:
        paragraph.text += line.text
    else:
        paragraph.text = glue(paragraph.text, line.text)
    paragraph.bottom = line.bottom
    paragraph.last = line


def goes_on(before: Paragraph, after: Paragraph) -> bool:
    """Tell whether a paragraph at the head of a page continues the last one of the page before."""
    if before.level or after.level or after.is_list or abs(before.size - after.size) > 0.7:
        return False
    if before.last.broken:
        return True
    first = after.text[:1]
    latin = (
        before.text[-1:].isascii()
        and (before.text[-1:].islower() or before.text.endswith(","))
        and first.islower()
    )
    chinese = "\u3400" <= before.text[-1:] <= "\u9fff" or before.text.endswith(("，", "、"))
    return latin or (chinese and "\u3400" <= first <= "\u9fff" and len(before.text) > 25)


def outline_levels(titles: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Return the level (1–6) of each bookmark's title, keyed as `Layout.level` looks lines up."""
    return {_key(title): min(6, level + 1) for title, level in titles if len(title.strip()) > 1}


def _key(text: str) -> str:
    return re.sub(r"\s+", "", text).lower()
