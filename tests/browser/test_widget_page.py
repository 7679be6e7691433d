"""The widget on a merchant's own site, in a real browser: another origin, another page around it."""

import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from conversations.models import Conversation, Satisfaction
from conversations.services import handoffs, messages, widget_secret
from conversations.services.handoffs import Handler
from kimono.lib import db
from tenants.models import Tenant
from tenants.services import lifecycle
from tenants.services.auditing import SYSTEM
from tests.browser.accessibility import findings
from tests.browser.shops import RETURNS, Site, Visit, arrange, fill
from tests.fixtures.servers import Servers
from tests.tenants.doors import PASSWORD, make_user

pytestmark = pytest.mark.browser
DESK, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
# As browsers do that give no storage to frames of other sites.
BLOCKED = """if (window !== top) Object.defineProperty(window, "localStorage", {
  get() { throw new DOMException("The request was denied.", "SecurityError"); } });"""


def test_a_visitor_asks_on_the_shops_page_and_finds_it_again(
    visit: Callable[..., Visit], alpha: Tenant
) -> None:
    fill(alpha)
    here = visit()
    here.page.add_init_script(BLOCKED)
    here.open()
    expect(here.launcher).to_have_attribute("aria-label", "打开聊天：和服客服")
    assert here.page.locator("#kimono-widget iframe").count() == 0
    here.launcher.focus()
    here.page.keyboard.press("Enter")
    expect(here.frame.locator("#bar-title")).to_have_text("和服客服")
    expect(here.frame.locator("#composer-text")).to_be_focused()
    here.ask("怎么退货？")
    expect(here.frame.locator(".row-bot .bubble")).to_contain_text(RETURNS)
    assert findings(here.page) == []

    here.page.reload()
    expect(here.frame.locator(".row-own .bubble")).to_have_text("怎么退货？")
    expect(here.launcher).to_have_attribute("aria-expanded", "true")
    here.frame.locator("#composer-text").focus()
    here.page.keyboard.press("Escape")
    expect(here.launcher).to_be_focused()
    expect(here.launcher).to_have_attribute("aria-expanded", "false")
    heard = here.page.evaluate("heard.map((each) => each.type)")
    assert heard == ["kimono:ready", "kimono:open", "kimono:close"]
    assert here.complaints == []


def test_a_site_that_is_not_listed_shows_nothing(
    visit: Callable[..., Visit], live: Servers, alpha: Tenant, site: Site
) -> None:
    here = visit()
    with here.page.expect_console_message(lambda said: said.text.startswith("Kimono: no word from")):
        here.open("stranger")
    assert here.page.locator("#kimono-widget").count() == 0
    # Nor does it when the frame is made by hand: the page of the chat lets nobody else show it.
    here.page.evaluate(
        "(address) => { const f = document.createElement('iframe'); f.src = address; document.body.append(f) }",
        f"{here.chat}/chat/?embed=1",
    )
    framed = here.page.locator("body > iframe")
    expect(framed).to_be_attached()
    expect(framed.content_frame.locator("#composer-text")).to_have_count(0)
    answer = httpx.get(f"{live.url}/chat/?embed=1", headers={"Host": live.host(alpha)})
    shop = f"http://shop.localhost:{site.port}"
    assert f"frame-ancestors 'self' {shop}" in answer.headers["content-security-policy"].split("; ")
    assert "x-frame-options" not in answer.headers


