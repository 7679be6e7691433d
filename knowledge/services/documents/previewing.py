"""What is shown of a document beside an answer: the picture of a page, and the text around a passage."""

from kimono.lib import files
from kimono.lib.errors import Missing
from kimono.providers import drawing, parsing
from knowledge.models import Version
from knowledge.services.documents.reading import StoredFile

_AROUND = 600


def page(*, version: Version, number: int) -> StoredFile:
    """Return the picture of a page of a PDF. Raises `Missing` for any other file, and where there is no such page."""
    if version.file_type != parsing.Kind.PDF.value:
        raise Missing
    drawn = drawing.draw_page(files.path_of(version.file_key), number)
    if drawn is None:
        raise Missing
    return StoredFile(drawn, f"page-{number}.webp", "image/webp", files.digest(drawn), may_be_inline=True)


def text(*, version: Version, chunk_id: str) -> StoredFile:
    """Return the text of a version around one of its chunks. Raises `Missing`."""
    chunk = version.chunks.filter(public_id=chunk_id).first()
    if chunk is None:
        raise Missing
    around = version.text[max(0, chunk.start - _AROUND) : chunk.end + _AROUND].encode()
    return StoredFile(around, "passage.txt", "text/plain", files.digest(around), may_be_inline=True)
