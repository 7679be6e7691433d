"""The one transaction at the end of an ingest: chunks, index, pointer, revision, event. Before it nothing can be seen."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db import transaction

from kimono.lib.ids import new_id
from kimono.lib.jobs import JobRun, JobStopped
from kimono.providers.parsing import Parsed
from knowledge.events import DocumentIngested
from knowledge.models import Chunk, Document, Version
from knowledge.services import indexing
from knowledge.services.chunking import ChunkDraft, VersionText
from knowledge.services.documents import showing
from knowledge.services.documents.embedding import ChunkVectors
from tenants.services import outbox

_LONGEST_SECTION = 500


def texts(cut: VersionText, *, title: str) -> list[str]:
    """Return the text to embed for each chunk, in order."""
    titled = Version(title=title)
    return [indexing.text_of_chunk(_chunk(titled, draft), titled) for draft in cut.chunks]


def store(
    *,
    run: JobRun,
    version: Version,
    parsed: Parsed,
    cut: VersionText,
    vectors: ChunkVectors,
    publish: bool,
    facts: Mapping[str, Any],
) -> None:
    """Store a version with its chunks and index, and put it on show or stage it. Does nothing when that is done already.

    Raises `JobStopped` when the run must not end in something visible: cancelled, its lease lost, its document deleted.
    """
    with transaction.atomic():
        document = Document.objects.select_for_update(no_key=True).get(pk=version.document_id)
        locked = Version.objects.select_for_update(no_key=True).filter(pk=version.pk).first()
        if locked is None or locked.is_indexed:
            return
        run.check()
        if publish and document.status == Document.Status.DELETED:
            raise JobStopped("cancelled")
        _fill(locked, document, parsed, cut, complete=vectors.complete)
        _index(locked, cut, vectors)
        _place(document, locked, publish=publish, facts=facts)
        outbox.publish(
            DocumentIngested(
                doc_id=document.public_id,
                version=locked.label,
                source=document.source,
                chunk_count=len(cut.chunks),
            )
        )


def _fill(version: Version, document: Document, parsed: Parsed, cut: VersionText, *, complete: bool) -> None:
    version.text = cut.text
    version.title = parsed.title
    version.page_count = parsed.page_count or 1
    version.errors = [{"source": document.source, **asdict(problem)} for problem in parsed.errors]
    version.is_indexed = True
    version.is_synced = complete
    version.save()


def _index(version: Version, cut: VersionText, vectors: ChunkVectors) -> None:
    chunks = Chunk.objects.bulk_create([_chunk(version, draft) for draft in cut.chunks], batch_size=500)
    by_chunk = {
        chunk.pk: vectors.by_text[text]
        for chunk in chunks
        if (text := indexing.text_of_chunk(chunk, version)) in vectors.by_text
    }
    indexing.index_version(version=version, vectors=by_chunk, encoder_id=vectors.encoder_id)


def _chunk(version: Version, draft: ChunkDraft) -> Chunk:
    return Chunk(
        public_id=new_id("chk"),
        version=version,
        index=draft.index,
        kind=draft.kind,
        page=draft.page,
        section=draft.section[:_LONGEST_SECTION],
        text=draft.text,
        start=draft.start,
        end=draft.end,
    )


def _place(document: Document, version: Version, *, publish: bool, facts: Mapping[str, Any]) -> None:
    """Put a stored version where it belongs: on show, behind a newer one that was quicker, or in waiting."""
    for name, value in facts.items():
        setattr(document, name, datetime.fromisoformat(value) if name == "published_at" else value)
    newer = document.current_version is not None and document.current_version.number > version.number
    if publish and not (newer and document.status != Document.Status.PROCESSING):
        showing.show(document=document, version=version)
        return
    if publish:
        version.status = Version.Status.SUPERSEDED
        version.save(update_fields=["status"])
    if document.status == Document.Status.PROCESSING and document.current_version is None:
        # Something is there, but not to be shown.
        document.status = Document.Status.DISABLED
    document.save()
