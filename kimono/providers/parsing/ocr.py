"""Text in pictures, read by Tesseract where it is installed."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from itertools import groupby
from statistics import fmean

from PIL import Image

from kimono.providers.parsing import programs
from kimono.providers.parsing.shapes import Allowance
from kimono.providers.parsing.wrapping import glue

_LANGUAGES = ("chi_sim", "eng")
_PAGE_SECONDS = 60.0
# Tesseract sees worse outside this range; the longest side in pixels.
_SMALLEST, _LARGEST = 1000, 4000
# Confidences of Tesseract (0–100): a page is there to be read, a picture may be a photograph that only looks like letters.
_READABLE, _CERTAIN = 30.0, 60.0


@dataclass(frozen=True, slots=True)
class OcrLine:
    """A line of a picture: its box in pixels from the upper left corner, its paragraph, and how sure the reader is."""

    text: str
    left: float
    top: float
    right: float
    bottom: float
    paragraph: tuple[int, int]
    confidence: float


def read(image: Image.Image, allowance: Allowance) -> list[OcrLine] | None:
    """Return the lines of a picture from top to bottom as its layout says; None when they could not be read in time."""
    if allowance.seconds <= 0:
        return None
    allowance.begin()
    started = time.monotonic()
    scale = _scale(image)
    if scale != 1:
        image = image.resize((max(1, round(image.width * scale)), max(1, round(image.height * scale))))
    buffer = BytesIO()
    _flat(image).save(buffer, "PNG", compress_level=1)
    languages = "+".join(_languages()) or "eng"
    table = programs.run(
        ["tesseract", "stdin", "stdout", "-l", languages, "tsv"],
        stdin=buffer.getvalue(),
        seconds=min(_PAGE_SECONDS, allowance.seconds),
    )
    allowance.seconds -= time.monotonic() - started
    return list(_lines(table.decode("utf-8", "replace"), scale)) if table is not None else None


def describe(image: Image.Image, allowance: Allowance) -> str:
    """Return what can be read on a picture with certainty, paragraph by paragraph; empty when nothing can."""
    lines = [line for line in read(image, allowance) or [] if line.confidence >= _CERTAIN]
    return "\n".join(paragraphs(lines))


def paragraphs(lines: list[OcrLine]) -> list[str]:
    """Return the paragraphs that lines make up."""
    found: list[str] = []
    for _, group in groupby(lines, key=lambda line: line.paragraph):
        text = ""
        for line in group:
            text = glue(text, line.text)
        if sum(character.isalnum() for character in text) > 1:
            found.append(text)
    return found


def _scale(image: Image.Image) -> float:
    longest = max(image.size)
    if longest > _LARGEST:
        return _LARGEST / longest
    return min(3.0, _SMALLEST / longest) if longest < _SMALLEST else 1.0


def _flat(image: Image.Image) -> Image.Image:
    """Return the picture in grey; what is transparent is white, as on a page."""
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        ground = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(ground, image)
    return image.convert("L")


@cache
def _languages() -> tuple[str, ...]:
    """Return the languages to read that are installed, Chinese and English."""
    listed = programs.run(["tesseract", "--list-langs"], seconds=20)
    names = set((listed or b"").decode("utf-8", "replace").split())
    return tuple(name for name in _LANGUAGES if name in names)


def _lines(table: str, scale: float) -> Iterator[OcrLine]:
    """Yield the lines of a table in Tesseract's TSV form; its columns are those of the first row."""
    words: list[list[str]] = []
    for row in table.splitlines()[1:]:
        fields = row.split("\t")
        if len(fields) == 12 and fields[0] == "5" and fields[11].strip():
            words.append(fields)
    for key, group in groupby(words, key=lambda fields: (fields[2], fields[3], fields[4])):
        members = list(group)
        confidence = fmean(float(fields[10]) for fields in members)
        if confidence < _READABLE:
            continue
        text = ""
        for fields in members:
            text = glue(text, fields[11].strip())
        boxes = [[float(number) / scale for number in fields[6:10]] for fields in members]
        yield OcrLine(
            text=text,
            left=min(box[0] for box in boxes),
            top=min(box[1] for box in boxes),
            right=max(box[0] + box[2] for box in boxes),
            bottom=max(box[1] + box[3] for box in boxes),
            paragraph=(int(key[0]), int(key[1])),
            confidence=confidence,
        )
