"""Doors of attachments: KB-20…22, QA-14, QA-15."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import File, Form, Query, Router, Status, UploadedFile

from kimono.lib.errors import Missing, TooLarge
from kimono.lib.threads import in_thread
from kimono.lib.uploads import sent_name
from knowledge.api.files import FileGuard, UploadGuard, served
from knowledge.models import Attachment
from knowledge.schemas import attachments as shapes
from knowledge.schemas.attachments import show_attachment
from knowledge.services import grants, links
from knowledge.services.attachments import adding, reading
from knowledge.services.documents import quotas
from tenants.auth import Guard, Principal, actor_of, principal_of
from tenants.paging import Paged, paged

router = Router(tags=["attachments"])
KNOWLEDGE = Guard("knowledge")


@router.get(
    "/knowledge/attachments", response=Paged[shapes.AttachmentOut], auth=KNOWLEDGE, operation_id="KB-20"
)
def list_attachments(request: HttpRequest, query: Query[shapes.AttachmentQuery]) -> dict[str, Any]:
    """List the attachments of what is on show; those of one document or pair in reading order."""
    return paged(
        reading.listed(doc_id=query.doc_id, qa_id=query.qa_id, kind=query.kind), query, show_attachment
    )


@router.get(
    "/knowledge/attachments/{attachment_id}",
    response=shapes.AttachmentOut,
    auth=KNOWLEDGE,
    operation_id="KB-21",
)
def get_attachment(request: HttpRequest, attachment_id: str) -> dict[str, Any]:
    """Return an attachment."""
    return show_attachment(reading.get(attachment_id=attachment_id))


@router.get(
    "/knowledge/attachments/{attachment_id}/file",
    response=bytes,
    auth=FileGuard("knowledge", visitor=True),
    operation_id="KB-22",
)
def get_attachment_file(
    request: HttpRequest, attachment_id: str, query: Query[shapes.AttachmentFileQuery]
) -> HttpResponse:
    """Download an attachment or its small picture; a visitor only one of what an answer to it has cited."""
    principal = principal_of(request)
    found = reading.get(attachment_id=attachment_id)
    if principal.kind in ("visitor", "anonymous") and not _may_see(principal, request, found, query.sig):
        raise Missing
    file = reading.stored_file(found, thumb=query.thumb)
    return served(request, file, attachment=not file.may_be_inline)


def _may_see(principal: Principal, request: HttpRequest, found: Attachment, sig: str | None) -> bool:
    if not reading.is_open(found):
        return False
    if sig and links.verify(request.path_info, sig):
        return True
    return grants.allows(
        unit=principal.session_id,
        doc_id=found.version.document.public_id if found.version is not None else "",
        qa_id=found.pair.public_id if found.pair is not None else "",
    )


@router.post(
    "/knowledge/qa-pairs/{qa_id}/attachments",
    response={201: shapes.AttachmentOut},
    auth=UploadGuard("knowledge", limits=("ingest",)),
    operation_id="QA-14",
)
async def add_attachment(
    request: HttpRequest, qa_id: str, file: File[UploadedFile], data: Form[shapes.AttachmentForm]
) -> Status[dict[str, Any]]:
    """Tie a file to a QA pair; it comes along with every answer from this pair."""
    if (file.size or 0) > quotas.most("UPLOAD_BYTES"):
        raise TooLarge(max_bytes=quotas.most("UPLOAD_BYTES"))
    return Status(201, await in_thread(_added, request, qa_id, file, data.caption.strip()))


def _added(request: HttpRequest, qa_id: str, file: UploadedFile, caption: str) -> dict[str, Any]:
    content, name = file.read(), sent_name(file)
    return show_attachment(
        adding.add(qa_id=qa_id, content=content, name=name, caption=caption, by=actor_of(request))
    )


@router.delete(
    "/knowledge/qa-pairs/{qa_id}/attachments/{attachment_id}",
    response={204: None},
    auth=KNOWLEDGE,
    operation_id="QA-15",
)
def remove_attachment(request: HttpRequest, qa_id: str, attachment_id: str) -> Status[None]:
    """Take a file off a QA pair; answers go without it at once."""
    adding.remove(qa_id=qa_id, attachment_id=attachment_id, by=actor_of(request))
    return Status(204, None)
