"""Shapes of documents, versions, chunks and their ingest (api.md 6.1, 6.2)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from ninja import Field, Schema
from pydantic import AfterValidator, BeforeValidator, StringConstraints

from kimono.lib.cleaning import clean, trimmed
from kimono.lib.moments import Utc
from kimono.lib.patching import omissible
from knowledge.models import Document, Version
from knowledge.schemas.jobs import JobError
from knowledge.services.documents.uploading import Facts
from tenants.paging import Paged


def _none_if_empty(value: Any) -> Any:
    return None if value == "" else value


KnowledgeType = Literal["faq", "policy", "doc", "tutorial", "ticket", "dialogue"]
Words = Annotated[str, BeforeValidator(trimmed), StringConstraints(min_length=1, max_length=100)]
Title = Annotated[str, BeforeValidator(trimmed), StringConstraints(min_length=1, max_length=255)]
# A form cannot leave a field out and sends it empty.
Absent = BeforeValidator(_none_if_empty)


class IngestForm(Schema):
    """KB-01, beside the file. `register` is accepted and means nothing: every document is registered."""

    source: Annotated[str | None, Absent] = None
    knowledge_type: Annotated[KnowledgeType | None, Absent] = None
    product_category: Annotated[Words | None, Absent] = None
    applicable_version: Annotated[Words | None, Absent] = None
    published_at: Annotated[Utc | None, Absent] = None
    registered: Annotated[bool | None, Absent] = Field(default=None, alias="register")
    validate_quality: Annotated[bool | None, Absent] = None
    run_async: Annotated[bool | None, Absent] = Field(default=None, alias="async")
    publish: Annotated[bool | None, Absent] = None
    note: Annotated[
        Annotated[str, AfterValidator(clean), StringConstraints(max_length=500)] | None, Absent
    ] = None

    def facts(self) -> Facts:
        """Return what the uploader says about the document."""
        return Facts(
            knowledge_type=self.knowledge_type,
            product_category=self.product_category,
            applicable_version=self.applicable_version,
            published_at=self.published_at,
        )


class UrlIn(Schema):
    """KB-02: the optional fields of KB-01 go along; `refresh_hours` 0 is once."""

    url: Annotated[str, BeforeValidator(trimmed), StringConstraints(min_length=1, max_length=2048)]
    source: Annotated[str, AfterValidator(clean), StringConstraints(max_length=255)] | None = None
    knowledge_type: KnowledgeType | None = None
    product_category: Words | None = None
    applicable_version: Words | None = None
    published_at: Utc | None = None
    registered: bool | None = Field(default=None, alias="register")
    validate_quality: bool = False
    publish: bool = True
    note: Annotated[str, AfterValidator(clean), StringConstraints(max_length=500)] | None = None
    refresh_hours: int | None = Field(default=None, ge=0, le=720)

    def facts(self) -> Facts:
        """Return what is said about the document."""
        return Facts(
            knowledge_type=self.knowledge_type,
            product_category=self.product_category,
            applicable_version=self.applicable_version,
            published_at=self.published_at,
        )


class IngestResult(Schema):
    """KB-01: what became of an upload."""

    doc_id: str
    source: str
    version: str
    status: Literal["success", "unchanged", "partial"]
    chunk_count: int
    total_chunks: int
    added_chunks: int
    deduped_chunks: int
    duration_seconds: float
    doc_hash: str
    embedding_mode: Literal["model", "fallback"]
    quality_report: dict[str, Any] | None
    errors: list[JobError]
    error: str | None
    job_id: str | None


class Canary(Schema):
    """A version that a share of the conversations sees instead of the current one."""

    version: str
    traffic_percent: int


class DocumentOut(Schema):
    """A document on the wire."""

    doc_id: str
    source: str
    title: str
    current_version: str | None
    status: str
    version_count: int
    knowledge_type: str
    product_category: str
    applicable_version: str
    published_at: datetime | None
    file_type: str
    size_bytes: int
    page_count: int
    chunk_count: int
    canary: Canary | None
    created_by: str | None
    created_at: datetime
    updated_at: datetime


class VersionOut(Schema):
    """A version on the wire."""

    version: str
    doc_hash: str
    status: str
    chunk_count: int
    size_bytes: int
    note: str | None
    created_by: str | None
    created_at: datetime


class DocumentDetail(DocumentOut):
    """KB-08: a document with its versions, newest first."""

    versions: list[VersionOut]


def show_document(document: Document) -> dict[str, Any]:
    """Return a document of `documents.reading` as `DocumentOut`."""
    current = document.current_version
    number = document.canary_number  # type: ignore[attr-defined]
    return {
        "doc_id": document.public_id,
        "source": document.source,
        "title": document.title or document.source,
        "current_version": current.label if current is not None else None,
        "status": document.status,
        "version_count": document.version_count,  # type: ignore[attr-defined]
        "knowledge_type": document.knowledge_type,
        "product_category": document.product_category,
        "applicable_version": document.applicable_version,
        "published_at": document.published_at,
        "file_type": document.file_type,
        "size_bytes": current.size_bytes if current is not None else 0,
        "page_count": current.page_count if current is not None else 0,
        "chunk_count": document.chunk_count,  # type: ignore[attr-defined]
        "canary": {"version": f"v{number}", "traffic_percent": document.canary_percent}  # type: ignore[attr-defined]
        if number is not None
        else None,
        "created_by": document.created_by or None,
        "created_at": document.created_at,
        "updated_at": document.updated_at,
    }


def show_version(version: Version) -> dict[str, Any]:
    """Return a version of `documents.reading` as `VersionOut`."""
    return {
        "version": version.label,
        "doc_hash": version.doc_hash,
        "status": version.status,
        "chunk_count": version.chunk_count,  # type: ignore[attr-defined]
        "size_bytes": version.size_bytes,
        "note": version.note or None,
        "created_by": version.created_by or None,
        "created_at": version.created_at,
    }


def show_detail(document: Document, versions: Sequence[Version]) -> dict[str, Any]:
    """Return a document with its versions as `DocumentDetail`."""
    return {**show_document(document), "versions": [show_version(version) for version in versions]}


class DocumentQuery(Schema):
    """KB-07. `limit` and `offset` may stand in for `page` and `page_size`."""

    page: int = Field(default=1, ge=1, le=1_000_000)
    page_size: int = Field(default=20, ge=1, le=100)
    status: Literal["active", "processing", "disabled", "deleted"] | None = None
    knowledge_type: KnowledgeType | None = None
    product_category: Annotated[str, AfterValidator(clean)] | None = None
    q: Annotated[str, AfterValidator(clean), StringConstraints(max_length=500)] | None = None
    limit: int | None = Field(default=None, ge=1, le=200)
    offset: int | None = Field(default=None, ge=0, le=100_000_000)

    def window(self) -> tuple[int, int]:
        """Return how many rows are wanted, and how many come before them."""
        if self.limit is None and self.offset is None:
            return self.page_size, (self.page - 1) * self.page_size
        return self.limit or self.page_size, self.offset or 0


class DocumentList(Paged[DocumentOut]):
    """KB-07: a page of documents, with `limit` and `offset` echoed."""

    limit: int
    offset: int


class DocumentPatch(Schema):
    """KB-09: any part of it; null clears the time and nothing else."""

    title: Title = omissible()
    knowledge_type: KnowledgeType = omissible()
    product_category: Words = omissible()
    applicable_version: Words = omissible()
    published_at: Utc | None = None
    status: Literal["active", "disabled"] = omissible()

    def changes(self) -> dict[str, Any]:
        """Return what is to change."""
        return self.dict(exclude_unset=True)


class DocumentDeleted(Schema):
    """KB-10."""

    doc_id: str
    deleted_chunks: int
    success: bool
    error: str | None


class RollbackIn(Schema):
    """KB-12."""

    target_version: Annotated[str, StringConstraints(min_length=1, max_length=20)]


class RollbackOut(Schema):
    """KB-12."""

    doc_id: str
    target_version: str
    rolled_back_to: str
    current_version: str
    chunk_count: int
    restored_chunks: int
    success: bool
    error: str | None
