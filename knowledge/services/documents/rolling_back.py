"""Rollback: an earlier version is put on show again, from its stored chunks."""

from dataclasses import dataclass

from django.db import transaction

from kimono.lib.errors import Missing
from knowledge.models import Document, Version
from knowledge.services import indexing
from knowledge.services.documents import embedding, reading, showing
from knowledge.services.documents.embedding import ChunkVectors
from tenants.services import auditing
from tenants.services.auditing import Actor

# What has no vector by then is found by its words until the next synchronisation.
_EMBED_SECONDS = 20.0


@dataclass(frozen=True)
class RolledBack:
    """What is on show now, with its chunks; `restored` of them were not on show before."""

    version: Version
    chunk_count: int
    restored: int


def roll_back(*, doc_id: str, target_version: str, by: Actor) -> RolledBack:
    """Put a version on show again, and its document if it was deleted. Raises `Missing`.

    A version that is still in the index is shown by moving a pointer; an older one is indexed again first.
    """
    target = reading.version(reading.get(doc_id=doc_id), target_version)
    vectors = _vectors(target) if not target.units.exists() else None
    with transaction.atomic():
        document = Document.objects.select_for_update(no_key=True).get(public_id=doc_id)
        target = Version.objects.select_for_update(no_key=True).filter(pk=target.pk).first() or _gone()
        count = target.chunks.count()
        if document.current_version_id == target.pk and document.status != Document.Status.DELETED:
            return RolledBack(target, count, 0)
        if not target.units.exists():
            _index(target, vectors or ChunkVectors({}, "", complete=False))
        showing.show(document=document, version=target)
        auditing.record(
            action="rollback_document",
            by=by,
            target_type="document",
            target_id=doc_id,
            details={"version": target.label},
        )
    return RolledBack(target, count, count)


def _gone() -> Version:
    raise Missing


def _vectors(version: Version) -> ChunkVectors:
    texts = [indexing.text_of_chunk(chunk, version) for chunk in version.chunks.order_by("index")]
    return embedding.embed(texts, ref=version.document.public_id, total_seconds=_EMBED_SECONDS)


def _index(version: Version, vectors: ChunkVectors) -> None:
    by_chunk = {
        chunk.pk: vectors.by_text[text]
        for chunk in version.chunks.all()
        if (text := indexing.text_of_chunk(chunk, version)) in vectors.by_text
    }
    indexing.index_version(version=version, vectors=by_chunk, encoder_id=vectors.encoder_id)
    version.is_synced = vectors.complete
    version.save(update_fields=["is_synced"])
