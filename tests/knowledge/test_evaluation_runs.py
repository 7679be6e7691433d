"""Runs over test sets as jobs and as a command, and answers that people judge; the doors are walked in a journey."""

import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from conversations.services import sampling
from kimono.lib.errors import Invalid, Missing
from kimono.lib.jobs import JobFailed, JobStopped
from knowledge.models import EvaluationReport
from knowledge.services import questions
from knowledge.services.evaluation import datasets, reports, running, samples
from knowledge.services.evaluation.cases import Case
from knowledge.services.evaluation.running import Order
from knowledge.services.evaluation.samples import Answered, Draw, Grade
from tenants.models import Tenant
from tenants.services import jobs
from tenants.services.auditing import SYSTEM
from tests.knowledge.filling import add_document, add_pair

pytestmark = [pytest.mark.django_db(transaction=True)]
CASES = [
    Case(query="租金多少", expected_sources=("租金多少？",), expected_answer_keywords=("299",), category="价格"),
    Case(query="定制和服能退吗", expected_sources=("returns.md",), expected_answer_keywords=("不支持",), category="退货"),
    Case(query="明天股市怎么样", answerable=False),
    *[Case(query=f"租金多少钱一天，第 {n} 次问", expected_answer_keywords=("299",)) for n in range(9)],
]  # fmt: skip


@pytest.fixture
def filled(in_alpha: Tenant) -> Tenant:
    """Give alpha a pair and a document."""
    add_pair("租金多少？", "每天 299 元起，含基础配饰。", similar=["租金多少钱一天"], category="价格")
    add_document("docs/returns.md", "签收后 7 天内可申请退货。定制和服不支持退货。", title="退换货")
    return in_alpha


class Watched:
    """A run that is stopped after so many batches."""

    job_id, attempt = "job-test", 1

    def __init__(self, most: int = 99) -> None:
        self.told: list[float] = []
        self._most = most

    def progress(self, fraction: float, *, stage: str) -> None:
        self.told.append(fraction)
        assert stage == "quality"
        if len(self.told) >= self._most:
            raise JobStopped("lost")

    def check(self) -> None:
        pass