def test_a_person_answers_is_rated_and_never_missed(visit: Callable[..., Visit], alpha: Tenant) -> None:
    """On a phone, outside of the hours of people: a message is left, and answered all the same."""
    days = [(timezone.localtime().isoweekday() + 2) % 7 + 1]
    arrange(
        alpha,
        handoff={"working_hours": {"tz": "Asia/Shanghai", "days": days, "start": "09:00", "end": "18:00"}},
    )
    here = visit(viewport=PHONE, has_touch=True, color_scheme="dark", reduced_motion="reduce").open(
        lang="en", title="Kimono help"
    )
    expect(here.launcher).to_have_attribute("aria-label", "Open the chat: Kimono help")
    here.launcher.click()
    panel = here.page.locator("#kimono-widget .panel")
    assert panel.bounding_box() == {"x": 0, "y": 0, **PHONE}
    expect(panel).to_have_attribute("aria-modal", "true")
    frame = here.frame
    expect(frame.locator("#bar-title")).to_have_text("Kimono help")
    expect(frame.locator("#closed-hours")).to_contain_text("People are back on")
    frame.locator("#person-button").click()
    form = frame.locator(".leave-message")
    form.locator("textarea").fill("Is the blue one there in May?")
    form.locator("input").fill("may@example.com")
    assert findings(here.page) == []
    form.get_by_role("button", name="Leave it").click()
    expect(frame.locator(".row-own .bubble")).to_have_text(
        "Is the blue one there in May?\nReach me at: may@example.com", use_inner_text=True
    )
    expect(frame.locator(".row-own .delivery")).to_have_text("Delivered, waiting for a person")

    frame.get_by_role("button", name="Close the chat").click()
    expect(panel).to_be_hidden()
    attend(alpha, "Yes, it is.")
    expect(here.page.locator("#kimono-widget .badge")).to_have_text("1")
    expect(here.launcher).to_have_attribute("aria-label", "Open the chat: Kimono help (1 unread)")
    expect(here.page.locator("#kimono-widget .spoken")).to_have_text("1 unread")
    # What came while another page was shown is not lost either.
    here.page.evaluate("heard = []")
    here.page.reload()
    expect(here.page.locator("#kimono-widget .badge")).to_have_text("1")
    here.launcher.click()
    expect(frame.locator(".row-agent .bubble")).to_have_text("Yes, it is.")
    counts = [each["count"] for each in here.page.evaluate("heard") if each["type"] == "kimono:unread"]
    assert counts == [1, 0]
    said: list[Any] = []
    here.page.on("websocket", lambda line: line.on("framesent", lambda words: said.append(words)))
    frame.locator("#composer-text").fill("Great")
    for _ in range(200):
        if said:
            break
        here.page.wait_for_timeout(20)
    assert json.loads(said[0]) == {"type": "typing", "on": True}

    resolve(alpha)
    frame.locator(".csat-score").nth(3).click()
    frame.locator(".csat").get_by_text("No, not yet").click()
    frame.locator(".csat-more textarea").fill("Quick")
    frame.locator(".csat-more button").click()
    expect(frame.locator(".csat-note")).to_have_text("Thank you.")
    assert findings(here.page) == []
    with db.tenant_scope(alpha):
        rating = Satisfaction.objects.get()
        assert (rating.score, rating.resolved, rating.comment) == (4, False, "Quick")
        assert rating.agent_id == "a-1"
        talk = Conversation.objects.get()
        assert talk.metadata["page_url"].endswith("/kimono?id=7")
    here.page.reload()
    expect(frame.locator(".row-agent .bubble")).to_have_text("Yes, it is.")
    expect(frame.locator(".csat")).to_have_count(0)
    assert here.complaints == []


AGENT = Handler("a-1", "小王")


def attend(tenant: Tenant, words: str) -> None:
    """Let an agent accept the conversation and say something."""
    with db.tenant_scope(tenant):
        session_id = Conversation.objects.get().public_id
        handoffs.accept(session_id=session_id, agent=AGENT, by=SYSTEM, now=timezone.now())
        messages.say(
            session_id=session_id, agent=AGENT, content=words, client_message_id=None, now=timezone.now()
        )


def resolve(tenant: Tenant) -> None:
    with db.tenant_scope(tenant):
        session_id = Conversation.objects.get().public_id
        handoffs.resolve(session_id=session_id, agent=AGENT, note="", by=SYSTEM, now=timezone.now())


