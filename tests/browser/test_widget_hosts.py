"""What a page may do to the widget that it shows, and what happens where nobody answers."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tenants.models import Tenant
from tests.browser.shops import Visit, fill

pytestmark = pytest.mark.browser
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


def test_a_chat_that_could_not_be_opened_is_tried_again(visit: Callable[..., Visit]) -> None:
    here = visit()
    here.page.clock.install()
    here.page.route("**/chat/?embed=1", lambda route: route.abort())
    here.open().launcher.click()
    expect(here.page.locator("#kimono-widget .wait")).to_have_text("正在打开…×")
    here.page.clock.run_for(12_000)
    expect(here.page.locator("#kimono-widget .wait")).to_have_text("聊天暂时打不开，请稍后再试。×")
    here.page.unroute_all()
    here.launcher.click()
    here.launcher.click()
    expect(here.frame.locator("#composer-text")).to_be_visible()
    expect(here.page.locator("#kimono-widget .wait")).to_be_hidden()
