"""Shapes of attachments (api.md 6.2)."""

from typing import Annotated, Any, Literal

from ninja import Field, Schema
from pydantic import AfterValidator, StringConstraints

from kimono.lib.cleaning import clean
from knowledge.models import Attachment
from knowledge.services.attachments import reading
from tenants.paging import Page

PublicId = Annotated[str, AfterValidator(clean), StringConstraints(max_length=64)]


class AttachmentOut(Schema):
    """An attachment on the wire: of a version of a document, or of a QA pair."""

    id: str
    doc_id: str | None
    qa_id: str | None
    version: str | None
    kind: Literal["image", "table", "formula", "file"]
    name: str
    figure: str | None
    page: int | None
    order: int
    mime: str
    size_bytes: int
    caption: str | None
    markdown: str | None
    url: str
    thumb_url: str | None


class AttachmentQuery(Page):
    """KB-20."""

    doc_id: PublicId | None = None
    qa_id: PublicId | None = None
    kind: Literal["image", "table", "formula", "file"] | None = None


class AttachmentFileQuery(Schema):
    """KB-22. `sig` comes with the links of answers."""

    thumb: bool = False
    sig: str | None = None


class AttachmentForm(Schema):
    """QA-14, beside the file."""

    caption: Annotated[str, AfterValidator(clean), StringConstraints(max_length=500)] = Field(default="")


def show_attachment(row: Attachment) -> dict[str, Any]:
    """Return an attachment as `AttachmentOut`."""
    version = row.version
    return {
        "id": row.public_id,
        "doc_id": version.document.public_id if version is not None else None,
        "qa_id": row.pair.public_id if row.pair is not None else None,
        "version": version.label if version is not None else None,
        "kind": row.kind,
        "name": row.name,
        "figure": row.figure or None,
        "page": row.page,
        "order": row.order,
        "mime": row.mime,
        "size_bytes": row.size_bytes,
        "caption": row.caption or None,
        "markdown": row.markdown or None,
        "url": reading.address(row),
        "thumb_url": reading.thumb_address(row),
    }
