"""What is compared: every chunk and pair that is on show, each as one entry, read as it is needed."""

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from knowledge.models import Chunk, Document, QAPair, Version
from knowledge.services.folding import fold

_ON_SHOW = {"version__document__status": Document.Status.ACTIVE, "version__status": Version.Status.ACTIVE}
_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Entry:
    """A chunk, or a pair's answer to its `question`; `owner` is the document's or the pair's id."""

    id: str
    index: int
    owner: str
    name: str
    text: str
    question: str = ""

    def folded(self) -> str:
        """Return the text as it is compared, without its spaces."""
        return "".join(fold(f"{self.question}\n{self.text}").split())


def shingles(folded: str) -> frozenset[int]:
    """Return the pairs of neighbouring characters of a text: words would be cut differently after a small change."""
    return frozenset(zlib.crc32((one + other).encode()) for one, other in set(pairwise(folded)))


def on_show(*, besides: Version | None = None) -> Iterator[Entry]:
    """Yield what is on show, some hundreds of rows at a time; with `besides` its own chunks instead of its document's, last.

    So what is asked about is found to repeat the others, and not they to repeat it.
    """
    rows = Chunk.objects.filter(**_ON_SHOW).select_related("version__document").defer("version__text")
    if besides is not None:
        rows = rows.exclude(version__document=besides.document_id)
    for chunk in rows.order_by("version_id", "index").iterator(_AT_ONCE):
        yield _of_chunk(chunk)
    pairs = QAPair.objects.filter(status=QAPair.Status.ACTIVE, enabled=True)
    for pair in pairs.order_by("pk").iterator(_AT_ONCE):
        yield _of_pair(pair)
    if besides is not None:
        own = besides.chunks.select_related("version__document").defer("version__text")
        for chunk in own.order_by("index").iterator(_AT_ONCE):
            yield _of_chunk(chunk)


def named(ids: Sequence[str]) -> Iterator[Entry]:
    """Yield the entries with these ids, in their order; one that is gone by now is left out."""
    for start in range(0, len(ids), _AT_ONCE):
        wanted = ids[start : start + _AT_ONCE]
        chunks = Chunk.objects.filter(public_id__in=wanted).select_related("version__document")
        found = {entry.id: entry for entry in map(_of_chunk, chunks.defer("version__text"))}
        found |= {entry.id: entry for entry in map(_of_pair, QAPair.objects.filter(public_id__in=wanted))}
        yield from (found[each] for each in wanted if each in found)


def _of_chunk(chunk: Chunk) -> Entry:
    document = chunk.version.document
    return Entry(chunk.public_id, chunk.index, document.public_id, document.source, chunk.text)


def _of_pair(pair: QAPair) -> Entry:
    return Entry(pair.public_id, 0, pair.public_id, pair.question, pair.answer, pair.question)
