"""The workbench in a real browser before the real server: keys, the field, other agents, a broken line, every state."""

import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from django.utils import timezone
from playwright.sync_api import Page, Route, expect

from kimono.lib import db
from tests.browser.accessibility import findings
from tests.browser.desks import Agent, Visitor, waiting
from tests.browser.test_chat_journey import fill

pytestmark = pytest.mark.browser
RETURNS = "签收后七天内可以申请退货，在“我的订单”里选择商品。"
DESK = {"viewport": {"width": 1440, "height": 900}, "color_scheme": "light", "locale": "zh-CN"}
PHONE = {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark", "locale": "en-US"}


@pytest.mark.parametrize("options", [DESK, PHONE], ids=["desk, light, zh", "phone, dark, en"])
def test_every_state_can_be_read_by_everybody(
    agent: Callable[..., Agent], program: httpx.Client, alpha: Any, options: dict[str, Any]
) -> None:
    fill(alpha, ("怎么退货？", RETURNS))
    boss = agent("boss", "merchant_admin", **options)
    page = boss.page
    seen: list[str] = []

    def look(state: str) -> None:
        seen.extend(f"{state}: {each}" for each in findings(page))
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), state

    expect(page.locator(".nothing").first).to_be_visible()
    look("nobody waits")
    session_id = waiting(program, "u-1")
    program.post("/api/v1/chat", json={"session_id": session_id, "message": "怎么退货？"})
    expect(page.locator(".item .mark")).to_be_visible()
    page.locator("#filters-button").click()
    look("somebody waits")
    page.locator(".rail-team").click()
    expect(page.locator("#presence-menu")).to_be_visible()
    look("who is there")
    page.keyboard.press("Escape")
    boss.open_first()
    page.locator("[data-act=accept]").click()
    expect(page.locator("#case-head")).to_have_attribute("data-mine", "yes")
    boss.say("您好")
    page.locator("label.mode").nth(1).click()
    page.locator("#writing-text").fill("老客户")
    page.keyboard.press("Enter")
    expect(page.locator(".row-note .bubble")).to_have_text("老客户")
    if options is PHONE:
        page.locator("#case-head [data-act=beside]").click()
    page.locator("#suggest").click()
    expect(page.locator("#suggestion-text")).to_contain_text(RETURNS)
    page.locator("#recommended [data-source]").first.click()
    expect(page.locator("#citation-sheet")).to_be_visible()
    look("source")
    page.locator("#sheet-close").click()
    if options is PHONE:
        page.locator("#beside [data-act=beside]").click()
    look("talks")
    page.locator("[popovertarget=case-menu]").click()
    page.locator("#case-menu [data-act=ticket]").click()
    expect(page.locator("#ticket-dialog")).to_be_visible()
    look("ticket")
    page.keyboard.press("Escape")
    page.locator("[data-act=ending]").click()
    expect(page.locator("#ending-form [name=question]")).to_have_value("怎么退货？")
    look("ending")
    assert seen == []
    assert not boss.complaints


def test_keys_do_what_they_say_but_never_while_somebody_writes(
    agent: Callable[..., Agent], program: httpx.Client
) -> None:
    first, second = waiting(program, "u-1"), waiting(program, "u-2")
    li = agent("li")
    page = li.page
    opened = page.locator("#open-case")
    for key, session_id in (("j", first), ("j", second), ("j", second), ("k", first)):
        page.keyboard.press(key)
        expect(opened).to_have_attribute("data-session", session_id)
    page.keyboard.press("/")
    expect(page.locator("#filter-text")).to_be_focused()
    page.keyboard.type("u-2 jjk")
    expect(page.locator(".item")).to_have_count(0)
    assert "text=u-2+jjk" in page.url or "text=u-2%20jjk" in page.url
    page.locator("#filter-text").fill("")
    expect(page.locator(".item")).to_have_count(2)
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.locator("#help-dialog")).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("Escape")
    li.accept()
    expect(opened).to_have_attribute("data-session", first)

    field = page.locator("#writing-text")
    field.fill("ni hao")
    # As an input method reports the Enter that only chooses a word.
    field.evaluate(
        """node => node.dispatchEvent(new KeyboardEvent("keydown",
        {key: "Enter", isComposing: true, bubbles: true, cancelable: true}))"""
    )
    expect(field).to_have_value("ni hao")
    page.keyboard.press("Shift+Enter")
    expect(field).to_have_value("ni hao\n")
    page.keyboard.press("Enter")
    expect(li.said.locator(".bubble")).to_have_text("ni hao")
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    expect(page.locator("#writing")).to_have_attribute("data-mode", "note")
    page.keyboard.press("Escape")
    page.keyboard.press("r")
    expect(page.locator("#writing")).to_have_attribute("data-mode", "reply")
    page.keyboard.press("Escape")
    page.locator("[popovertarget=preferences]").click()
    page.locator("#keys-choice").uncheck()
    page.keyboard.press("Escape")
    page.locator("#stage").focus()
    page.keyboard.press("n")
    expect(page.locator("#writing")).to_have_attribute("data-mode", "reply")
    page.keyboard.press("Control+k")
    page.locator("#palette-text").fill("内部备注")
    page.keyboard.press("Enter")
    expect(page.locator("#writing")).to_have_attribute("data-mode", "note")
    assert not li.complaints


