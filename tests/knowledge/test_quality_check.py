"""The quality check over HTTP and on ingest: KB-16, `validate_quality`."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from kimono.lib import db
from tenants.models import Tenant
from tests.knowledge.uploads import ingested, work
from tests.tenants.doors import Caller, at

pytestmark = pytest.mark.django_db(transaction=True)
KEYS = {
    "total_chunks", "summary", "duplicate_issues", "term_issues", "sensitive_issues", "duplicates", "term_violations",
    "sensitive_hits", "error",
}  # fmt: skip
RETURNS = "# 退货政策\n\n会员签收商品后 7 天内可以申请退货，运费由本店承担。\n"


def caller(tenant: Tenant, new_key: Callable[..., str]) -> Caller:
    return at(tenant, X_API_Key=new_key(tenant, scopes=["knowledge"]))


def checked(who: Caller, **body: Any) -> dict[str, Any]:
    answer = who.post("knowledge/quality/check", body)
    assert answer.status_code == 200, answer.content
    report = dict(answer.json())
    assert set(report) == KEYS
    assert report["duplicates"] == report["duplicate_issues"]
    assert report["term_violations"] == report["term_issues"]
    assert report["sensitive_hits"] == report["sensitive_issues"]
    return report


def test_a_clean_knowledge_has_no_issue(alpha: Tenant, new_key: Callable[..., str]) -> None:
    with db.tenant_scope(alpha):
        ingested(RETURNS, "a.md")
        ingested("# 押金\n\n押金五百元，和服归还并检查完好之后原路退回。\n", "b.md")
    report = checked(caller(alpha, new_key))
    assert (report["total_chunks"], report["summary"]) == (2, "未发现问题")


def test_the_same_twice_and_nearly_the_same(alpha: Tenant, new_key: Callable[..., str]) -> None:
    with db.tenant_scope(alpha):
        ingested(RETURNS, "a.md")
        same = ingested(RETURNS + "\n", "copy.md").document.public_id
        near = ingested(RETURNS.replace("可以申请", "可申请"), "near.md").document.public_id
    who = caller(alpha, new_key)
    (exact,) = checked(who, doc_id=same)["duplicate_issues"]
    assert (exact["issue_type"], exact["chunk_index"]) == ("duplicate", 0)
    assert "a.md" in exact["detail"]
    assert exact["snippet"].startswith("# 退货政策") or "退货政策" in exact["snippet"]
    assert len(checked(who, doc_id=near)["duplicate_issues"]) == 1
    assert len(checked(who)["duplicate_issues"]) == 2
    assert len(checked(who, source="copy.md")["duplicate_issues"]) == 1


@pytest.mark.parametrize(
    ("before", "after", "is_wrong"),
    [
        ("7 天内可以申请", "30 天内可以申请", True),
        ("由本店承担", "由本店承担", False),
        ("可以申请退货", "不可以申请退货", True),
    ],
)
def test_what_contradicts_another_entry(
    alpha: Tenant, new_key: Callable[..., str], before: str, after: str, is_wrong: bool
) -> None:
    with db.tenant_scope(alpha):
        ingested(RETURNS, "a.md")
        other = ingested(
            "# 售后说明\n\n" + RETURNS.split("\n\n")[1].replace(before, after), "b.md"
        ).document.public_id  # fmt: skip
    issues = checked(caller(alpha, new_key), doc_id=other)["term_issues"]
    assert [issue["issue_type"] for issue in issues] == ["term_inconsistency"] * is_wrong
    assert all("矛盾" in issue["detail"] and "a.md" in issue["detail"] for issue in issues)


def test_two_answers_to_one_question_and_one_that_is_too_short(
    alpha: Tenant, new_key: Callable[..., str]
) -> None:
    who = caller(alpha, new_key)
    for question, answer in (
        ("租借一天多少钱？", "租借一天的价格是 199 元，含腰带。"),
        ("租借一天多少钱", "每天 299 元起，节假日另计。"),
        ("可以寄到外地吗？", "可以。"),
    ):
        assert who.post("knowledge/qa-pairs", {"question": question, "answer": answer}).status_code == 201
    issues = checked(who)["term_issues"]
    assert len(issues) == 2
    assert "199" in issues[0]["detail"]
    assert "299" in issues[0]["detail"]
    assert issues[1]["detail"] == "答案过短，可能帮不上忙"
    assert all(issue["chunk_id"].startswith("qa-") for issue in issues)


def test_spellings_and_personal_data(alpha: Tenant, new_key: Callable[..., str]) -> None:
    with db.tenant_scope(alpha):
        ingested("# 网络\n\n店内 Wi-Fi 免费。会员区的 Wi-Fi 另有密码。\n", "a.md")
        ingested("# 电话\n\n店长手机 13812345678，忘记 WiFi 密码请找她。\n", "b.md")
    report = checked(caller(alpha, new_key))
    (spelling,) = report["term_issues"]
    assert "WiFi" in spelling["detail"]
    assert "Wi-Fi" in spelling["detail"]
    (sensitive,) = report["sensitive_issues"]
    assert sensitive["issue_type"] == "sensitive_word"
    assert "138****5678" in sensitive["snippet"]
    assert "13812345678" not in str(report)


def test_an_upload_may_bring_its_report_along(alpha: Tenant, new_key: Callable[..., str]) -> None:
    who = caller(alpha, new_key)
    with db.tenant_scope(alpha):
        ingested(RETURNS, "a.md")
    reports = []
    for name, wish in (("b.md", "true"), ("c.md", "false")):
        file = SimpleUploadedFile(name, RETURNS.encode())
        fields = {"file": file, "async": "true", "validate_quality": wish}
        job_id = who.form("knowledge/ingest", fields).json()["job_id"]
        work()
        reports.append(who.get(f"knowledge/jobs/{job_id}").json()["result"]["quality_report"])
    assert set(reports[0]) == KEYS
    assert len(reports[0]["duplicate_issues"]) == 1
    assert reports[1] is None
    again = {"file": SimpleUploadedFile("b.md", RETURNS.encode()), "validate_quality": "true"}
    unchanged = who.form("knowledge/ingest", again).json()
    assert (unchanged["status"], len(unchanged["quality_report"]["duplicates"])) == ("unchanged", 1)


def test_a_foreign_document_is_none(
    alpha: Tenant, beta: Tenant, new_key: Callable[..., str], equal_ids: Callable[[], Any]
) -> None:
    ids = {}
    for tenant in (alpha, beta):
        with equal_ids(), db.tenant_scope(tenant):
            ids[tenant.slug] = ingested(RETURNS, "a.md").document.public_id
    who = caller(alpha, new_key)
    assert checked(who)["total_chunks"] == 1
    assert checked(who, doc_id=ids[alpha.slug])["summary"] == "未发现问题"
    for body in ({"doc_id": ids[beta.slug]}, {"source": "none.md"}):
        assert who.post("knowledge/quality/check", body).status_code == 404
