"""A job is run by one worker at a time, survives the loss of any, and stops when it is told to."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from kimono.lib import db
from kimono.lib import jobs as registry
from kimono.lib.errors import Conflict, Missing
from kimono.lib.jobs import JobFailed, JobRun, JobStopped
from tenants.models import Job, MetricPoint, Tenant
from tenants.services import jobs, lifecycle, metrics
from tenants.services.auditing import SYSTEM

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ran() -> list[str]:
    """The tags of the jobs that ran, in order."""
    return []


@pytest.fixture
def act(monkeypatch: pytest.MonkeyPatch, ran: list[str]) -> Iterator[list[Callable[[JobRun], Any]]]:
    """What the job of this test does; nothing if it is empty."""
    monkeypatch.setattr(registry, "_handlers", dict(registry.handlers()))
    acts: list[Callable[[JobRun], Any]] = []
    told: list[str] = []

    @registry.job(
        "test.work", queue="ingest", kind="ingest", abandoned=lambda **said: told.append(said["code"])
    )
    def work(run: JobRun, *, tag: str) -> registry.Result:
        ran.append(tag)
        for act in acts:
            act(run)
        return {"tag": tag}

    acts_and_told = acts
    monkeypatch.setattr(registry, "told", told, raising=False)
    yield acts_and_told


def told() -> list[str]:
    return registry.told  # type: ignore[attr-defined,no-any-return]


def put(tenant: Tenant, tag: str = "x", **options: Any) -> Job:
    with db.tenant_scope(tenant), transaction.atomic():
        return jobs.enqueue("test.work", tag=tag, **options)


def state(job: Job) -> Job:
    with db.public_scope(), db.platform_scope():
        return Job.objects.get(pk=job.pk)


def change(job: Job, **values: Any) -> None:
    with db.public_scope(), db.platform_scope():
        Job.objects.filter(pk=job.pk).update(**values)


def test_a_job_runs_in_its_tenant_and_keeps_its_result(alpha: Tenant, act: Any, ran: list[str]) -> None:
    schemas: list[str] = []
    act.append(lambda run: schemas.append(db.current_schema()))
    act.append(lambda run: run.progress(0.5, stage="embedding"))
    act.append(lambda run: run.progress(0.2, stage="storing"))
    job = put(alpha, source="a.md", doc_id="doc-1")
    assert jobs.run_next("bulk") is False
    assert jobs.run_next("ingest") is True
    assert jobs.run_next("ingest") is False
    done = state(job)
    assert (done.status, done.stage, done.progress, done.result) == ("succeeded", "done", 1.0, {"tag": "x"})
    assert (done.lease_until, schemas, ran) == (None, [alpha.schema_name], ["x"])
    assert done.started_at <= done.finished_at
    assert db.scope_or_none() is None


def test_progress_never_falls(alpha: Tenant, act: Any) -> None:
    seen: list[float] = []

    def watch(run: JobRun) -> None:
        for fraction in (0.5, 0.2, 2.0, -1.0):
            run.progress(fraction, stage="embedding")
            seen.append(Job.objects.get().progress)

    act.append(watch)
    put(alpha)
    jobs.run_next("ingest")
    assert seen == [0.5, 0.5, 0.99, 0.99]


def test_no_job_of_a_change_that_was_rolled_back(alpha: Tenant, act: Any) -> None:
    with pytest.raises(RuntimeError), db.tenant_scope(alpha), transaction.atomic():
        jobs.enqueue("test.work", tag="x")
        raise RuntimeError
    assert not jobs.run_next("ingest")
    with db.tenant_scope(alpha), pytest.raises(KeyError):
        jobs.enqueue("test.unknown")


def test_the_others_job_goes_before_a_tenants_hundredth(
    alpha: Tenant, beta: Tenant, act: Any, ran: list[str]
) -> None:
    for number in range(10):
        put(alpha, f"a{number}")
    put(beta, "b0")
    put(beta, "b1")
    while jobs.run_next("ingest"):
        pass
    assert ran[:4] == ["a0", "b0", "a1", "b1"]
    assert ran[4:] == [f"a{number}" for number in range(2, 10)]


def test_at_most_two_of_a_tenant_at_once(alpha: Tenant, beta: Tenant, act: Any) -> None:
    for number in range(4):
        put(alpha, f"a{number}")
    put(beta, "b0")
    claimed = [jobs._claim("ingest") for _ in range(5)]
    assert [job.payload["tag"][0] if job else None for job in claimed] == ["a", "b", "a", None, None]


@pytest.mark.parametrize(("number", "others", "makes_room"), [(0, 1, False), (1, 1, True), (1, 0, False)])
def test_only_a_merchants_second_job_makes_room_and_only_for_another_merchant(
    alpha: Tenant,
    beta: Tenant,
    act: Any,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    others: int,
    makes_room: bool,
) -> None:
    monkeypatch.setattr(jobs.sharing, "PATIENCE_SECONDS", 0.0)
    rows = [put(alpha, f"a{each}") for each in range(4)]
    taken = [jobs._claim("ingest") for _ in range(2)]
    waiting = [put(beta, "b") for _ in range(others)]
    run = jobs.Run(taken[number])  # type: ignore[arg-type]
    with db.tenant_scope(alpha):
        if not makes_room:
            run.check()
            return
        with pytest.raises(JobStopped, match="make_room"):
            run.check()
        jobs._stopped(taken[number], "make_room")  # type: ignore[arg-type]
    assert (state(rows[1]).status, state(rows[1]).attempts, state(rows[1]).losses) == ("queued", 0, 0)
    assert [job and job.pk for job in (jobs._claim("ingest"), jobs._claim("ingest"))] == [
        waiting[0].pk,
        rows[1].pk,
    ]


def test_a_merchant_who_has_a_process_needs_no_more_room(
    alpha: Tenant, beta: Tenant, act: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs.sharing, "PATIENCE_SECONDS", 0.0)
    for tenant in (alpha, alpha, beta, beta):
        put(tenant)
    taken = [jobs._claim("ingest") for _ in range(3)]
    second = next(job for job in reversed(taken) if job and job.tenant_id == alpha.pk)
    with db.tenant_scope(alpha):
        jobs.Run(second).check()
    put(beta, run_after=timezone.now() + timedelta(hours=1))
    lifecycle.suspend(tenant_id=beta.public_id, reason="", by=SYSTEM, now=timezone.now())
    change(next(job for job in taken if job and job.tenant_id == beta.pk), status="succeeded")
    with db.tenant_scope(alpha):
        jobs.Run(second).check()


def test_many_claimers_take_each_job_once(alpha: Tenant, beta: Tenant, act: Any) -> None:
    for tenant in (alpha, beta):
        for number in range(4):
            put(tenant, f"{tenant.slug}{number}")
    taken: list[str] = []

    def claim() -> None:
        while (job := jobs._claim("ingest")) is not None:
            taken.append(job.payload["tag"])
        db.released()

    threads = [threading.Thread(target=claim) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == ["alpha0", "alpha1", "beta0", "beta1"]


def test_a_job_for_later_waits(alpha: Tenant, act: Any, ran: list[str]) -> None:
    job = put(alpha, run_after=timezone.now() + timedelta(hours=1))
    assert not jobs.run_next("ingest")
    change(job, run_after=timezone.now())
    assert jobs.run_next("ingest")


def test_a_lease_that_ran_out_gives_the_job_to_another(alpha: Tenant, act: Any, ran: list[str]) -> None:
    job = put(alpha)
    lost = jobs._claim("ingest")
    assert lost is not None
    assert jobs.sweep() == 0
    assert state(job).status == "running"
    change(job, lease_until=timezone.now() - timedelta(seconds=1))
    assert jobs.sweep() == 1
    assert (state(job).status, state(job).losses, state(job).attempts) == ("queued", 1, 0)
    assert jobs.run_next("ingest")
    assert state(job).status == "succeeded"
    # The worker that was thought dead comes back: what it says no longer counts.
    with db.tenant_scope(alpha):
        run = jobs.Run(lost)
        run.renew()
        for says in (run.check, lambda: run.progress(0.1, stage="late")):
            with pytest.raises(registry.JobStopped, match="lost"):
                says()
        jobs._finish(lost, status="failed")
    assert (state(job).status, state(job).stage) == ("succeeded", "done")


def test_twenty_lost_workers_end_a_job(alpha: Tenant, act: Any, ran: list[str]) -> None:
    job = put(alpha)
    for number in range(jobs.MOST_LOSSES + 1):
        assert jobs._claim("ingest") is not None, number
        change(job, lease_until=timezone.now() - timedelta(seconds=1))
        jobs.sweep()
    ended = state(job)
    assert (ended.status, ended.losses, ended.attempts, ran) == ("failed", 20, 0, [])
    assert told() == ["internal"]


def test_the_heartbeat_keeps_a_lease_alive(alpha: Tenant, act: Any, settings: Any) -> None:
    settings.JOB_HEARTBEAT_SECONDS, settings.JOB_LEASE_SECONDS = 0.05, 1.0
    leases: list[Any] = []

    def slow(run: JobRun) -> None:
        for _ in range(4):
            leases.append(Job.objects.get().lease_until)
            time.sleep(0.15)

    act.append(slow)
    put(alpha)
    jobs.run_next("ingest")
    assert leases == sorted(set(leases))
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("lease-")]


def test_a_failure_of_its_own_is_tried_five_times(alpha: Tenant, act: Any, ran: list[str]) -> None:
    act.append(lambda run: 1 / 0)
    job = put(alpha)
    pauses = []
    for _ in range(jobs.MOST_ATTEMPTS):
        assert jobs.run_next("ingest")
        waiting = state(job)
        if waiting.status == "queued":
            pauses.append((waiting.run_after - timezone.now()).total_seconds())
            assert not jobs.run_next("ingest")
            change(job, run_after=None)
    ended = state(job)
    assert (ended.status, ended.attempts, len(ran)) == ("failed", 5, 5)
    assert ended.errors == [{"code": "internal", "message": "The job failed and was given up."}]
    assert pauses == sorted(pauses)
    assert told() == ["internal"]
    assert not jobs.run_next("ingest")


def test_a_failure_that_will_not_go_away_ends_at_once(alpha: Tenant, act: Any, ran: list[str]) -> None:
    def refuse(run: JobRun) -> None:
        raise JobFailed(
            "unreadable_file", "It cannot be read.", errors=[{"code": "unreadable_file", "message": "p. 3"}]
        )

    act.append(refuse)
    job = put(alpha)
    jobs.run_next("ingest")
    ended = state(job)
    assert (ended.status, ended.error, ended.errors[0]["message"]) == ("failed", "It cannot be read.", "p. 3")
    assert (ran, told()) == (["x"], ["unreadable_file"])


def test_cancelling(alpha: Tenant, beta: Tenant, act: Any, ran: list[str]) -> None:
    waiting = put(alpha)
    with db.tenant_scope(beta), pytest.raises(Missing):
        jobs.cancel(job_id=waiting.job_id)
    with db.tenant_scope(alpha):
        jobs.cancel(job_id=waiting.job_id)
        assert (state(waiting).status, told()) == ("cancelled", ["cancelled"])
        with pytest.raises(Conflict):
            jobs.cancel(job_id=waiting.job_id)
    assert not jobs.run_next("ingest")
    running = put(alpha)

    def cancel(run: JobRun) -> None:
        jobs.cancel(job_id=run.job_id)
        assert state(running).status == "running"
        run.progress(0.5, stage="embedding")
        ran.append("went on")

    act.append(cancel)
    jobs.run_next("ingest")
    assert (state(running).status, ran) == ("cancelled", ["x"])


def test_trying_again_makes_a_new_job(alpha: Tenant, beta: Tenant, act: Any, ran: list[str]) -> None:
    job = put(alpha, source="a.md")
    with db.tenant_scope(alpha), pytest.raises(Conflict):
        jobs.retry(job_id=job.job_id)
    change(job, status="failed")
    with db.tenant_scope(beta), pytest.raises(Missing):
        jobs.retry(job_id=job.job_id)
    with db.tenant_scope(alpha):
        again = jobs.retry(job_id=job.job_id, by="usr-1")
    assert again.job_id != job.job_id
    assert (again.source, again.created_by, again.attempts) == ("a.md", "usr-1", 0)
    jobs.run_next("ingest")
    assert (state(again).status, state(job).status) == ("succeeded", "failed")


def test_a_suspended_tenants_jobs_wait_and_running_ones_stop(
    alpha: Tenant, beta: Tenant, act: Any, ran: list[str]
) -> None:
    def suspend(run: JobRun) -> None:
        lifecycle.suspend(tenant_id=alpha.public_id, reason="", by=SYSTEM, now=timezone.now())
        metrics.add("before")
        run.check()
        ran.append("went on")

    act.append(suspend)
    job = put(alpha)
    jobs.run_next("ingest")
    assert (state(job).status, state(job).attempts, state(job).losses, ran) == ("queued", 0, 0, ["x"])
    act.clear()
    put(beta, "b")
    assert jobs.run_next("ingest")
    assert not jobs.run_next("ingest")
    lifecycle.activate(tenant_id=alpha.public_id, by=SYSTEM)
    assert jobs.run_next("ingest")
    assert (state(job).status, ran) == ("succeeded", ["x", "b", "x"])
    with db.tenant_scope(alpha):
        assert MetricPoint.objects.count() == 1
