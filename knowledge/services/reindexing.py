"""Moving the index from one encoder to another while the old vectors serve: fill all new ones first, then switch at once."""

from datetime import datetime, timedelta

from asgiref.sync import async_to_sync
from django.db import connection, transaction
from django.db.models import F, Q, QuerySet

from kimono.lib.jobs import JobFailed, JobRun, Result
from knowledge.models import QAPair, Unit, Version
from knowledge.services import encoders, indexing, revisions
from knowledge.services.qa_pairs import writing
from tenants.models import Job

JOB = "knowledge.reindex"
_BATCH = 100
# After a failure the model is given time: the old vectors serve meanwhile.
_PAUSE = timedelta(minutes=10)


def waits(*, now: datetime) -> bool:
    """Tell whether vectors of another encoder than the configured one are in use, and it is time to make new ones."""
    target = encoders.configured()
    if encoders.in_force() == target and not Unit.objects.exclude(encoder_id__in=["", target]).exists():
        return False
    failed = Job.objects.filter(name=JOB, status=Job.Status.FAILED, finished_at__gt=now - _PAUSE)
    return not failed.exists()


def run(run: JobRun) -> Result:
    """Make the vectors of the configured encoder for all units, and search them from then on.

    What was made before the run was cut off is kept. Raises `JobFailed` when the encoder fails: what is in force stays.
    """
    target = encoders.configured()
    done, total = 0, _lacking(target).count()
    while not _switched(target):
        while waiting := indexing.texts_of(_lacking(target), limit=_BATCH):
            vectors = async_to_sync(writing.embed)(
                [text for _, text in waiting], purpose="reindex", encoder_id=target
            )
            if not vectors.complete:
                raise JobFailed("embedding_unavailable", "The embedding model failed; the old index stays.")
            indexing.store_next_vectors(
                vectors={unit: vectors.by_text[text] for unit, text in waiting}, encoder_id=target
            )
            done += len(waiting)
            run.progress(min(0.95, done / max(total, 1)), stage="embedding")
    return {"encoder": target, "embedded": done}


def _lacking(target: str) -> QuerySet[Unit]:
    return (
        Unit.objects.exclude(role=Unit.Role.ANSWER).exclude(encoder_id=target).exclude(next_encoder_id=target)
    )


def _switched(target: str) -> bool:
    """Put the new vectors in the place of the old ones, all in one transaction; False when some are lacking."""
    with transaction.atomic():
        if _lacking(target).exists():
            return False
        with connection.cursor() as cursor:
            # A hundred thousand vectors are copied: readers do not wait for it, and it may take a minute.
            cursor.execute("SET LOCAL statement_timeout = 0")
        Unit.objects.filter(next_encoder_id=target).update(
            embedding=F("next_embedding"), encoder_id=target, next_embedding=None, next_encoder_id=""
        )
        encoders.switch(target)
        behind = Q(embedding__isnull=True) & ~Q(role=Unit.Role.ANSWER)
        unfinished = Unit.objects.filter(behind)
        QAPair.objects.filter(status=QAPair.Status.ACTIVE, is_synced=False).exclude(
            pk__in=unfinished.filter(pair__isnull=False).values("pair_id")
        ).update(is_synced=True)
        Version.objects.filter(is_synced=False, units__isnull=False).exclude(
            pk__in=unfinished.filter(version__isnull=False).values("version_id")
        ).update(is_synced=True)
        revisions.bump()
    return True
