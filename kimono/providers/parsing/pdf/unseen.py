"""Which characters of a PDF page nobody sees: written invisibly, or white on white."""

import ctypes
from collections import defaultdict
from typing import Any

import pypdfium2.raw as pdfium_c
from pypdfium2 import PdfPage, PdfTextPage

_DEEPEST = 5
# Of the text modes, the third draws nothing, and the seventh only clips what is drawn after it.
_NOT_DRAWN = frozenset({3, 7})
_LIGHTEST = 0xF0
_SIDE = 1600
# Differences of brightness that an eye does not see, and the share of characters that must show none.
_SAME = 6
_SHARE = 0.9


def unseen(page: PdfPage, text: PdfTextPage) -> frozenset[int]:
    """Return the places of characters that are drawn in no colour or in white and leave no trace on the drawn page.

    The invisible text that OCR lays over a scan stays, for the scan shows at its place; so does white on a dark ground.
    """
    suspects = {
        _address(shape.raw)
        for shape in page.get_objects(filter=[pdfium_c.FPDF_PAGEOBJ_TEXT], max_depth=_DEEPEST)
        if _may_be_unseen(shape.raw)
    }
    if not suspects:
        return frozenset()
    places: dict[int, list[int]] = defaultdict(list)
    for place in range(text.count_chars()):
        address = _address(pdfium_c.FPDFText_GetTextObject(text.raw, place))
        if address in suspects:
            places[address].append(place)
    width, height = page.get_size()
    drawn = page.render(scale=min(2.0, _SIDE / max(width, height, 1.0))).to_pil().convert("L")
    return frozenset(
        place for found in places.values() if _leave_no_trace(page, text, drawn, found) for place in found
    )


def _address(shape: Any) -> int:
    return int(ctypes.cast(shape, ctypes.c_void_p).value or 0)


def _may_be_unseen(shape: Any) -> bool:
    if pdfium_c.FPDFTextObj_GetTextRenderMode(shape) in _NOT_DRAWN:
        return True
    colour = [ctypes.c_uint() for _ in range(4)]
    if not pdfium_c.FPDFPageObj_GetFillColor(shape, *colour):
        return False
    *lights, opacity = (part.value for part in colour)
    return opacity == 0 or min(lights) >= _LIGHTEST


def _leave_no_trace(page: PdfPage, text: PdfTextPage, drawn: Any, places: list[int]) -> bool:
    boxes = [box for place in places if (box := _on_picture(page, text, drawn, place)) is not None]
    blank = 0
    for box in boxes:
        darkest, lightest = drawn.crop(box).getextrema()
        blank += lightest - darkest <= _SAME
    return bool(boxes) and blank >= _SHARE * len(boxes)


def _on_picture(page: PdfPage, text: PdfTextPage, drawn: Any, place: int) -> tuple[int, int, int, int] | None:
    """Return the pixels of a character, None when it has no place on the page or is a space."""
    if pdfium_c.FPDFText_GetUnicode(text.raw, place) <= 32:
        return None
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    if not pdfium_c.FPDFText_GetCharBox(text.raw, place, left, right, bottom, top):
        return None
    corners = []
    for x, y in ((left.value, top.value), (right.value, bottom.value)):
        across, down = ctypes.c_int(), ctypes.c_int()
        pdfium_c.FPDF_PageToDevice(page.raw, 0, 0, *drawn.size, 0, x, y, across, down)
        corners.append((across.value, down.value))
    (x0, x1), (y0, y1) = (sorted(values) for values in zip(*corners, strict=True))
    box = max(0, x0), max(0, y0), min(drawn.width, x1 + 1), min(drawn.height, y1 + 1)
    return box if box[0] < box[2] and box[1] < box[3] else None
