"""The jobs that a merchant sees: those of its knowledge, with what must go back when one is given up or tried again."""

from django.db import transaction
from django.db.models import QuerySet

from kimono.lib.errors import Missing
from knowledge.services.documents import uploading
from tenants.models import Job
from tenants.services import auditing, jobs
from tenants.services.auditing import Actor

KINDS = ("ingest", "update_full", "update_incremental", "sync", "import", "mining", "evaluation", "reindex")


def listed(
    *, status: str | None = None, kind: str | None = None, doc_id: str | None = None
) -> "QuerySet[Job]":
    """Return the jobs that match, newest first."""
    given = {"status": status, "kind": kind, "doc_id": doc_id}
    return Job.objects.filter(
        kind__in=KINDS, **{name: value for name, value in given.items() if value is not None}
    )


def get(*, job_id: str) -> Job:
    """Return a job. Raises `Missing`, also for work that is not the merchant's to see."""
    job = jobs.get(job_id)
    if job.kind not in KINDS:
        raise Missing
    return job


def cancel(*, job_id: str, by: Actor) -> Job:
    """Cancel a job; one that runs stops at its next stage. Raises `Missing`, `Conflict` when it has ended."""
    with transaction.atomic():
        get(job_id=job_id)
        job = jobs.cancel(job_id=job_id)
        auditing.record(action="cancel_job", by=by, target_type="job", target_id=job_id)
        return job


def retry(*, job_id: str, by: Actor) -> Job:
    """Have a failed or cancelled job tried again, under a new id. Raises `Missing`, `Conflict`.

    An upload that a later one has replaced cannot be tried again.
    """
    with transaction.atomic():
        before = get(job_id=job_id)
        job = jobs.retry(job_id=job_id, by=by.id)
        if before.name == uploading.JOB:
            uploading.reopen(version_id=before.payload["version_id"], publish=before.payload["publish"])
        auditing.record(action="retry_job", by=by, target_type="job", target_id=job.job_id)
        return job
