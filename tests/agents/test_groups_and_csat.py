"""Groups with what waits in them, and how content contacts are."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db.models import F

from conversations.models import Satisfaction
from kimono.lib import db
from tenants.models import Tenant
from tests.tenants.doors import Caller, make_user

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_waits_in_a_group_goes_back_to_all_when_it_is_deleted(
    alpha: Tenant, key: Caller, person: Callable[[str, str], Caller], asked: Callable[..., str]
) -> None:
    boss, wang = person("merchant_admin", "boss"), make_user(alpha, "agent")
    assert key.post("agent/groups", {"name": "售后"}).status_code == 403
    group = boss.post("agent/groups", {"name": "售后", "agent_ids": [wang.public_id]}).json()
    assert group | {"agent_ids": [wang.public_id], "pending_count": 0} == group
    assert boss.post("agent/groups", {"name": "售后"}).json()["code"] == "duplicate_name"
    path = f"agent/groups/{group['id']}"
    assert boss.ask("PUT", path, {"agent_ids": ["nobody"]}).status_code == 422
    session_id = asked()
    assert key.patch(f"agent/sessions/{session_id}", {"group_id": group["id"]}).status_code == 200
    (listed,) = key.get("agent/groups").json()["items"]
    assert listed["pending_count"] == 1
    waiting = f"agent/sessions/pending?group_id={group['id']}"
    assert [item["session_id"] for item in key.get(waiting).json()] == [session_id]
    (member,) = key.get(f"agent/agents?group_id={group['id']}").json()["items"]
    assert member["groups"] == [{"id": group["id"], "name": "售后"}]
    assert boss.ask("PUT", path, {"description": "退换", "agent_ids": []}).json()["agent_ids"] == []
    assert boss.delete(path).status_code == 204
    assert key.get("agent/sessions/pending").json()[0]["group_id"] is None


def test_a_contact_may_think_its_rating_over_for_a_day(
    alpha: Tenant, key: Caller, asked: Callable[..., str]
) -> None:
    session_id = asked()
    path = f"chat/sessions/{session_id}/csat"
    first = key.post(path, {"score": 2, "comment": "慢"}).json()
    again = key.post(path, {"score": 5, "resolved": True}).json()
    assert again == {**first, "score": 5, "resolved": True, "comment": None}
    assert set(again) == {"session_id", "score", "resolved", "comment", "created_at"}
    assert key.get(f"agent/sessions/{session_id}").json()["csat"] == 5
    other = key.post("chat/sessions", {}).json()
    visitor = key.having(Authorization=f"Bearer {other['visitor_token']}")
    assert visitor.post(path, {"score": 1}).status_code == 404
    assert visitor.post(f"chat/sessions/{other['session_id']}/csat", {"score": 3}).status_code == 200
    assert key.post(path, {"score": 6}).status_code == 422
    ratings = key.get("agent/csat").json()
    assert [item["score"] for item in ratings["items"]] == [3, 5]
    counts = {"1": 0, "2": 0, "3": 1, "4": 0, "5": 1}
    assert ratings["summary"] == {"avg_score": 4.0, "count": 2, "positive_rate": 0.5, "distribution": counts}
    assert key.get("agent/csat?score=5").json()["summary"]["count"] == 1
    with db.tenant_scope(alpha):
        Satisfaction.objects.update(created_at=F("created_at") - timedelta(hours=25))
    assert key.post(path, {"score": 1}).json()["code"] == "invalid_state"
    # What is resolved once more is asked about once more.
    for rated in (5, None):
        for act in ("accept", "resolve"):
            assert key.post(f"agent/sessions/{session_id}/{act}", {}).status_code == 200
        assert key.get(f"chat/sessions/{session_id}").json()["csat"] == rated
        key.post("chat", {"message": "转人工", "session_id": session_id})
    (shown, *_) = (
        m for m in key.get(f"chat/sessions/{session_id}/messages").json()["items"] if m["author"] == "bot"
    )
    assert shown["kind"] == "transfer"
