"""Pages of a shop that have the widget's tag: another origin, with looks and a policy of its own."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from playwright.sync_api import FrameLocator, Page, expect

from kimono.lib import db
from tenants.models import Tenant
from tenants.services import tenant_settings
from tenants.services.auditing import SYSTEM

RETURNS = "签收后七天内可以申请退货，在“我的订单”里选择商品。"
POLICY = "default-src 'none'; script-src {chat} http://beta.localhost:* 'nonce-x'; connect-src {chat}; frame-src {chat}"
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


@contextmanager
def serving() -> Iterator[Site]:
    """Serve a site of somebody else's."""

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


def arrange(tenant: Tenant, **sections: Any) -> None:
    """Change the settings of a merchant."""
    with db.tenant_scope(tenant):
        tenant_settings.update(patch=sections, by=SYSTEM)


def fill(tenant: Tenant) -> None:
    """Give a merchant something to answer with."""
    from tests.knowledge.filling import add_pair

    with db.tenant_scope(tenant):
        add_pair("怎么退货？", RETURNS)