# A browser that is asked whether it may notify, and counts what it shows and sounds.
EARS = """() => {
  Object.assign(window, { asked: 0, shown: 0, struck: 0 });
  Object.assign(OscillatorNode.prototype, { start: () => { window.struck += 1; }, stop: () => {} });
  window.Notification = class {
    static permission = "default";
    static async requestPermission() { window.asked += 1; return (this.permission = "granted"); }
    constructor() { window.shown += 1; }
    addEventListener() {}
  };
  Object.defineProperty(document, "hidden", { value: true });
}"""


def test_agents_are_called_as_they_choose_and_of_two_who_accept_the_other_hears_who_was_first(
    agent: Callable[..., Agent], program: httpx.Client
) -> None:
    li = agent("li", timezone_id="America/New_York")
    page, picture = li.page, li.page.locator("link[rel=icon]")
    plain = picture.get_attribute("href")
    page.evaluate(EARS)

    def called(title: str, *, shown: int, struck: int) -> None:
        expect(page).to_have_title(re.compile(re.escape(title)))
        expect(picture).to_have_attribute("href", re.compile("^data:image/svg"))
        assert page.evaluate("[window.shown, window.struck]") == [shown, struck]

    page.locator("[popovertarget=preferences]").click()
    expect(page.locator("#quiet-note")).to_contain_text("Asia/Shanghai")
    page.locator("[name=sound][value=clear]").check(force=True)
    page.locator("#sound-listen").click()
    assert page.evaluate("[window.asked, window.struck]") == [0, 3]
    page.locator("#notify-choice").check()
    assert page.evaluate("window.asked") == 1
    session_id = waiting(program, "u-1")
    called("(1) ", shown=1, struck=6)
    page.locator("#quiet-choice").check()
    page.locator("#quiet-from").fill("00:00")
    page.locator("#quiet-to").fill("00:00")
    other = waiting(program, "u-2")
    called("(2) ", shown=1, struck=6)
    li.reload()
    assert page.locator("#quiet-choice, [name=sound][value=clear], #notify-choice").evaluate_all(
        "nodes => nodes.map(node => node.checked)"
    ) == [True, False, True]
    assert program.post(f"/api/v1/chat/sessions/{other}/close").status_code == 200
    path = f"/api/v1/agent/sessions/{session_id}/accept"

    def late(route: Route) -> None:
        assert program.post(path, json={"agent_id": "wang"}).status_code == 200
        route.continue_()

    li.open_first()
    li.page.route(f"**{path}", late)
    li.page.locator("[data-act=accept]").click()
    expect(li.page.locator(".toast")).to_contain_text("wang 已接入这个对话")
    expect(li.page.locator("#case-head")).to_have_attribute("data-state", "assigned")
    expect(li.page.locator("[data-act=accept]")).to_have_count(0)
    expect(li.page.locator("#writing-shut")).to_contain_text("同事接待")
    expect(li.page.locator("[name=mode][value=reply]")).to_be_disabled()
    expect(page).not_to_have_title(re.compile(r"^\s*\(\d"))
    assert str(picture.evaluate("node => new URL(node.href).pathname")) == plain


