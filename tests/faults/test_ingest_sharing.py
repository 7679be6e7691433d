"""One merchant's files, however many and however bad, do not keep another's waiting."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kimono.lib import db
from tests.faults.killing import SHORT_LEASES, await_true, parsers
from tests.fixtures.servers import Servers
from tests.knowledge.uploads import BY, upload
from tests.providers.parsing.writers import pdf

RULE = "# 规定 {number}\n\n第 {number} 号和服的押金是 {number} 元，逾期一天加收 {number} 角。\n"
PARSE_SECONDS = 20
# Many short lines in many columns: a page takes its parser the better part of a second.
LINES = [
    ("Some words on a page of a file", 3.0, 30.0 + left, float(top))
    for top in range(40, 760, 3)
    for left in range(0, 500, 60)
]


def check_turns(servers: Callable[..., Servers], alpha: Any, beta: Any, files: int) -> None:
    """Let one merchant's files wait before a single one of another; that is ready before the tenth of them."""
    from tenants.models import Job

    with db.tenant_scope(alpha):
        many = [upload(RULE.format(number=number), f"{number}.md").job.pk for number in range(1, files + 1)]
    with db.tenant_scope(beta):
        single = upload(RULE.format(number=1), "single.md").job.pk
    running = servers(serving=False, **SHORT_LEASES)
    with db.tenant_scope(alpha):
        done = Job.objects.filter(pk__in=many, status="succeeded")
        await_true(lambda: done.count() == files, 60 + 3 * files, log=lambda: running.worker.log)
        tenth = sorted(done.values_list("finished_at", flat=True))[9]
    with db.tenant_scope(beta):
        other = Job.objects.get(pk=single)
    assert other.status == "succeeded"
    assert other.finished_at is not None and other.finished_at < tenth


@pytest.mark.timeout(240)
def test_a_single_file_is_ready_before_the_tenth_of_many(
    servers: Callable[..., Servers], alpha: Any, beta: Any
) -> None:
    check_turns(servers, alpha, beta, 12)


@pytest.mark.soak
def test_a_single_file_is_ready_before_the_tenth_of_five_hundred(
    servers: Callable[..., Servers], alpha: Any, beta: Any
) -> None:
    check_turns(servers, alpha, beta, 500)


@pytest.mark.soak
@pytest.mark.timeout(240)
def test_files_that_stall_their_parsers_hold_up_nobody_else_and_can_be_stopped(
    servers: Callable[..., Servers], alpha: Any, beta: Any, tmp_path: Path
) -> None:
    from knowledge.services import running as merchant_jobs
    from tenants.models import Job

    own = servers(
        serving=False,
        **SHORT_LEASES,
        KIMONO_LIMIT_PARSE_SECONDS=str(PARSE_SECONDS),
        KIMONO_LIMIT_PARSE_CPU_SECONDS="1000",
        KIMONO_LIMIT_PARSE_BYTES=str(300 * 1024 * 1024),
    )
    slow = pdf(tmp_path / "slow.pdf", [LINES] * 120).read_bytes()
    with db.tenant_scope(alpha):
        first, second = (upload(slow + b"%" * number, f"slow{number}.pdf").job for number in range(2))
        greedy = upload("- a\n" * 4_000_000, "greedy.md").job
        await_true(lambda: len(parsers(own.worker)) == 2, 30, log=lambda: own.worker.log)
    with db.tenant_scope(beta):
        quick = upload(RULE.format(number=1)).job
        await_true(lambda: Job.objects.get(pk=quick.pk).status == "succeeded", 20, log=lambda: own.worker.log)
    with db.tenant_scope(alpha):
        rows = {job.pk: job for job in Job.objects.filter(pk__in=[first.pk, second.pk, greedy.pk])}
        assert rows[first.pk].status == "running"
        assert {rows[job.pk].status for job in (second, greedy)} <= {"running", "queued"}
        assert all(job.attempts == job.losses == 0 for job in rows.values())

        merchant_jobs.cancel(job_id=first.job_id, by=BY)
        await_true(lambda: Job.objects.get(pk=first.pk).status == "cancelled", 5, log=lambda: own.worker.log)
        for job, words in ((second, "longer than"), (greedy, "memory")):
            await_true(
                lambda job=job: Job.objects.get(pk=job.pk).status == "failed", 60, log=lambda: own.worker.log
            )
            ended = Job.objects.get(pk=job.pk)
            assert ended.errors[0]["code"] == "unreadable_file" and words in ended.error
        again = merchant_jobs.retry(job_id=first.job_id, by=BY)
        await_true(lambda: Job.objects.get(pk=again.pk).stage == "parsing", 10, log=lambda: own.worker.log)
        merchant_jobs.cancel(job_id=again.job_id, by=BY)
        await_true(lambda: Job.objects.get(pk=again.pk).status == "cancelled", 5, log=lambda: own.worker.log)
    await_true(lambda: not parsers(own.worker), 5)
