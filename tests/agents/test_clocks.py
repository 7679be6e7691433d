"""A merchant's times are on its own clock: where agents look, in files, in what "tomorrow" means."""

import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from conversations.models import Conversation
from kimono.lib import db
from tenants.models import Tenant
from tenants.services import hosts, tenant_settings
from tenants.services.auditing import SYSTEM
from tests.tenants.doors import Caller, at, make_user

pytestmark = pytest.mark.django_db(transaction=True)
# It is never the same day in both, so that one of them at least differs from the installation's.
ZONES = ("Pacific/Kiritimati", "Pacific/Pago_Pago")
DAY = {"type": "object", "required": ["day"], "properties": {"day": {"type": "string", "format": "date"}}}


@pytest.mark.parametrize("zone", ZONES)
def test_times_are_on_the_merchants_clock(zone: str, key: Caller, alpha: Tenant) -> None:
    hours = {"tz": zone, "days": [1, 2, 3, 4, 5, 6, 7], "start": "00:00", "end": "24:00"}
    with db.tenant_scope(alpha):
        tenant_settings.update(patch={"handoff": {"working_hours": hours}}, by=SYSTEM)
    hosts.clear()
    make_user(alpha, "agent", username="li")
    li = at(alpha).with_session("li")
    there = timezone.now().astimezone(ZoneInfo(zone))
    tomorrow = f"{there + timedelta(days=1):%Y-%m-%d}"

    scene = {"name": "预约", "intent": "business_query", "trigger_examples": ["登记到店"], "schema": DAY}
    assert key.post("scenes", scene).status_code == 201
    tried = key.post("scenes/test", {"message": "登记到店，明天"}).json()
    assert tried["slots"] == {"day": tomorrow}
    session_id = key.post("chat", {"message": "登记到店，明天"}).json()["session_id"]
    with db.tenant_scope(alpha):
        assert Conversation.objects.get(public_id=session_id).slots == {"day": tomorrow}

    page = li.get(f"/workbench/?session={session_id}").content.decode()
    assert f"{there.year}年{there.month}月{there.day}日" in page
    assert f'"timeZone": "{zone}"' in page.replace("\\u002F", "/")
    assert zone in re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)
    assert f'"timeZone": "{zone}"' in at(alpha).get("/chat/").content.decode().replace("\\u002F", "/")
    taken = key.get(f"chat/sessions/{session_id}/export?format=docx")
    assert f"{there:%Y%m%d}" in taken["Content-Disposition"]
