"""Pages that are only a picture, and the mark of tests that need somebody to read them."""

import shutil
import zlib

import pytest
from PIL import Image, ImageDraw, ImageFont

from tests.providers.parsing.writers import pdf_picture

needs_ocr = pytest.mark.skipif(shutil.which("tesseract") is None, reason="tesseract is not installed")


def scan(lines: list[str]) -> bytes:
    """Return the picture of a page with these lines, for `writers.pdf`."""
    image = Image.new("L", (1000, 1400), 255)
    draw = ImageDraw.Draw(image)
    for number, line in enumerate(lines):
        draw.text((60, 100 + 60 * number), line, fill=0, font=ImageFont.load_default(34))
    return pdf_picture(*image.size, zlib.compress(image.tobytes()))
