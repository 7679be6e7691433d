"""`kill -9` while a document is taken in (promise R11): ready in the end, each chunk once, never half to be seen."""

import random
import time
from collections.abc import Callable
from typing import Any

import pytest

from kimono.lib import db
from tests.faults.holding import Holder
from tests.faults.killing import SHORT_LEASES, await_true, kill_all, kill_children, kill_parser
from tests.fixtures.servers import Servers
from tests.knowledge.uploads import upload

TEXT = "# 规定\n\n" + "\n\n".join(
    f"## 第{number}条\n\n第 {number} 条：押金 {number} 元，逾期一天加收 {number % 7} 元。"
    for number in range(1, 61)
)
OLD = "# 规定\n\n旧的规定。\n"


def check_stored_once(version: Any) -> None:
    """Check that a version is there in full, once, and on show."""
    from knowledge.models import Unit
    from knowledge.services import visibility
    from tenants.models import OutboxEvent

    version.refresh_from_db()
    version.document.refresh_from_db()
    assert version.document.current_version_id == version.pk
    chunks = list(version.chunks.order_by("index"))
    assert [chunk.index for chunk in chunks] == list(range(len(chunks)))
    assert len({chunk.text for chunk in chunks}) == len(chunks)
    assert all(version.text[chunk.start : chunk.end] == chunk.text for chunk in chunks)
    shown = visibility.searchable(visibility.view_of()).filter(version__document=version.document)
    assert sorted(shown.values_list("chunk_id", flat=True)) == sorted(chunk.pk for chunk in chunks)
    assert Unit.objects.filter(version=version).count() == len(chunks)
    told = OutboxEvent.objects.filter(name="document.ingested", data__doc_id=version.document.public_id)
    assert [event.data["version"] for event in told].count(version.label) == 1


@pytest.mark.timeout(240)
def test_a_worker_killed_at_each_stage_loses_and_doubles_nothing(
    servers: Callable[..., Servers], holder: Holder, in_alpha: Any
) -> None:
    from knowledge.services import visibility
    from tenants.models import Job

    running = servers(serving=False, **SHORT_LEASES)
    worker = running.worker
    first = upload(OLD)
    await_true(lambda: Job.objects.get(pk=first.job.pk).status == "succeeded", log=lambda: worker.log)

    stops = (
        ("parsing", holder.between("parsing", "chunking"), kill_all),
        ("chunking", holder.between("chunking", "embedding"), kill_children),
        ("embedding", holder.writing("knowledge_chunk"), kill_children),
        ("embedding", holder.between("embedding", "indexing"), kill_children),
        ("indexing", holder.writing("knowledge_revision"), kill_all),
        # Stored and on show, but the job does not know it yet.
        ("indexing", holder.between("indexing", "done"), kill_children),
    )
    given = None
    for number, (stage, held, kill) in enumerate(stops):
        with held:
            given = given or upload(TEXT)
            await_true(holder.is_waiting, log=lambda: worker.log)
            job = Job.objects.get(pk=given.job.pk)
            assert (job.status, job.stage, job.losses) == ("running", stage, number)
            kill(worker)
        first.version.document.refresh_from_db()
        stored = number == len(stops) - 1
        assert first.version.document.current_version_id == (given.version if stored else first.version).pk
        seen = visibility.searchable(visibility.view_of()).filter(version=given.version)
        assert seen.exists() == stored
    assert given is not None
    await_true(lambda: Job.objects.get(pk=given.job.pk).status == "succeeded", log=lambda: worker.log)

    job = Job.objects.get(pk=given.job.pk)
    assert (job.progress, job.stage, job.attempts, job.losses) == (1.0, "done", 0, len(stops))
    assert job.result["chunk_count"] == given.version.chunks.count() == 60
    check_stored_once(given.version)


@pytest.mark.soak
def test_a_worker_killed_at_random_moments_loses_and_doubles_nothing(
    servers: Callable[..., Servers], in_alpha: Any
) -> None:
    from tenants.models import Job

    running = servers(serving=False, **SHORT_LEASES)
    chance = random.Random(1)
    given = [upload(TEXT.replace("押金", f"{number} 号押金"), f"{number}.md") for number in range(50)]
    parsers_killed = 0
    for number in range(20):
        running.worker.await_ready()
        time.sleep(chance.uniform(0.2, 2.5))
        if number % 3 == 2:
            parsers_killed += kill_parser(running.worker)
        else:
            (kill_all if number % 3 else kill_children)(running.worker)
    assert parsers_killed > 0
    done = Job.objects.filter(pk__in=[item.job.pk for item in given], status="succeeded")
    await_true(lambda: done.count() == len(given), 600, log=lambda: running.worker.log)
    for item in given:
        check_stored_once(item.version)
    assert db.current_tenant() == in_alpha
