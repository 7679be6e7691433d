"""The widget on a merchant's own site, in a real browser: another origin, another page around it."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest
from playwright.sync_api import FrameLocator, Page, expect

from kimono.lib import db
from tenants.models import Tenant
from tenants.services import tenant_settings
from tenants.services.auditing import SYSTEM
from tests.browser.accessibility import findings
from tests.fixtures.servers import Servers

pytestmark = pytest.mark.browser
DESK, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
RETURNS = "签收后七天内可以申请退货，在“我的订单”里选择商品。"
POLICY = "default-src 'none'; script-src {chat} 'nonce-x'; connect-src {chat}; frame-src {chat}"
PAGE = """<!DOCTYPE html><html lang="zh"><head><title>Shop</title></head><body><main><h1>和服</h1><a href="#">租</a></main>
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

    def open(self, name: str = "shop", **attributes: str) -> "Visit":
        """Open the site's page, whose own policy allows the chat's host and nothing else."""
        shown = " ".join(f'data-{name.replace("_", "-")}="{value}"' for name, value in attributes.items())
        self.site.html = PAGE.format(chat=self.chat, attributes=shown)
        self.site.policy = POLICY.format(chat=self.chat)
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

    def ask(self, words: str) -> None:
        """Write something and wait for the end of the answer."""
        answers = self.frame.locator(".row-bot[data-phase=done]")
        before = answers.count()
        self.frame.locator("#composer-text").fill(words)
        self.frame.locator("#composer-text").press("Enter")
        expect(answers).to_have_count(before + 1, timeout=30_000)

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
    here = visit().open()
    expect(here.launcher).to_have_attribute("aria-label", "打开聊天：和服客服")
    assert here.page.locator("#kimono-widget iframe").count() == 0
    here.launcher.focus()
    here.page.keyboard.press("Enter")
    expect(here.frame.locator("#bar-title")).to_have_text("和服客服")
    expect(here.frame.locator("#composer-text")).to_be_focused()
    here.ask("怎么退货？")
    expect(here.frame.locator(".row-bot .bubble")).to_contain_text(RETURNS)
    assert findings(here.page) == []

    # Nothing is stored by the frame: a browser that blocks others' storage keeps the conversation as well.
    here.page.reload()
    expect(here.frame.locator(".row-own .bubble")).to_have_text("怎么退货？")
    expect(here.launcher).to_have_attribute("aria-expanded", "true")
    here.frame.locator("#composer-text").focus()
    here.page.keyboard.press("Escape")
    expect(here.launcher).to_be_focused()
    expect(here.launcher).to_have_attribute("aria-expanded", "false")
    heard = here.page.evaluate("heard.map((each) => each.type)")
    assert heard == ["kimono:open", "kimono:ready", "kimono:close"]
    assert here.complaints == []


def test_a_site_that_is_not_listed_shows_nothing(
    visit: Callable[..., Visit], live: Servers, alpha: Tenant, site: Site
) -> None:
    here = visit()
    with here.page.expect_console_message(lambda said: "does not show its chat" in said.text):
        here.open("stranger")
    assert here.page.locator("#kimono-widget").count() == 0
    # Nor does it when the frame is made by hand: the page of the chat lets nobody else show it.
    here.page.evaluate(
        "(address) => { const f = document.createElement('iframe'); f.src = address; document.body.append(f) }",
        f"{here.chat}/chat/?embed=1",
    )
    expect(here.page.frame_locator("body > iframe").locator("#composer-text")).to_have_count(0)
    here.page.wait_for_function("() => true")
    answer = httpx.get(f"{live.url}/chat/?embed=1", headers={"Host": live.host(alpha)})
    shop = f"http://shop.localhost:{site.port}"
    assert f"frame-ancestors 'self' {shop}" in answer.headers["content-security-policy"].split("; ")
    assert "x-frame-options" not in answer.headers
