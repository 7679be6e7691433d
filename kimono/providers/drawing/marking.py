"""Where words stand on a page of a PDF, and a marker drawn over them."""

import ctypes
import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any

# What a search on paper leaves out: spaces, line ends, hyphens at them (which PDFium tells as \x02 or \ufffe), and what
# only Markdown has.
_LEFT_OUT = re.compile(r"[\s\x00-\x1f\u00ad\u200b-\u200f\ufeff\ufffe|*#`\\\u2010\u2011-]+")
_SENTENCES = re.compile(r"[|\n。！？；!?;]+|(?<=[.])\s")
_PIECE, _SHORTEST = 24, 4
_MOST_CHARACTERS = 50_000
_MARKER = (255, 229, 122)
_ROOM = 1.5

Span = tuple[int, int]
Box = tuple[float, float, float, float]


def page_with(document: Any, number: int, words: str) -> int:
    """Return which page the words begin on: `number` or one of the two after it, over which a passage may run."""
    for candidate in range(number, min(number + 2, len(document)) + 1):
        if spans(document[candidate - 1].get_textpage(), words, whole=True):
            return candidate
    return number


def boxes(page: Any, words: str) -> list[Box]:
    """Return the rectangles of `words` on a page, in its own points, line by line; none where they are not its text."""
    text = page.get_textpage()
    found = spans(text, words, whole=True) or spans(text, words, whole=False)
    return [
        text.get_rect(place)
        for start, end in found
        # The count is what fills the list that the rectangles are taken from.
        for place in range(text.count_rects(start, end - start))
    ]


def spans(text: Any, words: str, *, whole: bool) -> list[Span]:
    """Return where the words stand among the characters of a page: as a whole, or else the pieces of them that do."""
    letters, places = _letters(text)
    pieces = [_plain(words)] if whole else list(_pieces(words))
    found, begin = [], 0
    for wanted in pieces:
        at = letters.find(wanted, begin) if wanted else -1
        at = letters.find(wanted) if at < 0 and wanted else at
        if at >= 0:
            found.append((places[at], places[at + len(wanted) - 1] + 1))
            begin = at + len(wanted)
    return found


def _pieces(words: str) -> Iterator[str]:
    """Yield cells and sentences, cut up where they are long: a letter that is read otherwise spoils one piece alone."""
    for piece in map(_plain, _SENTENCES.split(words)):
        for start in range(0, len(piece), _PIECE):
            if len(piece) - start >= _SHORTEST:
                yield piece[start : start + _PIECE]


def _letters(text: Any) -> tuple[str, Sequence[int]]:
    """Return the characters of a page that are searched, and which of the page's each of them comes from."""
    letters: list[str] = []
    places: list[int] = []
    for place, character in enumerate(_characters(text)):
        for letter in _plain(character):
            letters.append(letter)
            places.append(place)
    return "".join(letters), places


def _characters(text: Any) -> Iterator[str]:
    from pypdfium2 import raw

    for place in range(min(text.count_chars(), _MOST_CHARACTERS)):
        yield chr(raw.FPDFText_GetUnicode(text, place))


def _plain(words: str) -> str:
    return _LEFT_OUT.sub("", unicodedata.normalize("NFKC", words)).casefold()


def marked(image: Any, page: Any, wanted: Sequence[Box]) -> Any:
    """Return the picture of a page with a marker over these rectangles, through which the words stay readable."""
    from PIL import Image, ImageChops, ImageDraw

    sheet = Image.new("RGB", image.size, "white")
    pen = ImageDraw.Draw(sheet)
    for left, bottom, right, top in wanted:
        corners = [
            _on_picture(page, image.size, left - _ROOM, top + _ROOM),
            _on_picture(page, image.size, right + _ROOM, bottom - _ROOM),
        ]
        xs, ys = sorted(corner[0] for corner in corners), sorted(corner[1] for corner in corners)
        pen.rectangle([xs[0], ys[0], xs[1], ys[1]], fill=_MARKER)
    return ImageChops.multiply(image.convert("RGB"), sheet)


def _on_picture(page: Any, size: tuple[int, int], x: float, y: float) -> tuple[int, int]:
    """Return which pixel a point of a page is, which may be turned."""
    from pypdfium2 import raw

    across, down = ctypes.c_int(), ctypes.c_int()
    raw.FPDF_PageToDevice(page, 0, 0, *size, 0, x, y, across, down)
    return across.value, down.value
