"""Doors of documents: KB-01, KB-07…15."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import File, Form, Query, Router, Status, UploadedFile

from kimono.lib.errors import Missing, TooLarge
from kimono.lib.threads import in_thread
from kimono.lib.uploads import sent_name
from knowledge.api.files import FileGuard, UploadGuard, served
from knowledge.models import Version
from knowledge.schemas import contents
from knowledge.schemas import documents as shapes
from knowledge.schemas.jobs import JobOut, show_job
from knowledge.services import checking, grants, links
from knowledge.services.documents import (
    changing,
    previewing,
    quotas,
    reading,
    results,
    rolling_back,
    uploading,
)
from knowledge.services.web import importing
from tenants.auth import AsyncGuard, Guard, Principal, actor_of, principal_of
from tenants.models import Job
from tenants.paging import Page, Paged, paged
from tenants.services import ringing

router = Router(tags=["documents"])
KNOWLEDGE = Guard("knowledge")


@router.post(
    "/knowledge/ingest",
    response={200: shapes.IngestResult, 202: JobOut},
    auth=UploadGuard("knowledge", limits=("ingest",)),
    operation_id="KB-01",
)
async def ingest(
    request: HttpRequest, file: File[UploadedFile], data: Form[shapes.IngestForm]
) -> Status[dict[str, Any]]:
    """Take a document in; the answer comes when it is indexed, or as a job when it takes longer or `async` is set."""
    if (file.size or 0) > quotas.most("UPLOAD_BYTES"):
        raise TooLarge(max_bytes=quotas.most("UPLOAD_BYTES"))
    if data.run_async:
        await in_thread(ringing.check_up)
    uploaded = await in_thread(_upload, request, file, data)
    if uploaded.job is None:
        return Status(200, await in_thread(_unchanged, uploaded.version, bool(data.validate_quality)))
    if data.run_async:
        return Status(202, show_job(uploaded.job))
    job = await results.outcome(uploaded.job.job_id)
    if job.status not in Job.FINAL:
        return Status(202, show_job(job))
    if job.status != Job.Status.SUCCEEDED or job.result is None:
        raise results.refusal_of(job)
    return Status(200, job.result if uploaded.is_first else results.repeated(job.result))


@router.post(
    "/knowledge/ingest/url",
    response={202: JobOut},
    auth=AsyncGuard("knowledge", limits=("ingest",)),
    operation_id="KB-02",
)
async def ingest_url(request: HttpRequest, data: shapes.UrlIn) -> Status[dict[str, Any]]:
    """Fetch a page, a file or a published sheet in the background, and again every `refresh_hours`."""
    await in_thread(ringing.check_up)
    order = importing.Order(
        url=data.url,
        source=data.source or "",
        publish=data.publish,
        note=data.note or "",
        refresh_hours=data.refresh_hours,
        facts=data.facts().given(),
        validate=data.validate_quality,
    )
    return Status(202, show_job(await in_thread(importing.enqueue, order=order, by=actor_of(request))))


def _unchanged(version: Version, validate: bool) -> dict[str, Any]:
    report = checking.check(version=version).shown() if validate else None
    return {**results.unchanged(version), "quality_report": report}


def _upload(request: HttpRequest, file: UploadedFile, data: shapes.IngestForm) -> uploading.Upload:
    return uploading.upload(
        content=file.read(),
        name=sent_name(file),
        by=actor_of(request),
        source=data.source,
        facts=data.facts(),
        publish=data.publish is not False,
        note=data.note or "",
        validate=bool(data.validate_quality),
    )


@router.get("/knowledge/documents", response=shapes.DocumentList, auth=KNOWLEDGE, operation_id="KB-07")
def list_documents(request: HttpRequest, query: Query[shapes.DocumentQuery]) -> dict[str, Any]:
    """List the documents that match, newest first."""
    rows = reading.listed(
        status=query.status,
        knowledge_type=query.knowledge_type,
        product_category=query.product_category,
        q=query.q,
    )
    limit, offset = query.window()
    total = rows.count()
    return {
        "items": [shapes.show_document(row) for row in rows[offset : offset + limit]],
        "total": total,
        "page": offset // limit + 1,
        "page_size": limit,
        "total_pages": -(-total // limit),
        "limit": limit,
        "offset": offset,
    }


@router.get(
    "/knowledge/documents/{doc_id}", response=shapes.DocumentDetail, auth=KNOWLEDGE, operation_id="KB-08"
)
def get_document(request: HttpRequest, doc_id: str) -> dict[str, Any]:
    """Return a document with its versions."""
    document = reading.get(doc_id=doc_id)
    return shapes.show_detail(document, list(reading.versions(document)))


@router.patch(
    "/knowledge/documents/{doc_id}", response=shapes.DocumentOut, auth=KNOWLEDGE, operation_id="KB-09"
)
def update_document(request: HttpRequest, doc_id: str, data: shapes.DocumentPatch) -> dict[str, Any]:
    """Change what is said of a document, or whether it is on show; effective at once."""
    changing.update(doc_id=doc_id, changes=data.changes(), by=actor_of(request))
    return shapes.show_document(reading.get(doc_id=doc_id))


@router.delete(
    "/knowledge/documents/{doc_id}", response=shapes.DocumentDeleted, auth=KNOWLEDGE, operation_id="KB-10"
)
def delete_document(request: HttpRequest, doc_id: str) -> dict[str, Any]:
    """Delete a document: gone from answers in this call, its history kept for a rollback."""
    deleted = changing.delete(doc_id=doc_id, by=actor_of(request))
    return {"doc_id": doc_id, "deleted_chunks": deleted, "success": True, "error": None}


@router.get(
    "/knowledge/documents/{doc_id}/versions",
    response=Paged[shapes.VersionOut],
    auth=KNOWLEDGE,
    operation_id="KB-11",
)
def list_versions(request: HttpRequest, doc_id: str, query: Query[Page]) -> dict[str, Any]:
    """List the versions of a document, newest first."""
    return paged(reading.versions(reading.get(doc_id=doc_id)), query, shapes.show_version)


@router.post(
    "/knowledge/documents/{doc_id}/rollback",
    response=shapes.RollbackOut,
    auth=KNOWLEDGE,
    operation_id="KB-12",
)
def roll_back(request: HttpRequest, doc_id: str, data: shapes.RollbackIn) -> dict[str, Any]:
    """Put an earlier version on show again, and its document if it was deleted."""
    done = rolling_back.roll_back(doc_id=doc_id, target_version=data.target_version, by=actor_of(request))
    label = done.version.label
    return {
        "doc_id": doc_id,
        "target_version": label,
        "rolled_back_to": label,
        "current_version": label,
        "chunk_count": done.chunk_count,
        "restored_chunks": done.restored,
        "success": True,
        "error": None,
    }


@router.get(
    "/knowledge/documents/{doc_id}/diff",
    response=contents.DiffOut,
    by_alias=True,
    auth=KNOWLEDGE,
    operation_id="KB-13",
)
def diff(request: HttpRequest, doc_id: str, query: Query[contents.DiffQuery]) -> dict[str, Any]:
    """Compare two versions of a document, passage by passage."""
    old, new, found = reading.diff(doc_id=doc_id, old=query.old, new=query.new)
    return contents.show_diff(doc_id, old, new, found)


@router.get(
    "/knowledge/documents/{doc_id}/chunks",
    response=Paged[contents.ChunkOut],
    auth=KNOWLEDGE,
    operation_id="KB-14",
)
def list_chunks(request: HttpRequest, doc_id: str, query: Query[contents.ChunkQuery]) -> dict[str, Any]:
    """List the chunks of a version in reading order."""
    version, rows = reading.chunks(doc_id=doc_id, label=query.version, q=query.q)
    return paged(rows, query, lambda chunk: contents.show_chunk(chunk, version))


@router.get(
    "/knowledge/documents/{doc_id}/file",
    response=bytes,
    auth=FileGuard("knowledge", visitor=True),
    operation_id="KB-15",
)
def get_file(request: HttpRequest, doc_id: str, query: Query[contents.FileQuery]) -> HttpResponse:
    """Download the file of a version as it was uploaded; a visitor only one that an answer to it has cited."""
    principal = principal_of(request)
    for_visitor = principal.kind in ("visitor", "anonymous")
    if for_visitor and not _is_cited(principal, request, doc_id, query):
        raise Missing
    if query.preview is not None:
        version = reading.opened(doc_id=doc_id, label=query.version, for_visitor=for_visitor)
        return served(request, _preview(version, query), attachment=False)
    file = reading.stored_file(doc_id=doc_id, label=query.version, for_visitor=for_visitor)
    return served(request, file, attachment=query.disposition == "attachment" or not file.may_be_inline)


def _preview(version: Version, query: contents.FileQuery) -> reading.StoredFile:
    if query.preview == "page":
        return previewing.page(version=version, number=query.page, words=query.quote or "")
    return previewing.text(version=version, chunk_id=query.chunk_id or "")


def _is_cited(principal: Principal, request: HttpRequest, doc_id: str, query: contents.FileQuery) -> bool:
    if query.sig and links.verify(request.path_info, query.sig, version=query.version):
        return True
    return grants.allows(unit=principal.session_id, doc_id=doc_id)
