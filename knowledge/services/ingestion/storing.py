"""What an ingest writes: chunks in batches that nobody sees yet, and one short transaction that puts them on show."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db import transaction

from kimono.lib.ids import new_id
from kimono.lib.jobs import JobRun, JobStopped
from kimono.providers.parsing import Parsed
from knowledge.events import DocumentIngested
from knowledge.models import Chunk, Document, Version
from knowledge.services import headings
from knowledge.services.chunking import ChunkDraft, VersionText
from knowledge.services.documents import filing, showing
from knowledge.services.documents.embedding import Encoder
from tenants.services import outbox


def begin(*, run: JobRun, version: Version, parsed: Parsed, cut: VersionText) -> list[ChunkDraft]:
    """Note what was read of a version and return the chunks that are still to be stored.

    What an earlier run has stored of the very same text stays; anything else of it goes.
    """
    with transaction.atomic():
        locked = Version.objects.select_for_update(no_key=True).get(pk=version.pk)
        run.check()
        stored = dict(locked.chunks.order_by().values_list("index", "text"))
        is_the_same = (locked.text, locked.title) == (cut.text, parsed.title) and all(
            stored.get(draft.index, draft.text) == draft.text for draft in cut.chunks
        )
        if stored and not is_the_same:
            filing.clear(locked)
            stored = {}
        locked.text, locked.title = cut.text, parsed.title
        locked.page_count = parsed.page_count or 1
        locked.errors = [{"source": version.document.source, **asdict(problem)} for problem in parsed.errors]
        locked.save(update_fields=["text", "title", "page_count", "errors"])
    version.refresh_from_db()
    return [draft for draft in cut.chunks if draft.index not in stored]


def add(
    *,
    run: JobRun,
    version: Version,
    drafts: Sequence[ChunkDraft],
    encoder: Encoder,
    on_embedded: Callable[[int], None],
) -> None:
    """Store and index chunks. Raises `JobStopped`: a run that lost its lease writes nothing more."""
    filing.file(
        version=version,
        chunks=[_chunk(version, draft) for draft in drafts],
        encoder=encoder,
        check=run.check,
        are_new=True,
        on_embedded=on_embedded,
    )


def _chunk(version: Version, draft: ChunkDraft) -> Chunk:
    return Chunk(
        public_id=new_id("chk"),
        version=version,
        index=draft.index,
        kind=draft.kind,
        page=draft.page,
        section=headings.path(draft.heading_path, title=version.title),
        text=draft.text,
        start=draft.start,
        end=draft.end,
        attachments=list(draft.media),
    )


def finish(*, run: JobRun, version: Version, publish: bool, facts: Mapping[str, Any]) -> None:
    """Put a version whose chunks are all stored on show, or stage it. Does nothing when that is done already.

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
        locked.is_indexed = True
        locked.is_synced = filing.has_vectors(locked)
        locked.save(update_fields=["is_indexed", "is_synced"])
        _place(document, locked, publish=publish, facts=facts)
        outbox.publish(
            DocumentIngested(
                doc_id=document.public_id,
                version=locked.label,
                source=document.source,
                chunk_count=locked.chunks.count(),
            )
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
