"""The agents' things on a merchant's admin site: every write by a service."""

import pytest

from agents.models import CannedReply, Group
from kimono.lib import db
from knowledge.models import QAPair, Solution
from tenants.models import AuditRow, Tenant
from tests.tenants.admin_pages import fill_desk, sent, signed_in, text_of
from tests.tenants.doors import make_user

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_solution_is_approved_and_a_reply_and_a_group_are_made(alpha: Tenant) -> None:
    boss = make_user(alpha, username="boss")
    caller = signed_in(alpha, "boss")
    with db.tenant_scope(alpha):
        fill_desk()
        solution = Solution.objects.get()
    act = f"/admin/knowledge/solution/{solution.pk}/approve/"
    assert "让机器人用它来回答？" in text_of(caller, act)
    with db.tenant_scope(alpha):
        assert not QAPair.objects.exists(), "a link that somebody sends must not do it"
    assert "HX-Redirect" in sent(caller, act, {"_form_submitted": "True"}, HX_Request="true").headers
    reply = {"shortcut": "/yf", "title": "运费", "content": "满 99 元包邮。", "category": ""}
    assert sent(caller, "/admin/agents/cannedreply/add/", reply).status_code == 302
    taken = sent(caller, "/admin/agents/cannedreply/add/", {**reply, "shortcut": "th"})
    assert taken.status_code == 200
    group = {"name": "物流", "description": "", "agent_ids": [boss.public_id]}
    assert sent(caller, "/admin/agents/group/add/", group).status_code == 302
    with db.tenant_scope(alpha):
        assert QAPair.objects.get().source == "solution"
        made = Group.objects.get(name="物流")
        assert [seat.agent_id for seat in made.seats.all()] == [boss.public_id]
        assert sorted(CannedReply.objects.values_list("shortcut", flat=True)) == ["th", "yf"]
        actions = set(AuditRow.objects.filter(user_id=boss.public_id).values_list("action", flat=True))
        assert {"approve_solution", "create_canned_reply", "create_group"} <= actions
    assert sent(caller, f"/admin/agents/group/{made.pk}/delete/", {"post": "yes"}).status_code == 302
    with db.tenant_scope(alpha):
        assert not Group.objects.filter(name="物流").exists()
