"""The widget's doors: which pages may ask, who is known again, whose signature counts."""

import hashlib
import hmac
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from conversations.models import Conversation
from conversations.services import visitor_tokens, widget_secret
from conversations.views import SCRIPT
from kimono.lib.db import tenant_scope
from tenants.models import AuditRow, Tenant
from tenants.services import lifecycle, tenant_settings
from tenants.services.auditing import SYSTEM
from tests.tenants.doors import Caller, at, make_user

pytestmark = pytest.mark.django_db(transaction=True)
SHOP, OTHER = "https://shop.example.com", "https://shop.example.com:8443"


@pytest.fixture
def shop(alpha: Tenant) -> Caller:
    """A page of a listed site of alpha."""
    widen(alpha, allowed_origins=[SHOP], title="和服客服", color="#123456")
    return at(alpha, Origin=SHOP)


def widen(tenant: Tenant, **widget: Any) -> None:
    with tenant_scope(tenant):
        tenant_settings.update(patch={"widget": widget}, by=SYSTEM)


def shake(caller: Caller, status: int = 201, **body: Any) -> Any:
    answer = caller.post("widget/handshake", body)
    assert answer.status_code == status, answer.content
    return answer.json()


def signed(tenant: Tenant, user_id: str, generation: int = 0) -> dict[str, Any]:
    with tenant_scope(tenant):
        secret = widget_secret.secret(generation)
    return {
        "user_id": user_id,
        "user_hash": hmac.new(secret.encode(), user_id.encode(), hashlib.sha256).hexdigest(),
    }


def conversation(shaken: Any) -> Conversation:
    return Conversation.objects.get(public_id=shaken["session_id"])


def aged(tenant: Tenant, shaken: Any, **ago: float) -> None:
    """Let a conversation and its token be as old as said."""
    with tenant_scope(tenant):
        row = conversation(shaken)
        then: datetime = row.created_at - timedelta(**ago)
        shaken["visitor_token"] = visitor_tokens.issue(conversation=row, now=then)[0]
        Conversation.objects.filter(pk=row.pk).update(
            visitor_seen_at=then, last_activity_at=then, created_at=then
        )


def test_the_widget_learns_how_it_looks(shop: Caller) -> None:
    answer = shop.get("widget/config", Accept_Language="en")
    assert answer.json() == {
        "title": "和服客服",
        "color": "#123456",
        "position": "right",
        "greeting": "您好，请问有什么可以帮您？",
        "language": "en",
        "csat_enabled": True,
        "in_working_hours": True,
        "agents_online": 0,
    }
    assert answer["Access-Control-Allow-Origin"] == SHOP
    assert "Access-Control-Allow-Credentials" not in answer
    assert "Origin" in answer["Vary"]


def test_an_agent_who_is_there_is_counted(shop: Caller, alpha: Tenant) -> None:
    make_user(alpha, "agent", "anna")
    agent = at(alpha).signed_in("anna")
    assert agent.ask("PUT", "agent/presence", {"status": "online"}).status_code == 200
    assert shop.get("widget/config").json()["agents_online"] == 1


@pytest.mark.parametrize(
    ("origin", "site", "allowed"),
    [
        (SHOP, None, True),
        (SHOP.upper(), None, True),
        ("http://alpha.localhost", None, True),
        (None, "same-origin", True),
        (None, None, False),
        (None, "cross-site", False),
        (OTHER, None, False),
        ("http://shop.example.com", None, False),
        ("https://evil.shop.example.com", None, False),
        ("https://shop.example.com.evil.io", None, False),
        ("http://beta.localhost", None, False),
        ("null", None, False),
    ],
)
def test_only_listed_sites_and_the_own_host_may_ask(
    shop: Caller, alpha: Tenant, origin: str | None, site: str | None, allowed: bool
) -> None:
    named = {"Origin": origin, "Sec_Fetch_Site": site}
    page = at(alpha, **{name: value for name, value in named.items() if value is not None})
    for answer in (page.get("widget/config"), page.post("widget/handshake")):
        assert answer.status_code in ((200, 201) if allowed else (403,))
        assert allowed or answer.json()["code"] == "origin_not_allowed"
        shared = answer.headers.get("Access-Control-Allow-Origin")
        assert shared == (origin if allowed and origin and "shop" in origin.lower() else None)


