"""What the index of a merchant needs from time to time: missing vectors, merged segments, an index over many vectors."""

from typing import Any

from django.utils import timezone

from kimono.lib.jobs import JobRun, Result
from knowledge.models import Unit
from knowledge.services import fitting, indexing, postings, reindexing, vectors
from tenants.models import Job
from tenants.services import jobs

SYNC, TIDY, REINDEX, CALIBRATE = "knowledge.sync", "knowledge.tidy_index", reindexing.JOB, fitting.JOB


def start_due() -> list[str]:
    """Enqueue what the current tenant's index needs, unless it is under way; return the names of the jobs."""
    wanted = []
    if reindexing.waits(now=timezone.now()):
        wanted.append(REINDEX)
    elif indexing.unsynced_units(limit=1):
        wanted.append(SYNC)
    if postings.merge_waits() or postings.purge_waits() or vectors.waiting():
        wanted.append(TIDY)
    if not wanted and fitting.due(now=timezone.now()):
        wanted.append(CALIBRATE)
    live = Job.objects.filter(name__in=wanted, status__in=[Job.Status.QUEUED, Job.Status.RUNNING])
    started = [name for name in wanted if name not in set(live.values_list("name", flat=True))]
    for name in started:
        payload: dict[str, Any] = {"limit": None, "full": False} if name == SYNC else {}
        jobs.enqueue(name, **payload)
    return started


def tidy(run: JobRun) -> Result:
    """Merge the keyword index, drop what is gone from it, and make an index over vectors that have become many."""
    merged = 0
    for done, collection in enumerate(postings.COLLECTIONS):
        run.progress(done / 4, stage="indexing")
        merged += postings.merge(collection=str(collection))
    run.progress(0.5, stage="indexing")
    purged = postings.purge() if postings.purge_waits() else 0
    run.progress(0.75, stage="indexing")
    built = [encoder for encoder in vectors.waiting() if vectors.build(encoder_id=encoder)]
    return {"merged": merged, "purged": purged, "built": built, "units": Unit.objects.count()}
