"""Help for agents, and the way of a solution into the bot's answers."""

from collections.abc import Callable
from typing import Any

import pytest

from conversations.models import InboxEntry
from kimono.lib import db
from tenants.models import OutboxEvent, Tenant
from tenants.services import outbox
from tests.tenants.doors import Caller

pytestmark = pytest.mark.django_db(transaction=True)
ASKED = "团体预约可以带宠物入场吗？"
SOLVED = "可以带宠物入场，须全程牵绳，并在预约时说明。"


def test_a_solution_answers_from_its_approval_on_with_no_cache_cleared(
    key: Caller, alpha: Tenant, person: Callable[[str, str], Caller]
) -> None:
    before = key.post("chat", {"message": ASKED}).json()
    assert before["data"]["sources"] == []
    li, boss = person("agent", "li"), person("merchant_admin", "boss")
    path = f"agent/sessions/{before['session_id']}/solution"
    handed_in = li.post(path, {"question": ASKED, "solution": SOLVED}).json()
    assert handed_in | {"status": "pending", "qa_pair_id": None, "reviewed_at": None} == handed_in
    assert handed_in["intent"] == "knowledge_qa"
    assert li.get("escalation/solutions/pending").json() == [handed_in]
    assert key.post("chat", {"message": ASKED}).json()["data"]["sources"] == []
    approve = f"escalation/solutions/{handed_in['solution_id']}/approve"
    assert li.post(approve).status_code == 403
    assert boss.post(approve, {"question": "长" * 501}).status_code == 422
    approved = boss.post(approve, {"category": "预约"}).json()
    assert approved["status"] == "approved"
    after = key.post("chat", {"message": ASKED}).json()
    assert after["reply"] == SOLVED + "[1]"
    assert [source["qa_id"] for source in after["data"]["sources"]] == [approved["qa_pair_id"]]
    pair = key.get(f"knowledge/qa-pairs/{approved['qa_pair_id']}").json()
    assert pair | {"source": "solution", "category": "预约", "is_synced": True} == pair
    assert (boss.post(approve).status_code, boss.post(approve).json()["code"]) == (409, "invalid_state")
    with db.tenant_scope(alpha):
        names = set(OutboxEvent.objects.values_list("name", flat=True))
    assert {"solution.submitted", "solution.approved"} <= names


def test_a_refused_solution_is_not_learned(key: Caller, alpha: Tenant) -> None:
    long = key.post("escalation/solution", {"question": "长" * 501, "solution": SOLVED}).json()
    assert long["session_id"] is None
    path = f"escalation/solutions/{long['solution_id']}"
    assert key.post(f"{path}/approve").json()["detail"][0]["loc"] == ["body", "question"]
    refused = key.post(f"{path}/reject", {"reason": "太长"}).json()
    assert (refused["status"], refused["reason"]) == ("rejected", "太长")
    assert key.post(f"{path}/approve", {"question": ASKED}).status_code == 409
    outbox.dispatch()
    with db.tenant_scope(alpha):
        told = InboxEntry.objects.filter(type="solution").values_list("payload__status", flat=True)
        assert list(told) == ["pending", "rejected"]
    assert key.get("escalation/solutions?status=rejected").json()["items"] == [refused]
    unknown = {"session_id": "sess-unknown", "question": ASKED, "solution": SOLVED}
    assert key.post("escalation/solution", unknown).status_code == 404


def test_the_knowledge_is_recommended_with_chats_own_scores(key: Caller, asked: Callable[..., str]) -> None:
    key.post("knowledge/qa-pairs", {"question": ASKED, "answer": SOLVED})
    path = f"agent/sessions/{asked()}/knowledge-recommend"
    found = key.post(path, {"query": ASKED, "top_k": 1}).json()
    (hit,) = key.post("knowledge/search", {"query": ASKED, "top_k": 1}).json()["results"]
    (chunk,) = found["chunks"]
    assert (found["total"], found["degraded"]) == (1, False)
    assert (chunk["content"], chunk["score"], chunk["qa_id"]) == (SOLVED, hit["score"], hit["qa_id"])


def test_the_business_system_is_asked_only_where_there_is_one(
    key: Caller, alpha: Tenant, asked: Callable[..., str]
) -> None:
    from tests.conversations.written import settings

    path = f"agent/sessions/{asked()}/business-assist"
    query = {"query": "我的订单 ORD-001 到哪了"}
    nothing = key.post(path, query).json()["result"]
    assert (nothing["scene"], nothing["error"], nothing["reply"]) == (None, "no_matching_tool", None)
    key.post("knowledge/qa-pairs", {"question": ASKED, "answer": SOLVED})
    known = key.post(path, {"query": ASKED}).json()["result"]
    assert (known["error"], known["reply"]) == ("no_matching_tool", SOLVED)
    assert known["data"]["source"]["content"] == SOLVED
    settings(alpha, business={"adapter": "demo"})
    asked_back = key.post(path, {"query": "我的订单到哪了"}).json()["result"]
    found = key.post(path, query).json()
    unknown = key.post(path, {"query": "我的订单 ORG-999999 找不到，需要紧急处理"}).json()["result"]
    assert (asked_back["error"], asked_back["reply"]) == ("missing_slots", "请提供您的订单号。")
    result: dict[str, Any] = found["result"]
    assert (result["scene"], result["tool"], result["error"]) == ("order", "query_order", None)
    assert result["data"]["order_no"] == "ORD-001"
    assert result["reply"]
    assert found["masked_fields"] == ["receiver", "phone"]
    assert (unknown["scene"], unknown["error"]) == ("order", "not_found")


def test_a_ticket_goes_forward_only(key: Caller) -> None:
    made = key.post("tickets", {"title": "破损", "description": "衣物破损", "priority": "highest"})
    assert made.status_code == 201
    assert made.json() | {"status": "pending", "priority": "urgent", "category": "other"} == made.json()
    path = f"tickets/{made.json()['ticket_id']}"
    solved = key.patch(path, {"status": "resolved", "resolution": "已换新"}).json()
    assert solved["resolved_at"]
    assert key.patch(path, {"status": "processing"}).json()["code"] == "invalid_state"
    assert key.patch(path, {"status": "closed"}).status_code == 200
    assert key.patch(path, {"priority": "low"}).status_code == 409
    assert key.get("tickets?q=%E6%8D%A2%E6%96%B0&status=closed").json()["total"] == 1
    assert key.get(path).json()["resolution"] == "已换新"
