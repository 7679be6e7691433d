"""The life of a background job: enqueued with the change that wants it, claimed under a lease, renewed, finished.

The row is the truth. A worker that dies loses its lease, and the sweeper gives the job to the next one.
"""

import contextlib
import logging
import secrets
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from kimono.lib import db
from kimono.lib import jobs as registry
from kimono.lib.errors import Conflict, Missing
from kimono.lib.ids import new_id, platform_id
from kimono.lib.jobs import JobFailed, JobStopped
from tenants.models import Job, Tenant
from tenants.services import ringing, sharing

log = logging.getLogger(__name__)

MOST_ATTEMPTS = 5
MOST_LOSSES = 20
_LOST = {"code": "internal", "message": "The job lost its worker too often and was given up."}
# At most this many jobs of one tenant run at once in a queue; the others' jobs go first.
TENANT_CONCURRENCY = {"ingest": 2, "bulk": 1, "chat": 4, "beat": 1}


def enqueue(
    name: str, /, *, by: str = "", source: str = "", doc_id: str = "", run_after: Any = None, **payload: Any
) -> Job:
    """Write a job of the current tenant in the open transaction and ring after its commit.

    `name` must be registered (`kimono.lib.jobs.job`); `payload` holds ids and small values, JSON-able.
    """
    handler = registry.handler(name)
    tenant = db.current_tenant_or_none()
    job = Job.objects.create(
        job_id=new_id("job") if tenant is not None else platform_id("job"),
        tenant=tenant,
        name=name,
        kind=handler.kind,
        queue=handler.queue,
        payload=payload,
        created_by=by,
        source=source[:255],
        doc_id=doc_id,
        run_after=run_after,
    )
    ringing.after_commit("tenants.run_jobs", handler.queue, queue=handler.queue)
    return job


def get(job_id: str) -> Job:
    """Return a job of the current tenant. Raises `Missing`."""
    job = Job.objects.filter(job_id=job_id).first()
    if job is None:
        raise Missing
    return job


def cancel(*, job_id: str) -> Job:
    """Cancel a waiting job at once; ask a running one to stop at its next stage boundary. Raises `Conflict`."""
    with transaction.atomic():
        job = Job.objects.select_for_update(no_key=True).filter(job_id=job_id).first()
        if job is None:
            raise Missing
        if job.status in Job.FINAL:
            raise Conflict("The job has ended.")
        job.cancel_requested = True
        if job.status == Job.Status.QUEUED:
            job.status = Job.Status.CANCELLED
            job.finished_at = timezone.now()
        job.save()
        if job.status == Job.Status.CANCELLED:
            _tell_abandoned(job, code="cancelled", message="")
    return job


def retry(*, job_id: str, by: str = "") -> Job:
    """Enqueue a failed or cancelled job anew, under a new id. Raises `Conflict` for any other state, `QueueDown`."""
    ringing.check_up()
    with transaction.atomic():
        job = Job.objects.select_for_update(no_key=True).filter(job_id=job_id).first()
        if job is None:
            raise Missing
        if job.status not in (Job.Status.FAILED, Job.Status.CANCELLED):
            raise Conflict("Only a failed or cancelled job can be tried again.")
        return enqueue(job.name, by=by, source=job.source, doc_id=job.doc_id, **job.payload)


_CLAIM = """
    WITH running AS (
        SELECT tenant_id, count(*) AS n FROM tenants_job WHERE status = 'running' AND queue = %(queue)s GROUP BY 1
    ), recent AS (
        SELECT tenant_id, max(started_at) AS last FROM tenants_job
         WHERE queue = %(queue)s AND started_at > now() - interval '1 hour' GROUP BY 1
    ), heads AS (
        SELECT DISTINCT ON (j.tenant_id) j.id, j.tenant_id, j.created_at
          FROM tenants_job j JOIN tenants_tenant t ON t.id = j.tenant_id
         WHERE j.status = 'queued' AND j.queue = %(queue)s AND (j.run_after IS NULL OR j.run_after <= now())
           AND (t.status = 'active' OR j.kind = 'provision')
         ORDER BY j.tenant_id, j.created_at, j.id
    )
    SELECT h.id FROM heads h
      LEFT JOIN running r ON r.tenant_id = h.tenant_id
      LEFT JOIN recent c ON c.tenant_id = h.tenant_id
     WHERE coalesce(r.n, 0) < %(most)s
     ORDER BY coalesce(r.n, 0), c.last NULLS FIRST, h.created_at
"""


