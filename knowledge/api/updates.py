"""Doors of updates from a folder on the server: UP-01…04."""

from typing import Any

from django.http import HttpRequest
from ninja import Router, Status

from kimono.lib.threads import in_thread
from knowledge.schemas import updates as shapes
from knowledge.schemas.jobs import JobOut, show_job
from knowledge.services.documents import results
from knowledge.services.folders import single, updating
from tenants.auth import AsyncGuard, Guard, actor_of
from tenants.models import Job
from tenants.services import ringing

router = Router(tags=["updates"])
UPDATE = AsyncGuard("knowledge", limits=("ingest",))
# A weekly script waits five minutes for its update.
_WAIT_SECONDS = 240.0


@router.post(
    "/update/full", response={200: shapes.UpdateResult, 202: JobOut}, auth=UPDATE, operation_id="UP-01"
)
async def update_full(request: HttpRequest, data: shapes.FolderUpdate) -> Status[dict[str, Any]]:
    """Read a folder in; documents that came from it and whose files are gone are deleted."""
    return await _updated(request, data, "full")


@router.post(
    "/update/incremental", response={200: shapes.UpdateResult, 202: JobOut}, auth=UPDATE, operation_id="UP-02"
)
async def update_incremental(request: HttpRequest, data: shapes.FolderUpdate) -> Status[dict[str, Any]]:
    """Read in what is new in a folder or has changed; nothing is deleted."""
    return await _updated(request, data, "incremental")


async def _updated(
    request: HttpRequest, data: shapes.FolderUpdate, mode: updating.Mode
) -> Status[dict[str, Any]]:
    """Answer with the result, or with the job when it takes long or that was asked for."""
    await in_thread(ringing.check_up)
    job = await in_thread(
        updating.enqueue,
        mode=mode,
        dir_path=data.dir_path,
        extensions=data.extensions,
        by=actor_of(request),
    )
    if not data.run_async:
        job = await results.outcome(job.job_id, wait_seconds=_WAIT_SECONDS)
    if data.run_async or job.status not in Job.FINAL:
        return Status(202, show_job(job))
    if job.status != Job.Status.SUCCEEDED or job.result is None:
        raise results.refusal_of(job)
    return Status(200, job.result)


@router.post(
    "/update/file", response={200: shapes.FileUpdateResult, 202: JobOut}, auth=UPDATE, operation_id="UP-03"
)
async def update_file(request: HttpRequest, data: shapes.FileUpdate) -> Status[dict[str, Any]]:
    """Read one file of the folder in."""
    await in_thread(ringing.check_up)
    uploaded, tally = await in_thread(
        single.upload, file_path=data.file_path, facts=data.facts(), by=actor_of(request)
    )
    job = uploaded.job
    if job is not None:
        job = await results.outcome(job.job_id)
        if job.status not in Job.FINAL:
            return Status(202, show_job(job))
        if job.status != Job.Status.SUCCEEDED or job.result is None:
            raise results.refusal_of(job)
    return Status(200, await in_thread(single.result, uploaded=uploaded, job=job, tally=tally))


@router.get("/update/status", response=shapes.UpdateStatus, auth=Guard("knowledge"), operation_id="UP-04")
def update_status(request: HttpRequest) -> dict[str, Any]:
    """Say what the last update did."""
    return shapes.show_status(updating.last())
