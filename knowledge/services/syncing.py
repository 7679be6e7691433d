"""Synchronisation: vectors for what was stored while the encoder was down, on a schedule or by hand."""

from collections.abc import Sequence

from asgiref.sync import async_to_sync
from django.db import transaction

from kimono.lib.jobs import JobRun, Result
from knowledge.models import QAPair, Unit
from knowledge.services import indexing, revisions
from knowledge.services.qa_pairs import writing
from knowledge.services.qa_pairs.writing import BulkResult
from tenants.models import Job
from tenants.services import auditing, jobs, ringing
from tenants.services.auditing import Actor

_BATCH = 100


def pending_count() -> int:
    """Return how many living pairs wait for their vectors."""
    return QAPair.objects.filter(status=QAPair.Status.ACTIVE, is_synced=False).count()


def start(*, by: Actor, limit: int | None = None, full: bool = False) -> Job:
    """Enqueue a synchronisation of the current tenant; `full` makes every vector anew. Raises `QueueDown`."""
    ringing.check_up()
    with transaction.atomic():
        auditing.record(action="trigger_sync", by=by, target_type="knowledge")
        return jobs.enqueue("knowledge.sync", by=by.id, limit=limit, full=full)


def bulk_start(*, qa_ids: Sequence[str], by: Actor) -> BulkResult:
    """Have the named pairs' vectors made anew; ids that are unknown here count as not found."""
    with transaction.atomic():
        pairs = QAPair.objects.filter(public_id__in=qa_ids, status=QAPair.Status.ACTIVE)
        found = set(pairs.values_list("public_id", flat=True))
        Unit.objects.filter(pair__in=pairs).update(embedding=None, encoder_id="")
        pairs.update(is_synced=False)
        auditing.record(action="bulk_sync", by=by, target_type="qa_pair", details={"count": len(found)})
        if found:
            jobs.enqueue("knowledge.sync", by=by.id, limit=None, full=False)
    return BulkResult(len(found), tuple(dict.fromkeys(item for item in qa_ids if item not in found)))


def run(run: JobRun, *, limit: int | None, full: bool) -> Result:
    """Make missing vectors in batches until nothing waits (or `limit` texts are done) and return the count.

    With `full` all vectors are made anew, and each serves until its batch is there.
    """
    if full:
        QAPair.objects.filter(status=QAPair.Status.ACTIVE).update(is_synced=False)
    units = Unit.objects.exclude(role=Unit.Role.ANSWER)
    wanted = units if full else units.filter(embedding__isnull=True)
    done, last, total = 0, 0, wanted.count()
    while limit is None or done < limit:
        waiting = indexing.texts_of(
            wanted.filter(pk__gt=last), limit=min(_BATCH, (limit or _BATCH + done) - done)
        )
        if not waiting:
            break
        vectors = async_to_sync(writing.embed)([text for _, text in waiting], purpose="sync")
        if not vectors.complete:
            break
        with transaction.atomic():
            indexing.store_vectors(
                vectors={unit: vectors.by_text[text] for unit, text in waiting}, encoder_id=vectors.encoder_id
            )
            revisions.bump()
        done, last = done + len(waiting), waiting[-1][0]
        run.progress(done / max(total, 1), stage="embedding")
    _mark_synced()
    return {"synced": done, "pending_count": pending_count()}


def _mark_synced() -> None:
    unfinished = Unit.objects.filter(pair__isnull=False, embedding__isnull=True).values("pair_id")
    QAPair.objects.filter(status=QAPair.Status.ACTIVE, is_synced=False).exclude(pk__in=unfinished).update(
        is_synced=True
    )


def status() -> dict[str, object]:
    """Return QA-12: whether a sync runs, when the last one ended, and what waits."""
    mine = Job.objects.filter(name="knowledge.sync")
    last = mine.filter(status__in=Job.FINAL).order_by("-finished_at").first()
    return {
        "is_running": mine.filter(status__in=["queued", "running"]).exists(),
        "last_sync_time": last.finished_at if last is not None else None,
        "pending_count": pending_count(),
        "synced_count": QAPair.objects.filter(status=QAPair.Status.ACTIVE, is_synced=True).count(),
        "last_error": (last.error or None) if last is not None else None,
    }
