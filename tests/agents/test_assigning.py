"""The system gives out what waits, and what was resolved leaves a ticket."""

from collections.abc import Callable

import pytest
from django.utils import timezone

from agents.services import assigning, casebook
from conversations.models import Conversation, Handoff
from kimono.lib import db
from kimono.lib.threads import in_thread
from knowledge.models import Ticket
from tenants.models import Tenant
from tenants.services import outbox
from tests.conversations.written import settings
from tests.tenants.doors import Caller

pytestmark = pytest.mark.django_db(transaction=True)


def online(key: Caller, agent_id: str, capacity: int) -> None:
    body = {"status": "online", "agent_id": agent_id, "capacity": capacity}
    assert key.ask("PUT", "agent/presence", body).status_code == 200


def holders(alpha: Tenant) -> list[str]:
    with db.tenant_scope(alpha):
        rows = Conversation.objects.filter(state="assigned").values_list("assigned_agent_id", flat=True)
        return sorted(rows)


def test_who_has_least_to_do_gets_what_waits_until_all_are_full(
    alpha: Tenant, key: Caller, asked: Callable[..., str], person: Callable[[str, str], Caller]
) -> None:
    online(key, "a-1", 2)
    online(key, "a-2", 1)
    asked()
    outbox.dispatch()
    assert holders(alpha) == [], "by default agents take what they want"
    settings(alpha, agents={"assignment": "least_busy"})
    for _ in range(3):
        asked()
    outbox.dispatch()
    assert holders(alpha) == ["a-1", "a-1", "a-2"]
    (left,) = key.get("agent/sessions/pending").json()
    group = person("merchant_admin", "boss").post("agent/groups", {"name": "售后", "agent_ids": ["a-2"]})
    key.patch(f"agent/sessions/{left['session_id']}", {"group_id": group.json()["id"]})
    online(key, "a-3", 5)
    assert len(holders(alpha)) == 3, "it waits for the group's own"
    online(key, "a-2", 2)
    assert holders(alpha) == ["a-1", "a-1", "a-2", "a-2"]
    with db.tenant_scope(alpha):
        Conversation.objects.filter(public_id=asked()).update(group_id="grp-deleted-meanwhile")
        assert assigning.assign_waiting(now=timezone.now()), "nobody else's"
    assert "a-3" in holders(alpha)


def test_many_givers_at_once_give_each_conversation_once_and_overfill_nobody(
    alpha: Tenant, key: Caller, asked: Callable[..., str]
) -> None:
    import asyncio

    for _ in range(6):
        asked()
    online(key, "a-1", 2)
    online(key, "a-2", 3)
    settings(alpha, agents={"assignment": "least_busy"})

    async def all_at_once() -> list[list[str]]:
        now = timezone.now()
        with db.tenant_scope(alpha):
            return await asyncio.gather(*(in_thread(assigning.assign_waiting, now=now) for _ in range(6)))

    given = [session_id for each in asyncio.run(all_at_once()) for session_id in each]
    with db.tenant_scope(alpha):
        # What two looked at in the same moment waits for the next look.
        given += assigning.assign_waiting(now=timezone.now())
    assert len(given) == len(set(given)) == 5
    assert holders(alpha) == ["a-1", "a-1", "a-2", "a-2", "a-2"]


def test_a_resolved_conversation_leaves_one_ticket(
    alpha: Tenant, key: Caller, asked: Callable[..., str]
) -> None:
    session_id = asked(user_id="u-1")
    path = f"agent/sessions/{session_id}"
    key.post(f"{path}/accept", {"agent_id": "a-1"})
    assert key.post(f"{path}/resolve", {"note": "已换新"}).status_code == 200
    outbox.dispatch()
    with db.tenant_scope(alpha):
        handoff = Handoff.objects.get()
        again = casebook.write_ticket(handoff_id=handoff.public_id, now=timezone.now())
        assert Ticket.objects.get() == again
    (ticket,) = key.get("tickets?user_id=u-1").json()["items"]
    assert ticket | {"status": "resolved", "resolution": "已换新", "session_id": session_id} == ticket
    card = key.get(f"agent/sessions/{asked(user_id='u-1')}").json()["escalation_card"]
    assert card["history_ticket_count"] == 1
