"""Changes to documents that bring no new content: what is said of one, on and off, deleted."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from kimono.lib.errors import Conflict, Missing
from knowledge.models import Document, Unit, Version
from knowledge.services import revisions
from knowledge.services.documents.uploading import JOB, LIVE
from tenants.models import Job
from tenants.services import auditing, jobs
from tenants.services.auditing import Actor


def _locked(doc_id: str) -> Document:
    document = Document.objects.select_for_update(no_key=True).filter(public_id=doc_id).first()
    if document is None or document.status == Document.Status.DELETED:
        raise Missing
    return document


def update(*, doc_id: str, changes: Mapping[str, Any], by: Actor) -> None:
    """Change what is said of a document, or whether it is on show; effective at once. Raises `Missing`, `Conflict`.

    `changes` may hold `title`, `knowledge_type`, `product_category`, `applicable_version`, `published_at`, `status`.
    """
    with transaction.atomic():
        document = _locked(doc_id)
        if "status" in changes and document.current_version_id is None:
            raise Conflict("The document has nothing to show yet.")
        changed = sorted(name for name, value in changes.items() if getattr(document, name) != value)
        if not changed:
            return
        for name in changed:
            setattr(document, name, changes[name])
        document.save()
        revisions.bump()
        auditing.record(
            action="update_document",
            by=by,
            target_type="document",
            target_id=doc_id,
            details={"fields": changed},
        )


def delete(*, doc_id: str, by: Actor) -> int:
    """Delete a document: gone from answers at once, its versions kept for a rollback. Raises `Missing`.

    Returns how many chunks were on show. What is still being read of it is cancelled.
    """
    with transaction.atomic():
        # Jobs are locked before their document, as by everybody: the other way round two would wait for each other.
        live = list(
            Job.objects.select_for_update(no_key=True).filter(name=JOB, doc_id=doc_id, status__in=LIVE)
        )
        if not Document.objects.filter(public_id=doc_id).exclude(status=Document.Status.DELETED).exists():
            raise Missing
        for job in live:
            jobs.cancel(job_id=job.job_id)
        document = Document.objects.select_for_update(no_key=True).get(public_id=doc_id)
        current = document.current_version
        shown = current.chunks.count() if current is not None else 0
        _take_down(document)
        revisions.bump()
        auditing.record(action="delete_document", by=by, target_type="document", target_id=doc_id)
    return shown


def _take_down(document: Document) -> None:
    document.versions.filter(status=Version.Status.ACTIVE).update(status=Version.Status.DELETED)
    document.versions.filter(status=Version.Status.CANARY).update(
        status=Version.Status.STAGED, traffic_percent=0, canary_started_at=None
    )
    Unit.objects.filter(version__document=document).delete()
    document.status = Document.Status.DELETED
    document.save(update_fields=["status", "updated_at"])
