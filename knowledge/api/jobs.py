"""Doors of jobs: KB-03…06."""

from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Status

from knowledge.schemas.jobs import JobOut, JobQuery, show_job
from knowledge.services import running
from tenants.auth import Guard, actor_of
from tenants.paging import Paged, paged

router = Router(tags=["jobs"])
KNOWLEDGE = Guard("knowledge")


@router.get("/knowledge/jobs", response=Paged[JobOut], auth=KNOWLEDGE, operation_id="KB-03")
def list_jobs(request: HttpRequest, query: Query[JobQuery]) -> dict[str, Any]:
    """List the jobs that match, newest first."""
    rows = running.listed(status=query.status, kind=query.kind, doc_id=query.doc_id)
    return paged(rows, query, show_job)


@router.get("/knowledge/jobs/{job_id}", response=JobOut, auth=KNOWLEDGE, operation_id="KB-04")
def get_job(request: HttpRequest, job_id: str) -> dict[str, Any]:
    """Return a job."""
    return show_job(running.get(job_id=job_id))


@router.post("/knowledge/jobs/{job_id}/cancel", response=JobOut, auth=KNOWLEDGE, operation_id="KB-05")
def cancel_job(request: HttpRequest, job_id: str) -> dict[str, Any]:
    """Cancel a job; nothing half-indexed remains."""
    return show_job(running.cancel(job_id=job_id, by=actor_of(request)))


@router.post("/knowledge/jobs/{job_id}/retry", response={202: JobOut}, auth=KNOWLEDGE, operation_id="KB-06")
def retry_job(request: HttpRequest, job_id: str) -> Status[dict[str, Any]]:
    """Try a failed or cancelled job again, under a new id."""
    return Status(202, show_job(running.retry(job_id=job_id, by=actor_of(request))))