def _claim(queue: str) -> Job | None:
    """Take the fairest waiting job: of the tenant with the fewest running, then of the one served longest ago."""
    with db.public_scope(), db.platform_scope(), transaction.atomic():
        with connection.cursor() as cursor:
            # One claim at a time per queue: two claimers would otherwise both see a tenant below its share.
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"kimono.claim.{queue}"])
            cursor.execute(_CLAIM, {"queue": queue, "most": TENANT_CONCURRENCY[queue]})
            ids = [row[0] for row in cursor.fetchall()]
        for pk in ids:
            job = (
                Job.objects.select_for_update(skip_locked=True, no_key=True)
                .filter(pk=pk, status="queued")
                .first()
            )
            if job is None:
                continue
            now = timezone.now()
            job.status = Job.Status.RUNNING
            job.lease_token = secrets.token_hex(16)
            job.lease_until = now + timedelta(seconds=settings.JOB_LEASE_SECONDS)
            job.started_at = job.started_at or now
            job.save()
            return job
    return None


# Renews the lease, reports, and asks what `check` asks, in one message: jobs report often.
_PROGRESS = """
    UPDATE tenants_job SET lease_until = %s, stage = %s, progress = greatest(progress, %s)
     WHERE id = %s AND lease_token = %s AND status = 'running'
 RETURNING cancel_requested, (SELECT status FROM tenants_tenant WHERE id = tenant_id), kind
"""