def test_listed_pages_may_use_the_visitors_routes_and_no_others(shop: Caller) -> None:
    def asked(method: str, path: str) -> Any:
        return shop.ask("OPTIONS", path, Access_Control_Request_Method=method)

    for method, path in (
        ("POST", "chat"),
        ("POST", "chat/stream"),
        ("POST", "chat/sessions"),
        ("GET", "chat/sessions/sess-1/events"),
        ("POST", "chat/sessions/sess-1/csat"),
        ("GET", "chat/messages/msg-1/export"),
    ):
        answer = asked(method, path)
        assert (answer.status_code, answer["Access-Control-Allow-Methods"]) == (204, method), path
        assert "Authorization" in answer["Access-Control-Allow-Headers"]
    for method, path in (
        ("GET", "chat/sessions"),
        ("DELETE", "chat/sessions/sess-1"),
        ("POST", "gateway"),
        ("POST", "widget/rotate-secret"),
        ("PUT", "settings"),
        ("GET", "knowledge/documents"),
    ):
        assert "Access-Control-Allow-Origin" not in asked(method, path).headers, path
    # A refusal can be read too, or the page could not say why.
    refused = shop.get("chat/sessions/sess-1")
    assert (refused.status_code, refused["Access-Control-Allow-Origin"]) == (401, SHOP)


def test_a_visitor_comes_back_within_thirty_days(shop: Caller, alpha: Tenant) -> None:
    first = shake(shop, page_url="https://shop.example.com/kimono?id=7")
    assert first["state"] == "bot" and first["visitor_token"].startswith("vt_")
    aged(alpha, first, days=29)
    old = first["visitor_token"]
    assert (
        at(alpha, Authorization=f"Bearer {old}").get(f"chat/sessions/{first['session_id']}").status_code
        == 401
    )
    again = shake(shop, 200, visitor_token=old, page_url="https://shop.example.com/cart")
    assert (again["session_id"], again["visitor_id"]) == (first["session_id"], first["visitor_id"])
    known = at(alpha, Authorization=f"Bearer {again['visitor_token']}").get(
        f"chat/sessions/{first['session_id']}"
    )
    assert known.json()["metadata"] == {"page_url": "https://shop.example.com/cart"}

    aged(alpha, again, days=31)
    new = shake(shop, visitor_token=again["visitor_token"])
    assert new["session_id"] != first["session_id"] and new["visitor_id"] != first["visitor_id"]
    with tenant_scope(alpha):
        assert conversation(shake(shop, page_url="javascript:alert(1)")).metadata == {}
    for nonsense in ("", "vt_x", "vt_.", again["visitor_token"][:-1], "x" * 512):
        assert shake(shop, visitor_token=nonsense)["visitor_id"] not in (
            first["visitor_id"],
            new["visitor_id"],
        )


def test_a_closed_conversation_is_followed_by_one_of_the_same_visitor(shop: Caller, alpha: Tenant) -> None:
    first = shake(shop)
    visitor = at(alpha, Authorization=f"Bearer {first['visitor_token']}")
    assert visitor.post(f"chat/sessions/{first['session_id']}/close").status_code == 200
    next_one = shake(shop, visitor_token=first["visitor_token"])
    assert next_one["session_id"] != first["session_id"]
    assert next_one["visitor_id"] == first["visitor_id"]


def test_a_token_of_another_merchant_opens_nothing(shop: Caller, alpha: Tenant, beta: Tenant) -> None:
    widen(beta, allowed_origins=[SHOP])
    theirs = shake(at(beta, Origin=SHOP))
    own = shake(shop, visitor_token=theirs["visitor_token"])
    assert own["session_id"] != theirs["session_id"]


def test_a_signed_customer_finds_the_conversation_again_everywhere(shop: Caller, alpha: Tenant) -> None:
    me = signed(alpha, "u_10086")
    anonymous = shake(shop)
    named = shake(shop, 200, visitor_token=anonymous["visitor_token"], **me)
    assert named["session_id"] == anonymous["session_id"] and named["user_verified"]
    elsewhere = shake(shop, 200, **me)
    assert elsewhere["session_id"] == anonymous["session_id"]
    # Its own tokens of before go on: what was opened in another tab is still open.
    old = at(alpha, Authorization=f"Bearer {anonymous['visitor_token']}")
    assert old.get(f"chat/sessions/{anonymous['session_id']}").json()["user_id"] == "u_10086"

    other = shake(shop, visitor_token=anonymous["visitor_token"], **signed(alpha, "u_2"))
    assert other["session_id"] != anonymous["session_id"]
    forged = shake(shop, user_id="u_10086", user_hash="签" * 64)
    assert forged["session_id"] not in (anonymous["session_id"], other["session_id"])
    assert forged["user_verified"] is False


