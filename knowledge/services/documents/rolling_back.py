"""Rollback: an earlier version is put on show again, from its stored chunks."""

from dataclasses import dataclass

from django.db import transaction

from kimono.lib.errors import Missing
from knowledge.models import Document, Version
from knowledge.services.documents import filing, reading, showing
from knowledge.services.documents.embedding import Encoder
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
    filing.file_missing(version=target, encoder=Encoder(ref=doc_id, total_seconds=_EMBED_SECONDS))
    with transaction.atomic():
        document = Document.objects.select_for_update(no_key=True).get(public_id=doc_id)
        target = Version.objects.select_for_update(no_key=True).filter(pk=target.pk).first() or _gone()
        count = target.chunks.count()
        if document.current_version_id == target.pk and document.status != Document.Status.DELETED:
            return RolledBack(target, count, 0)
        target.is_synced = filing.has_vectors(target)
        target.save(update_fields=["is_synced"])
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