def test_a_run_goes_on_where_its_worker_was_lost(filled: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = datasets.create(name="集", cases=CASES, by=SYSTEM)
    report, job = running.start(order=Order(dataset_id=dataset.public_id), by=SYSTEM)
    assert (job.kind, job.queue, report.total) == ("evaluation", "bulk", 12)
    with pytest.raises(JobStopped):
        running.run(Watched(1), report_id=report.public_id)
    assert report.results.filter(done=True).count() == 8
    with pytest.raises(Missing):
        reports.get(report_id=report.public_id)
    datasets.delete(dataset_id=dataset.public_id, by=SYSTEM)
    asked: list[str] = []
    answered = running._answered

    async def counted(case: Case, *rest: Any) -> Any:
        asked.append(case.query)
        return await answered(case, *rest)

    monkeypatch.setattr(running, "_answered", counted)
    run = Watched()
    found = running.run(run, report_id=report.public_id)
    assert found is not None
    assert (len(asked), run.told) == (4, [1.0])
    assert (found["total_queries"], found["fabrication_rate"], found["hallucination_rate"]) == (12, 0.0, 0.0)
    assert (found["cases"][0]["correct"], found["cases"][1]["rank"], found["cases"][2]["abstained"]) == (
        True,
        1,
        True,
    )
    assert found["by_category"]["价格"]["accuracy"] == 1.0
    shown = reports.shown(reports.get(report_id=report.public_id))
    assert "cases" not in shown
    assert shown["knowledge_version"].startswith("kv-")
    assert shown["params"]["threshold"]["value"] > 0


def test_a_job_that_is_cancelled_marks_its_run(filled: Tenant) -> None:
    report, job = running.start(order=Order(), by=SYSTEM)
    jobs.cancel(job_id=job.job_id)
    report.refresh_from_db()
    assert report.status == EvaluationReport.Status.FAILED
    with pytest.raises(JobFailed):
        running.run(Watched(), report_id="rep-unknown")


def test_parameters_of_one_run_change_that_run_alone(filled: Tenant) -> None:
    strict = {"threshold_mode": "fixed", "similarity_threshold": 1.0}
    found = running.run_now(order=Order(top_k=1, params=strict), by=SYSTEM, told=lambda fraction: None)
    assert (found["top_k"], found["answers"], found["source"]) == (1, 0, "default")
    assert found["params"]["overrides"] == []
    with pytest.raises(Invalid, match="rrf_k"):
        running.start(order=Order(params={"rrf_k": 0}), by=SYSTEM)
    with pytest.raises(Missing):
        running.start(order=Order(dataset_id="ds-other"), by=SYSTEM)


class TestCommand:
    def call(self, tenant: Tenant, *args: str) -> str:
        written = io.StringIO()
        call_command("evaluate", "--tenant", tenant.slug, *args, stdout=written)
        return written.getvalue()

    def test_it_fails_below_a_bound_and_passes_above(self, filled: Tenant) -> None:
        dataset = datasets.create(name="集", cases=CASES[:3], by=SYSTEM).public_id
        said = self.call(
            filled, "--dataset", dataset, "--fail-under", "0.9", "--fail-over", "fabrication_rate=0"
        )
        assert "集: 3 questions" in said
        assert "accuracy" in said
        wrong = datasets.create(
            name="错", cases=[Case(query="租金多少", expected_answer_keywords=("300",))], by=SYSTEM
        )
        with pytest.raises(CommandError, match=r"accuracy 0\.000 < 0\.9") as failed:
            self.call(filled, "--dataset", wrong.public_id, "--fail-under", "accuracy=0.9")
        assert failed.value.returncode == 1
        report = json.loads(
            self.call(filled, "--dataset", dataset, "--mode", "retrieval", "--json", "--param", "rrf_k=10")
        )
        assert (report["mode"], len(report["cases"]), report["params"]["rrf_k"]) == ("retrieval", 3, 10)

    @pytest.mark.parametrize(
        "args",
        [
            ("--dataset", "ds-no"),
            ("--fail-under", "nothing=1"),
            ("--fail-under", "mrr=x"),
            ("--param", "rrf_k=0"),
        ],
    )
    def test_what_cannot_be_run_has_a_status_of_its_own(self, filled: Tenant, args: tuple[str, ...]) -> None:
        with pytest.raises(CommandError) as failed:
            self.call(filled, *args)
        assert failed.value.returncode == 2


def test_sets_are_made_from_what_is_there(filled: Tenant) -> None:
    made = datasets.from_pairs(name="自动", size=5, seed=7, by=SYSTEM)
    (case,) = datasets.get(dataset_id=made.public_id)[1]
    assert case.expected_sources[0].startswith("qa-")
    assert case.query not in ("租金多少？", "租金多少钱一天")
    again = datasets.get(dataset_id=datasets.from_pairs(name="又", size=5, seed=7, by=SYSTEM).public_id)[1]
    assert again == [case]
    with pytest.raises(datasets.NothingToAsk):
        datasets.from_questions(name="无", size=5, seed=1, by=SYSTEM)
    questions.record(text="租金多少 13800138000", unit="s", outcome="answered", qa_ids=["qa-1"])
    questions.record(text="火星有店吗", unit="s", outcome="refused")
    asked = datasets.from_questions(name="问过", size=5, seed=1, by=SYSTEM)
    (case,) = datasets.get(dataset_id=asked.public_id)[1]
    assert case.expected_sources == ("qa-1",)
    assert "13800138000" not in case.query


def drawn(*items: Answered) -> Any:
    """Return a sample of some answers."""
    return samples.create(items=items, draw=Draw(population=9, strategy="random", seed=7), by=SYSTEM)


def test_answers_are_judged_by_people(filled: Tenant) -> None:
    from django.utils import timezone

    pair = add_pair("几点开门？", "十点。")
    one = Answered(
        "sess-1",
        "msg-1",
        "几点开门，我电话 13800138000",
        "十点。[1]",
        0.9,
        [],
        [(pair.public_id, 0.9), ("chk-gone", 0.1)],
    )
    two = Answered("sess-2", "msg-2", "租金", "299", 0.5, [], [])
    sample = drawn(one, two)
    shown = samples.shown(sample)
    assert (shown["accuracy"], shown["accuracy_ci"], shown["passed"], shown["status"]) == (
        0.0,
        [0.0, 1.0],
        False,
        "open",
    )
    first = samples.show_item(sample.items.get(number=1))
    assert first["retrieved"][0] == {
        "chunk_id": pair.public_id,
        "source": "几点开门？",
        "score": 0.9,
        "content": "十点。",
    }
    assert first["retrieved"][1]["content"] == ""
    assert "13800138000" not in first["question"]

    def grade(item: str, **given: Any) -> Any:
        return samples.grade(
            sample_id=sample.public_id, item_id=item, given=Grade(**given), by=SYSTEM, now=timezone.now()
        )

    with pytest.raises(Invalid):
        grade("1", correct=True, relevant_chunk_ids=["chk-foreign"])
    for unknown in ("3", "x", "9" * 30):
        with pytest.raises(Missing):
            grade(unknown, correct=True)
    grade("1", correct=False)
    grade(
        "1",
        correct=True,
        grounded=True,
        relevant_chunk_ids=[pair.public_id, pair.public_id],
        missed_relevant_count=1,
    )
    grade("2", correct=False, note="不对")
    shown = samples.shown(samples.get(sample_id=sample.public_id))
    assert (shown["graded"], shown["accuracy"], shown["recall"], shown["grounded_rate"]) == (2, 0.5, 0.5, 1.0)
    assert (shown["status"], shown["passed"]) == ("done", False)
    made = datasets.from_graded(name="判过", sample_id=sample.public_id, by=SYSTEM)
    cases = datasets.get(dataset_id=made.public_id)[1]
    assert [(case.expected_sources, case.answerable) for case in cases] == [
        ((pair.public_id,), True),
        ((), False),
    ]


def test_there_must_be_answers_to_draw_from(in_alpha: Tenant) -> None:
    with pytest.raises(Invalid):
        sampling.draw(size=5, strategy="random", by=SYSTEM)
