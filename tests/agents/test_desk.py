"""The queue, the list, notes and presence, over the doors."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agents.models import Seat
from agents.services import seats
from conversations.models import Handoff
from kimono.lib import db
from tenants.models import Tenant
from tests.conversations.written import settings
from tests.tenants.doors import Caller, make_user

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_most_urgent_comes_first_and_of_equals_who_waits_longest(
    key: Caller, asked: Callable[..., str]
) -> None:
    first, second, third = asked(), asked(), asked()
    filed = key.patch(f"agent/sessions/{first}", {"priority": "low", "tags": ["退货", "退货", " "]})
    assert (filed.json()["priority"], filed.json()["tags"]) == ("info", ["退货"])
    queue = key.get("agent/sessions/pending").json()
    assert [item["session_id"] for item in queue] == [second, third, first]
    assert (
        queue[0] | {"priority": "urgent", "agent_status": "pending", "escalate_reason": "要人工"} == queue[0]
    )
    assert [item["session_id"] for item in key.get("agent/sessions/pending?priority=info").json()] == [first]
    assert key.get(f"chat/sessions/{first}").json()["queue_position"] == 3
    assert key.patch(f"agent/sessions/{first}", {"group_id": "grp-none"}).status_code == 422
    everything = {row["session_id"]: row for row in key.get("agent/sessions?scope=all").json()["items"]}
    assert [everything[each]["queue_position"] for each in (first, second, third)] == [3, 1, 2]
    assert {item["over_sla"] for item in (*queue, *everything.values())} == {False}
    listed = key.get("agent/sessions?scope=unassigned&tag=%E9%80%80%E8%B4%A7").json()["items"]
    assert [row["session_id"] for row in listed] == [first]
    assert listed[0]["summary"] == queue[2]["summary"]
    assert listed[0]["unread"] == 0
    key.post("chat", {"session_id": first, "message": "还在吗"})
    (again,) = key.get("agent/sessions?scope=all&q=%E8%BF%98%E5%9C%A8%E5%90%97").json()["items"]
    assert (again["session_id"], again["unread"], again["last_message"]) == (first, 1, "还在吗")


def test_notes_and_tags_are_for_agents_alone(key: Caller, alpha: Tenant, asked: Callable[..., str]) -> None:
    session_id = asked()
    made = key.post(f"agent/sessions/{session_id}/notes", {"content": "老客户"})
    assert made.status_code == 201
    assert made.json() | {"content": "老客户", "author_id": "agent-default"} == made.json()
    assert key.get(f"agent/sessions/{session_id}/notes").json()["items"] == [made.json()]
    whole = key.get(f"agent/sessions/{session_id}").json()
    assert whole["notes"] == [made.json()]
    assert whole["escalation_card"]["session_id"] == session_id
    agents = key.get(f"chat/sessions/{session_id}/messages?include=events").json()["items"]
    assert [event["note"] for event in agents if event["type"] == "note"] == [made.json()]
    opened = key.post("chat/sessions", {}).json()
    visitor = key.having(Authorization=f"Bearer {opened['visitor_token']}")
    key.post(f"agent/sessions/{opened['session_id']}/notes", {"content": "老客户"})
    key.patch(f"agent/sessions/{opened['session_id']}", {"tags": ["老客户"]})
    assert key.get(f"chat/sessions/{opened['session_id']}").json()["tags"] == ["老客户"]
    assert visitor.get(f"chat/sessions/{opened['session_id']}").json()["tags"] == []
    seen = visitor.get(f"chat/sessions/{opened['session_id']}/messages?include=events")
    assert "老客户" not in seen.content.decode()
    assert visitor.get(f"agent/sessions/{opened['session_id']}/notes").status_code == 403


def test_presence_outlives_a_reload_and_not_a_silence(
    alpha: Tenant, person: Callable[[str, str], Caller], settings: Any
) -> None:
    li = person("agent", "li")
    me = li.get("auth/me").json()["id"]
    assert li.get("agent/presence").json()["status"] == "offline"
    chosen = li.ask("PUT", "agent/presence", {"status": "online", "capacity": 3}).json()
    assert chosen | {"agent_id": me, "status": "online", "capacity": 3, "active_sessions": 0} == chosen
    assert li.get("agent/presence").json() == chosen
    assert [each["agent_id"] for each in li.get("agent/agents?presence=online").json()["items"]] == [me]
    with db.tenant_scope(alpha):
        seat = Seat.objects.get()
        heard = seat.seen_at
        assert heard is not None
        silent = heard + timedelta(seconds=settings.PRESENCE_SECONDS)
        assert seat.presence(silent - timedelta(seconds=1)) == ("online", seat.chosen_at)
        assert seat.presence(silent) == ("offline", silent)
        # The tab wakes up: as chosen again, from now on.
        seats.hear(seat, now=silent)
        assert seat.presence(silent) == ("online", silent)
        Seat.objects.update(seen_at=timezone.now() - timedelta(hours=1))
    assert li.get("agent/presence").json()["status"] == "offline"
    assert li.ask("PUT", "agent/presence", {"status": "online", "capacity": 51}).status_code == 422


def test_one_speaks_for_oneself_and_a_supervisor_for_others(
    alpha: Tenant, key: Caller, person: Callable[[str, str], Caller]
) -> None:
    li, boss, wang = person("agent", "li"), person("merchant_admin", "boss"), make_user(alpha, "agent")
    put = {"status": "online", "agent_id": wang.public_id}
    assert li.ask("PUT", "agent/presence", put).status_code == 403
    assert boss.ask("PUT", "agent/presence", put).json()["agent_id"] == wang.public_id
    assert boss.ask("PUT", "agent/presence", {**put, "agent_id": "nobody"}).status_code == 422
    assert key.ask("PUT", "agent/presence", {**put, "agent_id": "agent-007"}).status_code == 200
    everybody = {each["agent_id"]: each for each in boss.get("agent/agents").json()["items"]}
    assert everybody["agent-007"] | {"kind": "external", "presence": "online"} == everybody["agent-007"]
    assert everybody[wang.public_id] | {"kind": "user", "presence": "online"} == everybody[wang.public_id]
    assert len(everybody) == 4
    viewer = person("viewer", "eye")
    assert viewer.get("agent/agents").status_code == 200
    assert viewer.ask("PUT", "agent/presence", {"status": "online"}).status_code == 403


def test_a_key_that_names_nobody_speaks_for_the_agent_who_has_the_conversation(
    key: Caller, asked: Callable[..., str]
) -> None:
    path = f"agent/sessions/{asked()}"
    assert key.post(f"{path}/accept", {"agent_id": "agent-001"}).status_code == 200
    assert key.post(f"{path}/notes", {"content": "加急"}).json()["author_id"] == "agent-001"
    assert key.post(f"{path}/messages", {"content": "您好"}).json()["agent_id"] == "agent-001"
    solved = key.post(
        f"{path}/solution", {"question": "订单找不到怎么办？", "solution": "核实订单号后加急处理。"}
    )
    assert solved.json()["submitted_by"] == "agent-001"
    assert key.get("agent/sessions?scope=mine").json()["total"] == 0
    assert key.get("agent/sessions?scope=all&agent_id=agent-001").json()["items"][0]["unread"] == 0
    assert key.post(f"{path}/resolve", {"note": "已加急"}).json()["state"] == "resolved"
    assert key.get(path).json()["resolution_note"] == "已加急"


def test_a_list_asks_no_more_for_many_than_for_few(
    key: Caller, alpha: Tenant, asked: Callable[..., str]
) -> None:
    asked()
    with CaptureQueriesContext(connection) as few:
        key.get("agent/sessions?scope=all")
    asked(), asked(), asked()
    with CaptureQueriesContext(connection) as many:
        rows = key.get("agent/sessions?scope=all").json()["items"]
    assert [row["queue_position"] for row in rows] == [4, 3, 2, 1]
    assert len(many) <= len(few)


def test_who_waits_longer_than_promised_is_marked(
    key: Caller, alpha: Tenant, asked: Callable[..., str]
) -> None:
    settings(alpha, agents={"sla_seconds": 60})
    late, fresh = asked(), asked()
    with db.tenant_scope(alpha):
        Handoff.objects.filter(conversation__public_id=late).update(
            pending_since=timezone.now() - timedelta(seconds=90)
        )
    for path in ("agent/sessions/pending", "agent/sessions?scope=all"):
        answer = key.get(path).json()
        rows = answer if isinstance(answer, list) else answer["items"]
        assert {row["session_id"]: row["over_sla"] for row in rows} == {late: True, fresh: False}, path


def test_who_takes_over_from_the_bot_reads_the_story_so_far(key: Caller) -> None:
    asked = key.post("chat", {"message": "振袖清洗费是多少钱？"}).json()["session_id"]
    whole = key.post(f"agent/sessions/{asked}/takeover", {"agent_id": "a-1"}).json()
    card = whole["escalation_card"]
    assert card | {"session_id": asked, "rule": "takeover", "priority": "normal", "turn_count": 1} == card
    assert "振袖清洗费" in card["summary"]
    assert key.get("agent/sessions?agent_id=a-1&scope=all").json()["items"][0]["summary"] == card["summary"]
