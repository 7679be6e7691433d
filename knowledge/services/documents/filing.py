"""Chunks into the index, a batch per transaction: a large document holds no lock for long, and a killed run goes on.

What is filed is not to be seen before its version is on show.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from django.db import transaction

from kimono.lib import files
from kimono.lib.db.inserting import insert
from knowledge.models import Attachment, Chunk, Unit, Version
from knowledge.services import indexing
from knowledge.services.documents.embedding import BATCH, Encoder

# What is embedded is stored when it is so many chunks, or has taken so long.
MOST_WAITING = 200
MOST_SECONDS = 2.0


def file(
    *,
    version: Version,
    chunks: Sequence[Chunk],
    encoder: Encoder,
    check: Callable[[], None] | None = None,
    are_new: bool = False,
    on_embedded: Callable[[int], None] | None = None,
) -> None:
    """Index chunks of a version, embedded before each transaction; new ones are stored with it.

    `check` is called under the version's lock, `on_embedded(count)` after every batch that is embedded; both may raise.
    """
    waiting = _Waiting()
    for start in range(0, len(chunks), BATCH):
        batch = chunks[start : start + BATCH]
        waiting.add(version, batch, encoder)
        if start + BATCH >= len(chunks) or waiting.is_enough():
            _store(version, waiting, encoder.encoder_id, check, are_new)
            waiting = _Waiting()
        if on_embedded is not None:
            on_embedded(len(batch))


class _Waiting:
    """Chunks that are embedded and not stored: many in one transaction cost the database far less."""

    def __init__(self) -> None:
        self.chunks: list[Chunk] = []
        self.vectors: list[Sequence[float] | None] = []
        self._since = time.monotonic()

    def add(self, version: Version, batch: Sequence[Chunk], encoder: Encoder) -> None:
        texts = [indexing.text_of_chunk(chunk, version) for chunk in batch]
        made = encoder.vectors(texts)
        self.chunks += batch
        self.vectors += [made.get(text) for text in texts]

    def is_enough(self) -> bool:
        """Tell whether they are to be stored: what a killed run has embedded and not stored is embedded again."""
        return len(self.chunks) >= MOST_WAITING or time.monotonic() - self._since >= MOST_SECONDS


def _store(
    version: Version, waiting: _Waiting, encoder_id: str, check: Callable[[], None] | None, are_new: bool
) -> None:
    with transaction.atomic():
        Version.objects.select_for_update(no_key=True).only("pk").get(pk=version.pk)
        if check is not None:
            check()
        if are_new:
            insert(waiting.chunks)
        vectors = {
            chunk.pk: vector
            for chunk, vector in zip(waiting.chunks, waiting.vectors, strict=True)
            if vector is not None
        }
        indexing.index_chunks(version=version, chunks=waiting.chunks, vectors=vectors, encoder_id=encoder_id)


def is_complete(version: Version) -> bool:
    """Tell whether every chunk of a version is in the index."""
    return not version.chunks.filter(unit__isnull=True).exists()


def has_vectors(version: Version) -> bool:
    """Tell whether every unit of a version has its vector."""
    return not Unit.objects.filter(version=version, embedding__isnull=True).exists()


def file_missing(*, version: Version, encoder: Encoder) -> None:
    """Index the chunks of a stored version that are not in the index."""
    file(
        version=version,
        chunks=list(version.chunks.filter(unit__isnull=True).order_by("index")),
        encoder=encoder,
    )


def clear(version: Version) -> None:
    """Remove what was filed of a version that will not be shown."""
    Unit.objects.filter(version=version).delete()
    version.chunks.all().delete()


def drop_attachments(version: Version) -> None:
    """Remove a version's attachments in the open transaction, and their files once it is committed."""
    remove_files(version.attachments.all())
    version.attachments.all().delete()


def remove_files(attachments: Iterable[Attachment]) -> None:
    """Remove the files of attachments once the open transaction is committed."""
    for row in attachments:
        for key in (row.file_key, row.thumb_key):
            if key:
                transaction.on_commit(partial(files.remove, key))
