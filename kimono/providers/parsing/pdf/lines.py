"""The lines of a PDF page with their place and size."""

import ctypes
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from statistics import median

import pypdfium2.raw as pdfium_c
from pypdfium2 import PdfTextPage

# PDFium marks a hyphen that only breaks a word at the end of a line with one of these.
_BROKEN_WORD = ("\x02", "\ufffe")
_BOLD = 600
# In points: lines narrower than this are of one column; columns stand at least so far apart.
_WIDE = 180.0
_GAP = 9.0
# Smaller letters cannot be read by anybody.
_SMALLEST = 1.0
# Ligatures of TeX fonts that say nothing about Unicode come out under their place in the font.
_LIGATURES = {0x0B: "ff", 0x0E: "ffi", 0x0F: "ffl"}
_BOLD_NAME = re.compile(rb"bold|black|heavy|cmbx|-demi|medi(?![a-z])|simhei", re.IGNORECASE)
_LOST_LIGATURE = re.compile("(?<=[a-z])\u21b5(?=[a-z-])")


@dataclass(slots=True)
class Line:
    """One line of a page. Coordinates are PDF points from the lower left corner; `size` is the font's in points.

    `broken` says that the last word goes on in the next line. `size` is 0 where it is not known. `pieces` are the parts of
    a line that wide gaps part, as the lines of columns that stand side by side; empty when there is no such gap. `edge`
    is where the column of the line ends on the right, 0 where the page has only one.
    """

    text: str
    size: float
    bold: bool
    left: float
    right: float
    top: float
    bottom: float
    page: int
    broken: bool = False
    upright: bool = True
    pieces: tuple["Line", ...] = ()
    edge: float = 0.0

    @property
    def height(self) -> float:
        """Return the height of the line's box."""
        return self.top - self.bottom


def lines_of(page: PdfTextPage, number: int, unseen: Collection[int] = ()) -> list[Line]:
    """Return the lines of a page in the order in which PDFium reads them, without the characters at `unseen` places."""
    found: list[Line] = []
    codes: list[int] = []
    start = 0
    total = page.count_chars()
    for index in range(total + 1):
        code = pdfium_c.FPDFText_GetUnicode(page.raw, index) if index < total else 10
        if code not in (10, 13):
            codes.append(32 if index in unseen else code)
            continue
        line = _line(page, codes, start, number)
        if line is not None and line.right - line.left > _WIDE:
            line.pieces = tuple(_pieces(page, codes, start, number, line.size))
        if line is not None and not (found and _rejoined(found[-1], line)):
            found.append(line)
        codes, start = [], index + 1
    return found


def _pieces(page: PdfTextPage, codes: list[int], start: int, number: int, size: float) -> Iterator[Line]:
    """Yield the parts of a line between wide gaps, if there are any."""
    cuts = [0]
    last = -1
    for offset, code in enumerate(codes):
        if code <= 32:
            continue
        if 0 <= last < offset - 1:
            before, after = _box(page, start + last), _box(page, start + offset)
            if before and after and after[0] - before[2] > max(_GAP, 1.2 * size):
                cuts.append(offset)
        last = offset
    if len(cuts) > 1:
        for begin, end in zip(cuts, [*cuts[1:], len(codes)], strict=True):
            if piece := _line(page, codes[begin:end], start + begin, number):
                yield piece


def _rejoined(before: Line, line: Line) -> bool:
    """Append `line` to the one before when both stand side by side: raised signs part what is printed as one line."""
    overlap = min(before.top, line.top) - max(before.bottom, line.bottom)
    apart = line.left - before.right
    larger = max(before.size, line.size)
    if overlap < 0.5 * min(before.height, line.height) or not -1 <= apart <= 1.2 * larger or before.broken:
        return False
    long = len(line.text) > len(before.text)
    before.text += (" " if apart > 0.25 * larger else "") + line.text
    before.size, before.bold = (line.size, line.bold) if long else (before.size, before.bold)
    before.right, before.broken = line.right, line.broken
    before.pieces = ()
    before.top, before.bottom = max(before.top, line.top), min(before.bottom, line.bottom)
    return True


def _line(page: PdfTextPage, codes: list[int], start: int, number: int) -> Line | None:
    raw = "".join(_LIGATURES.get(code, chr(code)) for code in codes if 0 < code <= 0x10FFFF)
    text = raw.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    text = _LOST_LIGATURE.sub("ff", text)
    broken = text.rstrip().endswith(_BROKEN_WORD)
    for mark in _BROKEN_WORD:
        text = text.replace(mark, "")
    text = " ".join(text.split())
    if not text:
        return None
    visible = [start + offset for offset, code in enumerate(codes) if code > 32]
    sampled = visible[:: max(1, len(visible) // 5)] + visible[-1:]
    boxes = [box for index in sampled if (box := _box(page, index))]
    size = round(median(_size(page, index) for index in sampled), 1)
    if not boxes or size < _SMALLEST:
        return None
    return Line(
        text=text,
        size=size,
        bold=all(_is_bold(page, index) for index in (sampled[0], sampled[-1])),
        left=min(box[0] for box in boxes),
        right=max(box[2] for box in boxes),
        top=max(box[3] for box in boxes),
        bottom=min(box[1] for box in boxes),
        page=number,
        broken=broken,
        upright=abs(float(pdfium_c.FPDFText_GetCharAngle(page.raw, visible[len(visible) // 2]))) < 0.1,
    )


def _box(page: PdfTextPage, index: int) -> tuple[float, float, float, float] | None:
    """Return (left, bottom, right, top) of a character, None when PDFium has none for it."""
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    ok = pdfium_c.FPDFText_GetCharBox(page.raw, index, left, right, bottom, top)
    return (left.value, bottom.value, right.value, top.value) if ok else None


def _size(page: PdfTextPage, index: int) -> float:
    """Return the size at which a character is shown: the nominal size times the scale of its matrix."""
    nominal = float(pdfium_c.FPDFText_GetFontSize(page.raw, index))
    matrix = pdfium_c.FS_MATRIX()
    if not pdfium_c.FPDFText_GetMatrix(page.raw, index, matrix):
        return nominal
    scale = float((matrix.c**2 + matrix.d**2) ** 0.5)
    return nominal * scale if scale else nominal


def _is_bold(page: PdfTextPage, index: int) -> bool:
    """Tell whether a character is bold by its font's weight or, as many fonts state none, by the font's name."""
    if pdfium_c.FPDFText_GetFontWeight(page.raw, index) >= _BOLD:
        return True
    name = ctypes.create_string_buffer(128)
    flags = ctypes.c_int()
    pdfium_c.FPDFText_GetFontInfo(page.raw, index, name, 128, flags)
    return bool(_BOLD_NAME.search(name.value))
