"""Chunks into the index, a batch per transaction: a large document holds no lock for long, and a killed run goes on.

What is filed is not to be seen before its version is on show.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import TypeVar

from django.db import transaction

from kimono.lib import files
from knowledge.models import Attachment, Chunk, Unit, Version
from knowledge.services import indexing
from knowledge.services.documents.embedding import BATCH, Encoder

T = TypeVar("T")


def batches(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """Yield `items` in runs of the size that is embedded at once."""
    for start in range(0, len(items), BATCH):
        yield items[start : start + BATCH]


def file(
    *,
    version: Version,
    chunks: Iterable[Chunk],
    encoder: Encoder,
    check: Callable[[], None] | None = None,
    are_new: bool = False,
) -> None:
    """Index chunks of a version in one transaction, embedded before it; new ones are stored with it.

    `check` is called under the version's lock and may raise.
    """
    filed = list(chunks)
    texts = [indexing.text_of_chunk(chunk, version) for chunk in filed]
    vectors = encoder.vectors(texts)
    with transaction.atomic():
        Version.objects.select_for_update(no_key=True).get(pk=version.pk)
        if check is not None:
            check()
        if are_new:
            Chunk.objects.bulk_create(filed)
        by_chunk = {
            chunk.pk: vectors[text] for chunk, text in zip(filed, texts, strict=True) if text in vectors
        }
        indexing.index_chunks(version=version, chunks=filed, vectors=by_chunk, encoder_id=encoder.encoder_id)


def is_complete(version: Version) -> bool:
    """Tell whether every chunk of a version is in the index."""
    return not version.chunks.filter(unit__isnull=True).exists()


def has_vectors(version: Version) -> bool:
    """Tell whether every unit of a version has its vector."""
    return not Unit.objects.filter(version=version, embedding__isnull=True).exists()


def file_missing(*, version: Version, encoder: Encoder) -> None:
    """Index the chunks of a stored version that are not in the index."""
    for batch in batches(list(version.chunks.filter(unit__isnull=True).order_by("index"))):
        file(version=version, chunks=batch, encoder=encoder)


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
