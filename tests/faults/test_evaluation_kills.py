"""`kill -9` while a test set is run: the run goes on where it was and ends once, each question judged once."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.faults.holding import Holder
from tests.faults.killing import SHORT_LEASES, await_true, kill_children
from tests.fixtures.servers import Servers
from tests.knowledge.filling import add_pair

CASES = 20


@pytest.mark.soak
@pytest.mark.timeout(180)
def test_a_run_whose_worker_is_killed_goes_on_and_doubles_nothing(
    servers: Callable[..., Servers], holder: Holder, in_alpha: Any
) -> None:
    from knowledge.models import EvaluationReport
    from knowledge.services.evaluation import datasets, running
    from knowledge.services.evaluation.cases import Case
    from knowledge.services.evaluation.running import Order
    from tenants.models import Job, UsageRecord
    from tenants.services.auditing import SYSTEM
    from tenants.services.ownership import own_rows

    add_pair("租金多少？", "每天 299 元起。", similar=["租金多少钱一天"])
    worker = servers(serving=False, **SHORT_LEASES).worker
    cases = [
        Case(query=f"租金多少钱一天，第 {n} 次问", expected_answer_keywords=("299",)) for n in range(CASES)
    ]
    dataset = datasets.create(name="集", cases=cases, by=SYSTEM)
    with holder.updating("knowledge_caseresult"):
        report, job = running.start(order=Order(dataset_id=dataset.public_id), by=SYSTEM)
        await_true(holder.is_waiting, log=lambda: worker.log)
        job.refresh_from_db()
        assert (job.status, job.losses) == ("running", 0)
        kill_children(worker)
    report.refresh_from_db()
    assert report.status == EvaluationReport.Status.RUNNING
    await_true(lambda: Job.objects.get(pk=job.pk).status == "succeeded", log=lambda: worker.log)

    report.refresh_from_db()
    assert (report.status, report.figures["total_queries"], report.figures["accuracy"]) == (
        "done",
        CASES,
        1.0,
    )
    assert EvaluationReport.objects.count() == 1
    assert list(report.results.order_by("position").values_list("position", "done")) == [
        (place, True) for place in range(1, CASES + 1)
    ]
    with own_rows():
        booked = UsageRecord.objects.filter(ref=job.job_id)
        assert set(booked.values_list("operation", flat=True)) == {"evaluation"}
        # A batch that was lost is asked again, and nothing else.
        assert CASES <= booked.count() <= CASES + running._BATCH