class Run:
    """One run of a job: reports progress, keeps the lease, and says when to stop."""

    def __init__(self, job: Job) -> None:
        self.job_id = job.job_id
        self.attempt = job.attempts + job.losses + 1
        self._pk = job.pk
        self._token = job.lease_token
        self._job = job
        self._shared = time.monotonic()
        self._lost = threading.Event()

    def progress(self, fraction: float, *, stage: str) -> None:
        """Report how far the job is and renew the lease; raises `JobStopped` when the run must end."""
        lease_until = timezone.now() + timedelta(seconds=settings.JOB_LEASE_SECONDS)
        with connection.cursor() as cursor:
            cursor.execute(
                _PROGRESS, [lease_until, stage, min(max(fraction, 0.0), 0.99), self._pk, self._token]
            )
            state = cursor.fetchone()
        if state is None:
            self._lost.set()
        self._go_on_or_stop(state)

    def check(self) -> None:
        """Raise `JobStopped`: the job was cancelled or makes room, its lease is another's, its tenant is not active."""
        state = (
            Job.objects.filter(pk=self._pk, lease_token=self._token, status="running")
            .values_list("cancel_requested", "tenant__status", "kind")
            .order_by()
            .first()
        )
        self._go_on_or_stop(state)

    def _go_on_or_stop(self, state: tuple[bool, str | None, str] | None) -> None:
        if state is None:
            raise JobStopped("lost")
        cancelled, status, kind = state
        if cancelled:
            raise JobStopped("cancelled")
        if status != Tenant.Status.ACTIVE and kind != "provision":
            raise JobStopped("suspended")
        if time.monotonic() - self._shared >= sharing.PATIENCE_SECONDS:
            self._shared = time.monotonic()
            if sharing.must_make_room(self._job):
                raise JobStopped("make_room")

    def renew(self) -> None:
        """Push the lease on, from the heartbeat's thread."""
        mine = Job.objects.filter(pk=self._pk, lease_token=self._token, status="running")
        if not mine.update(lease_until=timezone.now() + timedelta(seconds=settings.JOB_LEASE_SECONDS)):
            self._lost.set()

    @contextlib.contextmanager
    def heartbeat(self) -> Iterator[None]:
        """Renew the lease from a thread of its own while the block runs."""
        done = threading.Event()
        scope = db.scope_or_none()

        def beat() -> None:
            db.set_scope(scope)
            while not done.wait(settings.JOB_HEARTBEAT_SECONDS) and not self._lost.is_set():
                try:
                    self.renew()
                except Exception:
                    log.warning("the lease of %s could not be renewed", self.job_id, exc_info=True)
                finally:
                    db.released()

        thread = threading.Thread(target=beat, name=f"lease-{self.job_id}", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join(timeout=5)


def run_next(queue: str) -> bool:
    """Claim and run one job of `queue`; return False when none may run now."""
    job = _claim(queue)
    if job is None:
        return False
    with db.public_scope(), db.platform_scope():
        tenant = Tenant.objects.filter(pk=job.tenant_id).first()
    with db.tenant_scope(tenant) if tenant is not None else db.public_scope():
        _execute(job)
    return True


def _execute(job: Job) -> None:
    run = Run(job)
    try:
        with run.heartbeat():
            run.check()
            result = registry.handler(job.name).function(run, **job.payload)
        _finish(job, status=Job.Status.SUCCEEDED, stage="done", progress=1.0, result=result)
    except JobStopped as stop:
        _stopped(job, str(stop))
    except JobFailed as failure:
        log.info("job %s failed: %s", job.job_id, failure.code)
        _finish(
            job,
            status=Job.Status.FAILED,
            error=failure.message,
            errors=failure.errors or [{"code": failure.code, "message": failure.message}],
        )
    except Exception:
        log.exception("job %s failed", job.job_id)
        _failed_attempt(job)


def _mine(job: Job) -> Any:
    return Job.objects.filter(pk=job.pk, lease_token=job.lease_token, status="running")


def _finish(job: Job, **changes: Any) -> None:
    with transaction.atomic():
        ended = _mine(job).update(finished_at=timezone.now(), lease_until=None, **changes)
        if ended and changes["status"] != Job.Status.SUCCEEDED:
            reason = (changes.get("errors") or [{"code": "cancelled", "message": ""}])[0]
            _tell_abandoned(job, code=reason["code"], message=reason["message"])


def _tell_abandoned(job: Job, *, code: str, message: str) -> None:
    """Tell the owner of a job's things, in the open transaction, that the job has ended without success."""
    abandoned = registry.handler(job.name).abandoned
    if abandoned is not None:
        abandoned(code=code, message=message, **job.payload)


def _stopped(job: Job, why: str) -> None:
    if why == "cancelled":
        _finish(job, status=Job.Status.CANCELLED)
    elif why in ("suspended", "make_room"):
        _mine(job).update(status=Job.Status.QUEUED, lease_until=None, lease_token="")


def _failed_attempt(job: Job) -> None:
    attempts = job.attempts + 1
    if attempts >= MOST_ATTEMPTS:
        _finish(
            job,
            status=Job.Status.FAILED,
            attempts=attempts,
            error="internal",
            errors=[{"code": "internal", "message": "The job failed and was given up."}],
        )
        return
    pause = timedelta(seconds=min(2**attempts, 60))
    _mine(job).update(
        status=Job.Status.QUEUED,
        attempts=attempts,
        lease_until=None,
        lease_token="",
        run_after=timezone.now() + pause,
    )


def _give_up(job: Job) -> None:
    try:
        with db.tenant_scope(job.tenant) if job.tenant is not None else db.public_scope():
            _finish(job, status=Job.Status.FAILED, error="lost", errors=[_LOST])
    except Exception:
        # One job that cannot even be ended must not keep the others from being found.
        log.exception("job %s could not be given up", job.job_id)


def sweep() -> int:
    """Put jobs whose lease has run out back in their queues, ring every queue that has work; return how many waited."""
    now = timezone.now()
    with db.public_scope(), db.platform_scope():
        lost = Job.objects.filter(status="running", lease_until__lt=now)
        hopeless = list(lost.filter(losses__gte=MOST_LOSSES).select_related("tenant"))
    for job in hopeless:
        _give_up(job)
    with db.public_scope(), db.platform_scope():
        lost.exclude(losses__gte=MOST_LOSSES).update(
            status=Job.Status.QUEUED, losses=F("losses") + 1, lease_until=None, lease_token=""
        )
        waiting = list(
            Job.objects.filter(status="queued").exclude(run_after__gt=now).values_list("queue", flat=True)
        )
    for queue in sorted(set(waiting)):
        for _ in range(min(waiting.count(queue), 4)):
            ringing.now("tenants.run_jobs", queue, queue=queue)
    return len(waiting)
