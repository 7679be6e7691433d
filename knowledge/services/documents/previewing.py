"""What is shown of a document beside an answer: the picture of a page, and the text of the page or section of a passage."""

from kimono.lib import files
from kimono.lib.errors import Missing
from kimono.providers import drawing, parsing
from knowledge.models import Chunk, Version
from knowledge.services.documents.reading import StoredFile

# Of a page or a section without end, so much is shown before a passage and after it.
_MOST_AROUND = 3_000
_CHUNKS_AROUND = 50


def page(*, version: Version, number: int, words: str = "") -> StoredFile:
    """Return the picture of a page of a PDF, with `words` marked on it. Raises `Missing` for what is no page of a PDF."""
    if version.file_type != parsing.Kind.PDF.value:
        raise Missing
    drawn = drawing.draw_page(files.path_of(version.file_key), number, words)
    if drawn is None:
        raise Missing
    return StoredFile(drawn, f"page-{number}.webp", "image/webp", files.digest(drawn), may_be_inline=True)


def text(*, version: Version, chunk_id: str) -> StoredFile:
    """Return the text of the page that a chunk is on, or of its section in what has no pages. Raises `Missing`."""
    chunk = version.chunks.filter(public_id=chunk_id).first()
    if chunk is None:
        raise Missing
    near = version.chunks.filter(
        index__range=(max(0, chunk.index - _CHUNKS_AROUND), chunk.index + _CHUNKS_AROUND)
    )
    start, end = chunk.start, chunk.end
    for before in near.filter(index__lt=chunk.index).order_by("-index"):
        if not _is_together(before, chunk):
            break
        start = min(start, before.start)
    for after in near.filter(index__gt=chunk.index).order_by("index"):
        if not _is_together(after, chunk):
            break
        end = max(end, after.end)
    start, end = max(start, chunk.start - _MOST_AROUND), min(end, chunk.end + _MOST_AROUND)
    shown = version.text[start:end].encode()
    return StoredFile(shown, "passage.txt", "text/plain", files.digest(shown), may_be_inline=True)


def _is_together(other: Chunk, chunk: Chunk) -> bool:
    return other.page == chunk.page if chunk.page is not None else other.section == chunk.section
