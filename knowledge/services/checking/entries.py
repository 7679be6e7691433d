"""What is compared: every chunk and pair that is on show, each as one entry."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from knowledge.models import Chunk, Document, QAPair, Version
from knowledge.services.folding import fold

_ON_SHOW = {"version__document__status": Document.Status.ACTIVE, "version__status": Version.Status.ACTIVE}


@dataclass(frozen=True)
class Entry:
    """A chunk, or a pair's answer to its `question`; `owner` is the document's or the pair's id."""

    id: str
    index: int
    owner: str
    name: str
    text: str
    question: str = ""

    @cached_property
    def folded(self) -> str:
        """Return the text without what makes no difference to a reader."""
        return "".join(fold(f"{self.question}\n{self.text}").split())

    @cached_property
    def shingles(self) -> frozenset[int]:
        """Return its pairs of neighbouring characters, as numbers: words would be cut differently after a small change."""
        return frozenset(
            zlib.crc32(self.folded[index : index + 2].encode()) for index in range(len(self.folded) - 1)
        )


def on_show(*, besides: Version | None = None) -> Iterator[Entry]:
    """Yield what is on show, and the chunks of one version that is not yet."""
    rows = Chunk.objects.filter(**_ON_SHOW).select_related("version__document")
    if besides is not None:
        rows = rows.exclude(version__document=besides.document_id)
        yield from of_version(besides)
    for chunk in rows.order_by("version_id", "index").iterator(2000):
        document = chunk.version.document
        yield _of_chunk(chunk, document)
    for pair in (
        QAPair.objects.filter(status=QAPair.Status.ACTIVE, enabled=True).order_by("pk").iterator(2000)
    ):
        yield Entry(pair.public_id, 0, pair.public_id, pair.question, pair.answer, pair.question)


def of_version(version: Version) -> list[Entry]:
    """Return the chunks of a version."""
    return [_of_chunk(chunk, version.document) for chunk in version.chunks.order_by("index")]


def _of_chunk(chunk: Chunk, document: Document) -> Entry:
    return Entry(chunk.public_id, chunk.index, document.public_id, document.source, chunk.text)
