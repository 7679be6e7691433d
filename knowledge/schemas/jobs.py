"""Shapes of jobs (api.md 6.2)."""

from datetime import datetime
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import AfterValidator, StringConstraints

from kimono.lib.cleaning import clean
from tenants.models import Job
from tenants.paging import Page


class JobError(Schema):
    """Something that went wrong in a job, as precisely as it is known."""

    source: str | None = None
    page: int | None = None
    sheet: str | None = None
    row: int | None = None
    code: str
    message: str


class JobOut(Schema):
    """A job on the wire."""

    job_id: str
    kind: str
    status: str
    progress: float
    stage: str
    source: str | None
    doc_id: str | None
    chunk_count: int
    errors: list[JobError]
    result: dict[str, Any] | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


def show_job(job: Job) -> dict[str, Any]:
    """Return a job as `JobOut`."""
    result = job.result or {}
    return {
        "job_id": job.job_id,
        "kind": job.kind,
        "status": job.status,
        "progress": job.progress,
        "stage": job.stage,
        "source": job.source or None,
        "doc_id": job.doc_id or None,
        "chunk_count": result.get("chunk_count") or 0,
        # What a file that was read in part lacks stands in its result.
        "errors": job.errors or (result.get("errors", []) if job.kind == "ingest" else []),
        "result": job.result,
        "created_at": job.created_at,
        "started_at": job.started_at,
        "finished_at": job.finished_at,
    }


class JobQuery(Page):
    """KB-03."""

    status: Literal["queued", "running", "succeeded", "failed", "cancelled"] | None = None
    kind: (
        Literal[
            "ingest",
            "update_full",
            "update_incremental",
            "sync",
            "import",
            "mining",
            "evaluation",
            "reindex",
        ]
        | None
    ) = None
    doc_id: Annotated[str, AfterValidator(clean), StringConstraints(max_length=64)] | None = None
