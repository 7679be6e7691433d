"""Accepting, answering, handing on and ending a conversation, over the doors."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from agents.services import shifts
from conversations.models import InboxEntry
from kimono.lib import db
from tenants.models import OutboxEvent, Tenant
from tenants.services import tenant_settings
from tenants.services.auditing import SYSTEM
from tests.tenants.doors import Caller

pytestmark = pytest.mark.django_db(transaction=True)


def as_agent(agent_id: str, **more: Any) -> dict[str, Any]:
    return {"agent_id": agent_id, **more}


def test_one_agent_has_it_until_it_is_given_away(
    key: Caller, asked: Callable[..., str], person: Callable[[str, str], Caller], alpha: Tenant
) -> None:
    session_id = asked()
    path = f"agent/sessions/{session_id}"
    assert key.post(f"{path}/messages", as_agent("a-1", content="您好")).json()["code"] == "invalid_state"
    accepted = key.post(f"{path}/accept", as_agent("a-1"))
    assert accepted.status_code == 200
    assert accepted.json()["assigned_agent"] == {"id": "a-1", "name": "a-1"}
    for agent in ("a-1", "a-2"):
        late = key.post(f"{path}/accept", as_agent(agent))
        assert (late.status_code, late.json()["code"]) == (409, "already_assigned")
        assert late.json() | {"assigned_agent_id": "a-1", "assigned_agent_name": "a-1"} == late.json()
    said = as_agent("a-1", content=" 您好 ", client_message_id="m-1")
    first, again = key.post(f"{path}/messages", said), key.post(f"{path}/messages", said)
    assert first.json() == again.json()
    assert (first.json()["author"], first.json()["role"]) == ("agent", "assistant")
    assert again.headers["Idempotent-Replay"] == "true"
    other = key.post(f"{path}/messages", as_agent("a-1", content="别的", client_message_id="m-1"))
    assert other.json()["code"] == "idempotency_conflict"
    for way, body in (("messages", {"content": "x"}), ("release", {}), ("resolve", {})):
        assert key.post(f"{path}/{way}", as_agent("a-2", **body)).json()["code"] == "not_your_session"
    for wrong in (
        {},
        {"to_agent_id": "a-9"},
        {"to_group": "nobody"},
        {"to_agent_id": "a-1", "to_group": "x"},
    ):
        assert key.post(f"{path}/transfer", as_agent("a-1", **wrong)).status_code == 422, wrong
    boss = person("merchant_admin", "boss")
    ann = person("agent", "ann")
    assert ann.post(f"{path}/takeover", {"force": True}).status_code == 403
    forced = boss.post(f"{path}/takeover", {"force": True})
    assert forced.json()["assigned_agent"]["name"] == "boss"
    moved = boss.post(f"{path}/transfer", {"to_agent_id": "a-1", "note": "请接手"})
    assert moved.json()["assigned_agent_id"] == "a-1"
    assert [note["content"] for note in moved.json()["notes"]] == ["请接手"]
    freed = key.post(f"{path}/release", as_agent("a-1"))
    assert (freed.json()["state"], freed.json()["assigned_agent_id"]) == ("pending", None)
    assert ann.post(f"{path}/takeover").json()["state"] == "assigned"
    done = ann.post(f"{path}/resolve", {"note": "退款已办"})
    assert (done.json()["state"], done.json()["agent_status"]) == ("resolved", "resolved")
    assert ann.post(f"{path}/resolve").json()["code"] == "invalid_state"
    assert key.get(path).json()["resolution_note"] == "退款已办"
    with db.tenant_scope(alpha):
        told = list(OutboxEvent.objects.order_by("pk").values_list("name", flat=True))
        inbox = list(InboxEntry.objects.order_by("seq").values_list("type", flat=True))
    assert [name for name in told if name.startswith("handoff.") or name == "session.resolved"] == [
        "handoff.requested", "handoff.accepted", "handoff.accepted", "handoff.transferred",
        "handoff.released", "handoff.accepted", "session.resolved",
    ]  # fmt: skip
    assert [kind for kind in inbox if kind.startswith("queue")] == [
        "queue.added", "queue.removed", "queue.added", "queue.removed",
    ]  # fmt: skip


def test_given_back_the_bot_begins_anew(key: Caller) -> None:
    opened = key.post("chat", {"message": "你好"}).json()
    path = f"agent/sessions/{opened['session_id']}"
    assert key.post(f"{path}/accept").json()["code"] == "invalid_state"
    taken = key.post(f"{path}/takeover").json()
    assert (taken["state"], taken["assigned_agent_id"]) == ("assigned", "agent-default")
    ask = {"message": "还在吗", "session_id": opened["session_id"]}
    assert key.post("chat", ask).json()["status"] == "human"
    assert key.post(f"{path}/release", {"to": "bot"}).json()["state"] == "bot"
    assert key.post("chat", ask).json()["status"] == "ok"


def test_a_silent_agents_conversations_wait_again(
    key: Caller, asked: Callable[..., str], alpha: Tenant
) -> None:
    silent, answered, talked = asked(), asked(), asked()
    for session_id in (silent, answered, talked):
        assert key.post(f"agent/sessions/{session_id}/accept").status_code == 200
    for session_id in (answered, talked):
        assert key.post(f"agent/sessions/{session_id}/messages", {"content": "您好"}).status_code == 200
    key.post("chat", {"message": "在吗", "session_id": talked})
    later = timezone.now() + timedelta(seconds=61)
    with db.tenant_scope(alpha):
        assert shifts.end_silent(now=later) == []
        tenant_settings.update(patch={"agents": {"silent_timeout_seconds": 60}}, by=SYSTEM)
        assert set(shifts.end_silent(now=later)) == {silent, talked}
        assert shifts.end_silent(now=later) == []
    assert key.get(f"agent/sessions/{silent}").json()["state"] == "pending"
    assert key.get(f"agent/sessions/{answered}").json()["state"] == "assigned"
