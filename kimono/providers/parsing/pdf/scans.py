"""Pages that are only a picture: read by OCR where it is installed."""

from collections.abc import Iterator
from statistics import median

from pypdfium2 import PdfPage
from pypdfium2.raw import FPDF_PAGEOBJ_IMAGE

from kimono.providers.parsing import ocr, programs
from kimono.providers.parsing.pdf.lines import Line
from kimono.providers.parsing.registry import Request
from kimono.providers.parsing.shapes import Draft

_DOTS_PER_INCH = 200
_POINTS_PER_INCH = 72
_MOST_PIXELS = 12_000_000


def read(page: PdfPage, number: int, request: Request, draft: Draft) -> list[Line]:
    """Return the lines of a scanned page; notes why there are none when it cannot be read.

    Nothing is drawn that has more pixels than a picture may have, whatever the page says.
    """
    if not programs.has_ocr():
        draft.problem(
            "no_text_layer", f"page {number} has no text layer (scanned); {programs.OCR_ADVICE}", page=number
        )
        return []
    if any(columns * rows > request.limits.max_pixels for columns, rows in _sizes(page)):
        draft.problem("image_too_large", f"page {number} holds an image of too many pixels", page=number)
        return []
    width, height = float(page.get_width()), float(page.get_height())
    scale = _DOTS_PER_INCH / _POINTS_PER_INCH
    scale = min(scale, (_MOST_PIXELS / max(1.0, width * height)) ** 0.5)
    image = page.render(scale=scale, grayscale=True).to_pil()
    found = ocr.read(image, request.ocr)
    if found is None:
        draft.problem("ocr_time", f"page {number} is scanned; there was no time left to read it", page=number)
        return []
    lines = list(_lines(found, number, scale, height))
    if not lines:
        draft.problem("no_text_found", f"page {number} is scanned; no text can be read on it", page=number)
    return lines


def _sizes(page: PdfPage) -> Iterator[tuple[int, int]]:
    for image in page.get_objects(filter=[FPDF_PAGEOBJ_IMAGE], max_depth=5):
        yield image.get_px_size()


def _lines(found: list[ocr.OcrLine], number: int, scale: float, height: float) -> Iterator[Line]:
    """Yield lines in points; their font's size is not known, but that of the line is."""
    usual = median(line.bottom - line.top for line in found) if found else 0.0
    for line in found:
        # A line of many heights is a picture's edge that was taken for letters.
        if line.bottom - line.top <= 8 * usual:
            yield Line(
                text=line.text,
                size=0.0,
                bold=False,
                left=line.left / scale,
                right=line.right / scale,
                top=height - line.top / scale,
                bottom=height - line.bottom / scale,
                page=number,
            )
