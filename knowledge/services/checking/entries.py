"""What is compared: every chunk and pair that is on show, each as one entry."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

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
    question: str
    folded: str
    shingles: frozenset[int]


def entry(*, id: str, index: int, owner: str, name: str, text: str, question: str = "") -> Entry:
    """Return an entry with what it is compared by: its text folded, and the pairs of neighbouring characters in that.

    Words would be cut differently after a small change.
    """
    folded = "".join(fold(f"{question}\n{text}").split())
    shingles = frozenset(zlib.crc32(folded[at : at + 2].encode()) for at in range(len(folded) - 1))
    return Entry(id, index, owner, name, text, question, folded, shingles)


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
        yield entry(
            id=pair.public_id,
            index=0,
            owner=pair.public_id,
            name=pair.question,
            text=pair.answer,
            question=pair.question,
        )


def of_version(version: Version) -> list[Entry]:
    """Return the chunks of a version."""
    return [_of_chunk(chunk, version.document) for chunk in version.chunks.order_by("index")]


def _of_chunk(chunk: Chunk, document: Document) -> Entry:
    return entry(
        id=chunk.public_id,
        index=chunk.index,
        owner=document.public_id,
        name=document.source,
        text=chunk.text,
    )
