"""Evaluation on the merchant's admin site: sets brought and made, runs looked at and compared, answers judged."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from kimono.lib import db
from knowledge.models import Dataset, EvaluationReport, Fit, Sample
from knowledge.services import tuning
from knowledge.services.evaluation import datasets, running
from tenants.models import AuditRow, Tenant
from tenants.services import jobs
from tenants.services.auditing import SYSTEM
from tests.tenants.admin_pages import add_pair, fill_evaluation, page, sent, signed_in, text_of
from tests.tenants.doors import Caller, make_user

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def merchant(alpha: Tenant) -> Caller:
    """The admin of alpha, signed in, with a set, a run and a sample."""
    make_user(alpha, username="boss")
    caller = signed_in(alpha, "boss")
    assert add_pair(caller).status_code == 302
    with db.tenant_scope(alpha):
        fill_evaluation()
    return caller


def acted(caller: Caller, path: str, **fields: Any) -> str:
    """Send the form of a dialog and return where it leads."""
    answer = sent(caller, path, {**fields, "_form_submitted": "True"}, HX_Request="true")
    assert answer.status_code == 200, answer.content
    return str(answer.headers["HX-Redirect"])


def test_a_set_is_brought_run_and_compared(merchant: Caller, alpha: Tenant) -> None:
    add = page("merchant", "knowledge_dataset_add")
    wrong = SimpleUploadedFile("set.csv", "问题,可回答\n几点开门,也许\n".encode())
    said = sent(merchant, add, {"name": "坏", "file": wrong}).content.decode()
    assert "第 2 行：“可回答”填的“也许”既不是“是”也不是“否”" in said
    file = SimpleUploadedFile("set.csv", "问题,答案关键词,分类\n几点开门,九点,营业\n".encode("gb18030"))
    assert sent(merchant, add, {"name": "开门时间", "file": file}).status_code == 302
    with db.tenant_scope(alpha):
        row = Dataset.objects.get(name="开门时间")
        assert AuditRow.objects.filter(action="create_dataset", target_id=row.public_id).exists()
        first = running.run_now(
            order=running.Order(dataset_id=row.public_id), by=SYSTEM, told=lambda done: None
        )
    run = f"/admin/knowledge/dataset/{row.pk}/run_set/"
    where = acted(merchant, run, mode="answer", top_k="")
    waiting = merchant.get(where, Accept="text/html")
    assert waiting.headers["Refresh"] == "3"
    assert "0 / 1" in waiting.content.decode()
    while jobs.run_next("bulk"):
        pass
    shown = text_of(merchant, where)
    assert "达到目标 90%" in shown
    assert first["report_id"] in shown
    assert "0 题由错变对" in shown
    assert "Has become" not in shown
    assert (
        "几点开门"
        not in text_of(merchant, f"{where}?show=wrong&compare_to=none").partition("kimono-case-list")[2]
    )
    acted(merchant, "/admin/knowledge/dataset/run_builtin/", mode="retrieval", top_k="3")
    with db.tenant_scope(alpha):
        report = EvaluationReport.objects.latest("pk")
        assert (report.source, report.mode, report.top_k) == ("default", "retrieval", 3)


def test_sets_are_made_on_the_page(merchant: Caller, alpha: Tenant) -> None:
    made = {"name": "自动", "size": "5", "seed": "1"}
    acted(merchant, "/admin/knowledge/dataset/make_set/", origin="pairs", **made)
    where = acted(merchant, "/admin/knowledge/dataset/make_set/", origin="questions", **made)
    assert "没有可用来生成测试集的内容" in text_of(merchant, where)
    with db.tenant_scope(alpha):
        row = Dataset.objects.get(name="自动")
        assert datasets.get(dataset_id=row.public_id)[1][0].expected_sources[0].startswith("qa-")


def test_answers_are_judged_one_after_the_other(merchant: Caller, alpha: Tenant) -> None:
    with db.tenant_scope(alpha):
        sample = Sample.objects.get()
    grade = page("merchant", "grade_sample", sample.pk)
    assert "问题 1" in text_of(merchant, grade)
    refused = sent(merchant, grade, {"grounded": "yes"})
    assert refused.status_code == 200
    assert "请先选择答案是否正确" in refused.content.decode()
    judged = {
        "correct": "yes",
        "grounded": "yes",
        "relevant_chunk_ids": ["qa-1"],
        "missed_relevant_count": "1",
        "note": "好",
    }
    answer = sent(merchant, grade, judged)
    assert answer.headers["Location"].endswith("?item=2")
    sent(merchant, f"{grade}?item=2", {"correct": "no", "grounded": "", "missed_relevant_count": ""})
    last = sent(merchant, f"{grade}?item=3", {"correct": "yes", "relevant_chunk_ids": ["qa-1"]})
    assert last.headers["Location"] == page("merchant", "knowledge_sample_change", sample.pk)
    assert "67%" in text_of(merchant, last.headers["Location"])
    with db.tenant_scope(alpha):
        first, second, _ = sample.items.all()
        assert (first.correct, first.grounded, first.relevant_chunk_ids, first.missed_relevant_count) == (
            True, True, ["qa-1"], 1,
        )  # fmt: skip
        assert (second.correct, second.grounded) == (False, None)
        sample.refresh_from_db()
        assert sample.status == "done"
    assert sent(merchant, page("merchant", "keep_sample", sample.pk), {}).status_code == 302
    assert "已评判的答案" in text_of(merchant, page("merchant", "knowledge_dataset_changelist"))
    where = acted(merchant, "/admin/knowledge/sample/draw/", size="5", strategy="random", seed="")
    assert "没有可抽取的答案" in text_of(merchant, where)


def test_the_runs_say_what_an_answer_needs_and_that_more_needs_a_model(
    merchant: Caller, alpha: Tenant
) -> None:
    runs = page("merchant", "knowledge_evaluationreport_changelist")
    shown = text_of(merchant, runs)
    assert "得分达到 0.30 才会回答" in shown
    assert "可供选取的问题太少" in shown
    with db.tenant_scope(alpha):
        asked = {str(n): [1.0 + n / 100, 1.0 + n / 100, float(n % 3 > 0), -3.0, -3.0] for n in range(100)}
        curves = {"score_slope": 0.75, "score_offset": -0.95, "answer_slope": 0.75, "answer_offset": -1.5}
        Fit.objects.create(
            revision=1, encoder_id="", fitted_at=timezone.now(), questions=100, asked=asked, **curves
        )
        tuning.choose_again()
    shown = text_of(merchant, runs)
    assert "因此以拒答比例为准" in shown
    assert "要达到 90% 需要模型" in shown
