"""What an agent does with a conversation and with colleagues, in a real browser before the real server."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from django.utils import timezone
from playwright.sync_api import expect

from kimono.lib import db
from tests.browser.desks import Agent, waiting
from tests.conversations.written import settings

pytestmark = pytest.mark.browser
LONG = 230
"""Messages, of which the page shows the last 200 at first."""

READS = """token => new Promise((done) => {
  const socket = new WebSocket(`ws://${location.host}/ws/chat/?token=${token}`, ["kimono.v1"]);
  const say = (frame) => socket.send(JSON.stringify(frame));
  socket.addEventListener("message", ({ data }) => {
    const { type, seq } = JSON.parse(data);
    if (type === "welcome") say({ type: "resume", after_seq: 0 });
    if (type === "message") say({ type: "read", seq });
    if (type === "resumed") say({ type: "ping" });
    if (type === "pong") done(socket.close());
  });
})"""
"""A contact's program reads what was said."""

ROOM = """() => {
  const counted = ["waiting", "mine", "mentions"].map((tab) => document.getElementById(`tab-${tab}`));
  for (const tab of counted) {
    tab.querySelector(".tab-count")?.remove();
    tab.insertAdjacentHTML("beforeend", '<span class="tab-count">88</span>');
  }
  const { scrollWidth, clientWidth } = document.querySelector(".tabs");
  return scrollWidth <= clientWidth;
}"""
"""Whether all lists can be seen in the longer of the two languages, however much is in them."""


def talk_at_length(tenant: Any, session_id: str) -> None:
    """Let a contact have written `LONG` messages, all but the last ten of them yesterday."""
    from conversations.models import Conversation, Message

    now = timezone.now()
    with db.tenant_scope(tenant):
        conversation = Conversation.objects.get(public_id=session_id)
        first = conversation.last_seq + 1
        Message.objects.bulk_create(
            Message(
                public_id=f"msg-long-{number}",
                conversation=conversation,
                seq=first + number,
                role=Message.Role.USER,
                author=Message.Author.VISITOR,
                content=f"第 {number} 句",
                created_at=now - timedelta(days=number < LONG - 10),
            )
            for number in range(LONG)
        )
        Conversation.objects.filter(pk=conversation.pk).update(last_seq=first + LONG - 1)


