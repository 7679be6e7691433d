"""The widget on a merchant's own site, in a real browser: another origin, another page around it."""

import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest
from django.utils import timezone
from playwright.sync_api import FrameLocator, Page, expect

from conversations.models import Conversation, Satisfaction
from conversations.services import handoffs, messages, widget_secret
from conversations.services.handoffs import Handler
from kimono.lib import db
from tenants.models import Tenant
from tenants.services import lifecycle, tenant_settings
from tenants.services.auditing import SYSTEM
from tests.browser.accessibility import findings
from tests.fixtures.servers import Servers
from tests.tenants.doors import PASSWORD, make_user

pytestmark = pytest.mark.browser
DESK, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
RETURNS = "签收后七天内可以申请退货，在“我的订单”里选择商品。"
POLICY = "default-src 'none'; script-src {chat} http://beta.localhost:* 'nonce-x'; connect-src {chat}; frame-src {chat}"
# As browsers do that give no storage to frames of other sites.
BLOCKED = """if (window !== top) Object.defineProperty(window, "localStorage", {
  get() { throw new DOMException("The request was denied.", "SecurityError"); } });"""
PAGE = """<!DOCTYPE html><html lang="zh"><head><title>Shop</title>{style}</head><body>
<main><h1>和服</h1><a href="#">租</a></main>
<script nonce="x">window.heard = []; addEventListener("message", (e) => e.source === window && heard.push(e.data))</script>
<script src="{chat}/widget.js" {attributes} async></script></body></html>"""


@dataclass
class Site:
    """A small web server whose every page is the same; it answers to any name under `localhost`."""

    port: int
    html: str = ""
    policy: str = ""


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """A web server of somebody else's."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Security-Policy", here.policy)
            self.end_headers()
            self.wfile.write(here.html.encode())

        def log_message(self, *_: Any) -> None:
            """Be silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    here = Site(server.server_port)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield here
    server.shutdown()


@dataclass
class Visit:
    """A page of a shop that has the tag."""

    page: Page
    chat: str
    site: Site
    complaints: list[str] = field(default_factory=list)

    def open(self, name: str = "shop", *, style: str = "", **attributes: str) -> "Visit":
        """Open the site's page, whose own policy allows the chat's host and nothing else.

        With a `style` of its own it allows that, too, and not to ask the chat's host.
        """
        shown = " ".join(f'data-{name.replace("_", "-")}="{value}"' for name, value in attributes.items())
        self.site.html = PAGE.format(
            chat=self.chat, attributes=shown, style=style and f"<style>{style}</style>"
        )
        policy = POLICY.replace("connect-src {chat}", "style-src 'unsafe-inline'") if style else POLICY
        self.site.policy = policy.format(chat=self.chat)
        self.page.on("console", self._note)
        self.page.goto(f"http://{name}.localhost:{self.site.port}/kimono?id=7")
        return self

    @property
    def launcher(self) -> Any:
        """The button."""
        return self.page.locator("#kimono-widget .launcher")

    @property
    def frame(self) -> FrameLocator:
        """The chat."""
        return self.page.frame_locator("#kimono-widget iframe")

    def ask(self, words: str, *, answers: int = 1) -> None:
        """Write something and wait until so many answers are there."""
        expect(self.page.locator("#kimono-widget .panel")).to_be_visible()
        expect(self.page.locator("#kimono-widget .wait")).to_be_hidden()
        self.frame.locator("#composer-text").fill(words)
        self.frame.locator("#composer-text").press("Enter")
        expect(self.frame.locator(".row-bot[data-phase=done]")).to_have_count(answers, timeout=30_000)

    def _note(self, message: Any) -> None:
        if message.type in ("error", "warning") and "favicon" not in message.text:
            self.complaints.append(message.text)


@pytest.fixture
def visit(live: Servers, alpha: Tenant, site: Site, new_page: Callable[..., Page]) -> Callable[..., Visit]:
    """Return a function that opens a page for a visit; `alpha` lists the shop."""
    shop = f"http://shop.localhost:{site.port}"
    arrange(alpha, widget={"allowed_origins": [shop], "title": "和服客服", "color": "#0b7a5c"})

    def begin(**options: Any) -> Visit:
        return Visit(new_page(**{"viewport": DESK, **options}), live.url_of(alpha), site)

    return begin


def arrange(tenant: Tenant, **sections: Any) -> None:
    with db.tenant_scope(tenant):
        tenant_settings.update(patch=sections, by=SYSTEM)


def fill(tenant: Tenant) -> None:
    from tests.knowledge.filling import add_pair

    with db.tenant_scope(tenant):
        add_pair("怎么退货？", RETURNS)


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


# As unkind as pages are; the bar is drawn above everything that does not say so itself.
UNKIND = """* {all: unset !important; display: none !important; direction: rtl; font-size: 40px}
html, body, header {display: block !important} body {transform: scale(.5)}
header {position: fixed !important; inset: auto 0 0 !important; height: 99px; z-index: 2147483646 !important}"""
AGAIN = "(from) => document.body.append(Object.assign(document.createElement('script'), {src: from + '/widget.js'}))"


def test_the_page_around_cannot_break_it(visit: Callable[..., Visit], alpha: Tenant, beta: Tenant) -> None:
    """Neither by its looks, nor its policy, nor by what it does with its elements."""
    fill(alpha)
    here = visit(locale="en").open(style=UNKIND)
    here.page.evaluate("document.body.append(document.createElement('header'))")
    expect(here.launcher).to_have_attribute("aria-label", "Open the chat: Customer service")
    assert here.launcher.bounding_box() == {"x": 1204, "y": 724, "width": 56, "height": 56}
    there = Visit(here.page.context.new_page(), here.chat, here.site).open(style=UNKIND, open="true")
    expect(there.frame.locator("#welcome")).to_be_visible()
    here.page.bring_to_front()
    here.launcher.click()
    here.ask("怎么退货？")
    # Another tab of the site goes on with what was begun here.
    expect(there.frame.locator(".row-own .bubble")).to_have_text("怎么退货？")
    # As pages do that go elsewhere without being loaded.
    here.page.evaluate("document.body.replaceChildren()")
    expect(here.launcher).to_be_visible()
    here.page.evaluate("document.getElementById('kimono-widget').remove()")
    here.page.evaluate(AGAIN, here.chat)
    expect(here.frame.locator(".row-own .bubble")).to_have_text("怎么退货？")
    with here.page.expect_console_message(lambda said: "has the chat of" in said.text):
        here.page.evaluate(AGAIN, here.chat.replace("alpha", "beta"))
    assert here.page.locator("#kimono-widget").count() == 1
    with here.page.expect_console_message(lambda said: "unknown command shutdown" in said.text):
        here.page.evaluate("Kimono('shutdown')")


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