def test_a_customer_who_signs_in_takes_the_conversation_along(
    visit: Callable[..., Visit], alpha: Tenant
) -> None:
    fill(alpha)
    with db.tenant_scope(alpha):
        secret = widget_secret.secret(0)
    me = {"user_id": "u_1", "user_hash": hmac.new(secret.encode(), b"u_1", hashlib.sha256).hexdigest()}
    here = visit().open(open="true")
    here.ask("怎么退货？")
    here.page.evaluate("(me) => Kimono('identify', me)", me)
    expect(here.frame.locator(".row-own .bubble")).to_have_text("怎么退货？")
    with db.tenant_scope(alpha):
        talk = Conversation.objects.get()
        assert (talk.user_id, talk.user_verified) == ("u_1", True)
    # Signed out, the next one at this desk sees nothing of it.
    here.page.evaluate("Kimono('identify', {})")
    expect(here.frame.locator("#welcome")).to_be_visible()
    expect(here.frame.locator(".row")).to_have_count(0)
    # A signature that is none is refused; the visitor is served all the same.
    arrange(alpha, widget={"require_user_hash": True})
    here.page.evaluate("Kimono('identify', {user_id: 'u_2', user_hash: '00'})")
    here.ask("怎么退货？")

    elsewhere = visit().open(**me)
    elsewhere.page.evaluate("Kimono('open')")
    elsewhere.ask("我又来了，怎么退货？", answers=2)
    own = elsewhere.frame.locator(".row-own .bubble")
    expect(own).to_have_text(["怎么退货？", "我又来了，怎么退货？"])
    with db.tenant_scope(alpha):
        assert [each.user_id for each in Conversation.objects.order_by("pk")] == ["u_1", ""]


def test_a_suspended_merchants_widget_says_so(visit: Callable[..., Visit], alpha: Tenant) -> None:
    lifecycle.suspend(tenant_id=alpha.public_id, reason="test", by=SYSTEM, now=timezone.now())
    here = visit().open(open="true")
    expect(here.frame.locator("#handler-text")).to_have_text("服务已暂停")
    expect(here.frame.locator("#composer")).to_be_hidden()
    here.frame.get_by_role("button", name="收起聊天").click()
    expect(here.launcher).to_have_attribute("aria-expanded", "false")


def test_what_a_page_loads_is_small_and_fresh(live: Servers, alpha: Tenant) -> None:
    with live.client(alpha) as client:
        answer = client.get("/widget.js", headers={"Accept-Encoding": "gzip"})
        assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
        assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
        assert int(answer.headers["content-length"]) <= 30 * 1024
        assert client.get("/widget.js", headers={"If-None-Match": answer.headers["etag"]}).status_code == 304
        config = client.get("/api/v1/widget/config", headers={"Origin": str(client.base_url)})
        assert config.status_code == 403


def test_a_merchant_arranges_its_widget(live: Servers, alpha: Tenant, new_page: Callable[..., Page]) -> None:
    make_user(alpha, username="boss")
    page = new_page(viewport=DESK, base_url=live.url_of(alpha))
    page.goto("/admin/widget/")
    page.get_by_label("用户名").fill("boss")
    page.locator("input[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    expect(page.locator("#tag")).to_have_text(f'<script src="{live.url_of(alpha)}/widget.js" async></script>')
    shown = page.frame_locator("#widget-preview").frame_locator("#kimono-widget iframe").locator("#bar-title")
    expect(shown).to_have_text("在线客服")
    page.get_by_label("标题").fill("问问我们")
    expect(shown).to_have_text("问问我们")
    sites = page.get_by_label("允许展示的网站")
    sites.fill("www.example.com")
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_text("这不是网站地址：www.example.com")).to_be_visible()
    sites.fill("https://WWW.example.com:443/shop\nhttp://localhost:3000/")
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_text("已保存。")).to_be_visible()
    page.get_by_text("更换密钥").click()
    page.get_by_role("button", name="更换并显示新密钥").click()
    with db.tenant_scope(alpha):
        secret = widget_secret.secret(1)
        alpha.refresh_from_db()
        assert alpha.settings["widget"]["allowed_origins"] == [
            "https://www.example.com",
            "http://localhost:3000",
        ]
        assert alpha.settings["widget"]["title"] == "问问我们"
    expect(page.locator("#secret")).to_have_text(secret)
    page.reload()
    assert secret not in page.content()