def test_what_is_written_while_the_line_is_down_arrives_once(
    agent: Callable[..., Agent], visitor: Callable[[], Visitor], alpha: Any
) -> None:
    from conversations.models import Message
    from tenants.services import lifecycle
    from tenants.services.auditing import SYSTEM

    someone = visitor()
    someone.page.locator("#person-button").click()
    li = agent("li")
    page = li.page
    li.open_first()
    li.accept()
    page.context.set_offline(True)
    expect(page.locator("#banner")).to_contain_text(re.compile(r"\d 秒后重试"))
    page.locator("#writing-text").fill("稍等，我查一下")
    page.keyboard.press("Enter")
    expect(li.said.last).to_have_attribute("data-delivery", "sending")
    page.context.set_offline(False)
    expect(li.said.last).to_have_attribute("data-delivery", "sent")
    expect(someone.page.locator(".row-agent .bubble")).to_have_text("稍等，我查一下")
    with db.tenant_scope(alpha):
        assert Message.objects.filter(author="agent").count() == 1
        session_id = Message.objects.get(author="agent").conversation.public_id
    # A refusal is told at the bubble, and can be tried again.
    page.route("**/head/", lambda route: route.abort())
    page.evaluate(
        """id => fetch(`/api/v1/agent/sessions/${id}/release`, {method: "POST", body: '{"to": "queue"}',
        headers: {"Content-Type": "application/json", ...JSON.parse(document.body.getAttribute("hx-headers"))}})""",
        session_id,
    )
    page.locator("#writing-text").fill("还在吗？")
    page.keyboard.press("Enter")
    expect(li.said.last).to_have_attribute("data-delivery", "failed")
    expect(li.said.last).to_contain_text("重试")
    with db.public_scope(), db.platform_scope():
        lifecycle.suspend(tenant_id=alpha.public_id, reason="unpaid", by=SYSTEM, now=timezone.now())
    expect(page.locator("#banner")).to_contain_text("该商家已暂停服务")


def test_the_field_finds_canned_replies_and_knowledge_and_notes_stay_inside(
    agent: Callable[..., Agent], visitor: Callable[[], Visitor], program: httpx.Client, alpha: Any
) -> None:
    from agents.models import CannedReply

    fill(alpha, ("怎么退货？", RETURNS))
    canned = {
        "shortcut": "问候",
        "title": "开场问候",
        "content": "您好，我是{{agent}}，很高兴为您服务。",
        "scope": "tenant",
    }
    someone = visitor()
    someone.page.locator("#person-button").click()
    boss = agent("boss", "merchant_admin")
    page: Page = boss.page
    made = page.evaluate(
        """given => fetch("/api/v1/agent/canned-replies", {method: "POST", body: JSON.stringify(given),
        headers: {"Content-Type": "application/json", ...JSON.parse(document.body.getAttribute("hx-headers"))}})
        .then(answer => answer.status)""",
        canned,
    )
    assert made == 201
    boss.open_first()
    boss.accept()
    field = page.locator("#writing-text")
    field.press_sequentially("/wenhou")
    expect(page.locator(".pick")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(field).to_have_value("您好，我是boss，很高兴为您服务。")
    page.keyboard.press("Enter")
    expect(someone.page.locator(".row-agent .bubble")).to_have_text("您好，我是boss，很高兴为您服务。")
    with db.tenant_scope(alpha):
        assert CannedReply.objects.get().use_count == 1

    field.press_sequentially("？振袖清洗费")
    expect(page.locator(".pick").first).to_contain_text("清洗收费标准")
    page.keyboard.press("Enter")
    expect(field).to_have_value(re.compile("二百六十元.*来源：清洗收费标准", re.DOTALL))
    field.fill("")
    page.locator("label.mode").nth(1).click()
    field.fill("悄悄话")
    page.keyboard.press("Enter")
    expect(page.locator(".row-note .bubble")).to_have_text("悄悄话")
    page.locator("#tag-form input").fill("退款")
    page.keyboard.press("Enter")
    expect(page.locator(".tag")).to_contain_text("退款")

    wang = agent("wang")
    page.locator("[popovertarget=case-menu]").click()
    page.locator("#case-menu [data-act=transfer]").click()
    page.locator("#transfer-form .target", has_text="wang").click()
    page.locator("#transfer-form [type=submit]").click()
    expect(page.locator("#case-head")).to_have_attribute("data-mine", "no")
    wang.page.locator("#tab-mine").click()
    wang.open_first()
    wang.say("我来接着处理。")
    expect(someone.page.locator(".row-agent .bubble").last).to_have_text("我来接着处理。")
    expect(page.locator("#thread .row-own .bubble").last).to_have_text("我来接着处理。")
    someone.reload()
    assert "悄悄话" not in someone.page.content()
    assert not boss.complaints and not wang.complaints