def test_a_conversation_goes_from_hand_to_hand_and_leaves_a_ticket(
    agent: Callable[..., Agent], program: httpx.Client, alpha: Any
) -> None:
    from knowledge.models import Ticket

    settings(alpha, business={"adapter": "demo"})
    opened = program.post("/api/v1/chat/sessions", json={"user_id": "u-1"}).json()
    session_id = opened["session_id"]
    talk_at_length(alpha, session_id)
    program.post(f"/api/v1/chat/sessions/{session_id}/escalate", json={"reason": "要人工"})
    li = agent("li")
    page, field = li.page, li.page.locator("#writing-text")
    li.open_first()
    expect(page.locator(".item-last")).to_have_text(f"第 {LONG - 1} 句")
    days = page.locator("#thread .day")
    expect(days).to_have_text(["昨天", "今天"])
    assert li.heard.count() < LONG
    page.locator("#earlier").focus()
    page.keyboard.press("Enter")
    expect(li.heard).to_have_count(LONG)
    expect(days).to_have_text(["昨天", "今天"])
    expect(page.locator("#earlier")).to_be_hidden()
    expect(page.locator("#stage")).to_be_focused()
    li.accept()

    li.say("我来看一下")
    page.evaluate(READS, opened["visitor_token"])
    expect(li.said).to_have_attribute("data-delivery", "read")
    page.locator("#business-form input").fill("我的订单 ORD-001 到哪了")
    page.keyboard.press("Enter")
    reply = page.locator(".business-reply")
    expect(reply).to_contain_text("ORD-001")
    page.locator("#business-answer button").click()
    expect(field).to_have_value(reply.inner_text())
    field.fill("我先查一下")
    page.locator("#business-form input").fill("老板叫什么名字")
    page.keyboard.press("Enter")
    expect(page.locator("#business-answer")).to_contain_text("没有接入业务系统")

    head, menu = page.locator("#case-head"), page.locator("[popovertarget=case-menu]")
    menu.click()
    page.locator("[data-act=to-queue]").click()
    expect(head).to_have_attribute("data-state", "pending")
    expect(page.locator("[name=mode][value=reply]")).to_be_disabled()
    expect(field).to_have_value("")
    li.accept()
    expect(field).to_have_value("我先查一下")

    boss = agent("boss", "merchant_admin")
    boss.page.locator("#tab-all").click()
    boss.open_first()
    taken = boss.page.locator("#case-head")
    boss.page.locator("#stage").focus()
    boss.page.keyboard.press("a")
    boss.page.keyboard.press("n")
    expect(boss.page.locator("#writing-text")).to_be_focused()
    expect(taken).to_have_attribute("data-mine", "no")
    boss.page.locator("[data-act=takeover]").click()
    expect(taken).to_have_attribute("data-mine", "yes")
    expect(head).to_have_attribute("data-mine", "no")
    expect(page.locator("#writing-shut")).to_contain_text("同事接待")
    boss.page.locator("[popovertarget=case-menu]").click()
    boss.page.locator("[data-act=to-bot]").click()
    expect(taken).to_have_attribute("data-state", "bot")
    expect(head).to_have_attribute("data-state", "bot")
    page.locator("[data-act=takeover]").click()
    expect(head).to_have_attribute("data-mine", "yes")
    page.locator("[data-act=ending]").click()
    page.get_by_role("button", name="只标记解决").click()
    expect(head).to_have_attribute("data-state", "resolved")
    menu.click()
    page.locator("[data-act=ticket]").click()
    page.locator("#ticket-form [name=title]").fill("补寄腰带")
    page.locator("#ticket-form [name=description]").fill("少了一条腰带")
    page.locator("#ticket-form [type=submit]").click()
    expect(page.locator(".toast", has_text="工单")).to_be_visible()
    with db.tenant_scope(alpha):
        ticket = Ticket.objects.get(title="补寄腰带")
        assert (ticket.session_id, ticket.user_id) == (session_id, "u-1")
    assert not li.complaints and not boss.complaints


def test_a_colleague_who_is_named_in_a_note_is_led_there(
    agent: Callable[..., Agent], program: httpx.Client
) -> None:
    waiting(program, "u-1")
    li, boss = agent("li"), agent("boss", "merchant_admin", locale="en-US")
    assert boss.page.evaluate(ROOM)
    online = boss.page.locator("#agents-online")
    expect(online).to_have_text("2")
    li.page.locator("#presence").click()
    expect(li.page.locator("#team .team-name")).to_have_text("boss")
    li.page.locator("[data-set-presence=away]").click()
    expect(online).to_have_text("1")

    boss.open_first()
    field = boss.page.locator("#writing-text")
    boss.page.locator("label.mode").nth(1).click()
    field.press_sequentially("请 @L")
    expect(boss.page.locator(".pick")).to_have_text(re.compile("@li"))
    boss.page.keyboard.press("Enter")
    expect(field).to_have_value("请 @li ")
    field.press_sequentially("看一下")
    boss.page.keyboard.press("Enter")
    expect(boss.page.locator(".row-note .mention")).to_have_text("@li")

    mentions = li.page.locator("#tab-mentions")
    expect(mentions.locator(".tab-count")).to_have_text("1")
    mentions.click()
    expect(li.page.locator(".item .mark-named")).to_have_count(1)
    li.page.locator(".toast", has_text="boss 在备注里提到了您").get_by_role("button", name="查看").click()
    expect(li.page.locator(".row-note .mention")).to_have_text("@li")
    expect(mentions.locator(".tab-count")).to_have_count(0)
    expect(li.page.locator(".item")).to_have_count(1)
    assert not li.complaints and not boss.complaints
