"""A picture by itself: what can be read on it."""

from io import BytesIO

from kimono.providers.parsing import ocr
from kimono.providers.parsing.errors import UnreadableFile
from kimono.providers.parsing.pictures import keep, opened
from kimono.providers.parsing.registry import Request
from kimono.providers.parsing.shapes import Draft


def parse(request: Request, draft: Draft) -> None:
    """Add the picture and the paragraphs on it. Raises `UnreadableFile` when there are none, or too many pixels."""
    data = request.path.read_bytes()
    image = opened(data, request.limits)
    if image is None:
        raise UnreadableFile("the image is damaged and cannot be shown")
    draft.page_count = 1
    lines = ocr.read(image, request.ocr)
    if lines is None:
        raise UnreadableFile("the text of the image could not be read in time; cut it into smaller images")
    texts = ocr.paragraphs(lines)
    if not texts:
        raise UnreadableFile("no text can be read on the image")
    keep(request, draft, request.name, BytesIO(data), page=1, read=False)
    for text in texts:
        draft.add("text", text, 1)
    request.progress(1, 1)