def test_who_must_be_signed_is_refused_without_and_after_the_secret_has_changed(
    shop: Caller, alpha: Tenant
) -> None:
    widen(alpha, require_user_hash=True)
    make_user(alpha, "merchant_admin", "boss")
    make_user(alpha, "agent", "anna")
    assert shake(shop)["user_verified"] is False
    assert shake(shop, 401, user_id="u_1")["code"] == "unauthenticated"
    before = signed(alpha, "u_1")
    assert shake(shop, **before)["user_verified"]

    assert at(alpha).signed_in("anna").post("widget/rotate-secret").status_code == 403
    answer = at(alpha).signed_in("boss").post("widget/rotate-secret")
    given = answer.json()
    assert (
        answer.status_code == 200
        and given["secret"].startswith(given["secret_prefix"])
        and len(given["secret"]) == 43
    )
    assert (
        at(alpha).signed_in("boss").get("settings").json()["widget"]["secret_prefix"]
        == given["secret_prefix"]
    )
    assert shake(shop, 401, **before)
    # Nor does a setting bring the old secret back.
    boss = at(alpha).signed_in("boss")
    assert boss.patch("settings", {"widget": {"secret_generation": 0}}).status_code == 200
    assert shake(shop, 401, **before)
    assert shake(shop, 200, **signed(alpha, "u_1", 1))["user_verified"]
    with tenant_scope(alpha):
        row = AuditRow.objects.get(tenant=alpha, action="rotate_widget_secret")
        assert row.username == "boss" and given["secret"] not in str(row.details)


def test_the_page_about_the_tag_says_what_the_script_does(in_alpha: Tenant) -> None:
    page = (settings.BASE_DIR / "docs/how-to/put-the-chat-on-your-site.md").read_text()
    script = SCRIPT.read_text()
    read = {
        re.sub(r"[A-Z]", lambda big: f"-{big[0].lower()}", name)
        for name in re.findall(r"(?:asked\.|said\.(?=user[A-Z]))(\w+)", script)
    }
    assert set(re.findall(r"^\| `data-([a-z-]+)`", page, re.MULTILINE)) == read
    said = {f"kimono:{name}" for name in re.findall(r'announce\("(\w+)"', script)}
    assert said == {"kimono:ready", "kimono:open", "kimono:close", "kimono:unread"}
    assert all(f"`{name}`" in page for name in said)
    acts = re.findall(r"const acts = \{ (.+?) \}", script)[0].split(", ")
    assert set(re.findall(r'^  Kimono\("(\w+)"', page, re.MULTILINE)) == set(acts)
    written: dict[str, Any] = {}
    exec(re.findall(r"```python\n(.*?)```", page, re.DOTALL)[0], written)
    good = written["user_hash"](widget_secret.secret(0), "u_1")
    assert widget_secret.vouches(user_id="u_1", user_hash=good)


def test_a_suspended_merchants_widget_is_told_so(shop: Caller, alpha: Tenant) -> None:
    lifecycle.suspend(tenant_id=alpha.public_id, reason="test", by=SYSTEM, now=timezone.now())
    for answer in (shop.get("widget/config"), shop.post("widget/handshake")):
        assert (answer.status_code, answer.json()["code"]) == (403, "tenant_suspended")
        assert answer["Access-Control-Allow-Origin"] == SHOP


def test_begun_too_often_from_one_address_is_told_to_wait(
    shop: Caller, alpha: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tenants.services import limits

    monkeypatch.setenv("KIMONO_LIMIT_SESSION", "2")
    limits.limit_of.cache_clear()
    try:
        statuses = [shop.post("widget/handshake").status_code for _ in range(3)]
        assert statuses == [201, 201, 429]
    finally:
        limits.limit_of.cache_clear()
