"""What the knowledge and the business system help an agent with, in a real browser before the real server."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from playwright.sync_api import Route, expect

from tests.browser.desks import Agent, waiting
from tests.browser.test_chat_journey import fill

pytestmark = pytest.mark.browser
RETURNS = "签收后七天内可以申请退货，在“我的订单”里选择商品。"

GROWS = """async () => {
  const { Growth } = await import("/static/agents/growth.js");
  let field = "您好", busy = false;
  const insert = (at, words) => { field = field.slice(0, at) + words + field.slice(at); };
  const growth = new Growth({ read: () => field, insert, busy: () => busy, onStop() {}, onEnd() {} });
  growth.add("可以");
  field = `先生，${field}`;
  growth.add("退货");
  field = `${field}（`;
  busy = true;
  growth.add("。");
  const held = field;
  busy = false;
  growth.flush();
  const grown = [field, growth.whole];
  field = field.replace("退", "换");
  growth.add("谢谢");
  return [held, ...grown, field, growth.whole];
}"""
"""Words come, while the agent writes before them, behind them, by an input method, and then in them."""


def told(*events: tuple[str, dict[str, Any]]) -> str:
    return "".join(f"event: {name}\ndata: {json.dumps(data)}\n\n" for name, data in events)


def test_a_suggestion_grows_after_what_the_agent_writes_and_says_how_it_ends(
    agent: Callable[..., Agent], program: httpx.Client, alpha: Any
) -> None:
    fill(
        alpha,
        ("怎么退货？", RETURNS),
        ("退货要付多少运费？", "| 地区 | 运费 |\n| --- | --- |\n| 江浙沪 | ¥8 |"),
    )
    session_id, _ = waiting(program, "u-1"), waiting(program, "u-2")
    program.post("/api/v1/chat", json={"session_id": session_id, "message": "怎么退货？"})
    li = agent("li")
    page = li.page
    li.open_first()
    page.locator("#help-text").fill("退货要付多少运费？")
    page.keyboard.press("Enter")
    expect(page.locator("#recommended .chunk-text td").first).to_have_text("江浙沪")
    suggest, field = page.locator("#suggest"), page.locator("#writing-text")
    hint, send = page.locator("#writing-hint"), page.locator("#writing-send")
    # Whoever may not reply yet reads it beside.
    suggest.click()
    expect(page.locator("#suggestion-text")).to_contain_text(RETURNS)
    expect(field).to_have_value("")
    li.accept()
    expect(field).to_have_value("")
    page.locator("label.mode").nth(1).click()
    field.fill("只给同事看")
    page.locator("label.mode").nth(0).click()
    field.fill("您好！")
    suggest.click()
    expect(field).to_have_value(f"您好！\n{RETURNS}")
    expect(page.locator("#suggested .source")).to_have_count(1)
    expect(page.locator("#suggested [role=status]")).to_have_text("已写进回复，发送前请先看一遍。")
    assert li.said.count() == 0
    page.locator("label.mode").nth(1).click()
    expect(field).to_have_value("只给同事看")
    page.locator("label.mode").nth(0).click()

    def ends(body: str) -> None:
        page.unroute("**/draft/")
        page.route("**/draft/", lambda route: route.fulfill(body=body, content_type="text/event-stream"))
        field.fill("")
        suggest.click()

    half = ("text", {"content": "可以退货 [1"})
    ends(told(half, ("text", {"content": "]。"})))
    expect(hint).to_have_text("连接断了：这条建议不完整。")
    expect(field).to_have_value("可以退货 。")
    ends(told(half, ("done", {"end": "unfinished", "text": "可以退货 [1"})))
    expect(hint).to_have_text("模型中途停了：这条建议不完整。")
    ends(told(("done", {"end": "nothing", "text": ""})))
    expect(page.locator("#suggested [role=status]")).to_have_text("知识库里没有这个问题的答案。")
    expect(hint).to_contain_text("回车发送")

    assert page.evaluate(GROWS) == [
        "先生，您好\n可以退货（",
        "先生，您好\n可以退货。（",
        True,
        "先生，您好\n可以换货。（",
        False,
    ]

    # Nothing is sent while it grows; the button stops it, and what the agent has changed stays as it is.
    held: list[Route] = []
    page.unroute("**/draft/")
    page.route("**/draft/", lambda route: held.append(route))
    field.fill("稍等")
    suggest.click()
    expect(send).to_have_text("停止")
    field.press("Enter")
    expect(field).to_have_value("稍等")
    with page.expect_event("requestfailed", lambda request: request.url.endswith("/draft/")):
        send.click()
    expect(send).to_have_text("发送")
    expect(page.locator("#suggested > *")).to_have_count(0)
    assert li.said.count() == 0
    page.keyboard.press("Enter")
    expect(li.said.locator(".bubble")).to_have_text("稍等")

    # Whoever goes on to somebody else stops it, too, and nothing of it follows.
    suggest.click()
    expect(send).to_have_text("停止")
    with page.expect_event("requestfailed", lambda request: request.url.endswith("/draft/")):
        page.locator(".item", has_text="u-2").click()
    expect(page.locator("#case-head")).to_have_attribute("data-state", "pending")
    expect(send).to_have_text("添加备注")
    expect(hint).to_contain_text("访客看不到备注")
    expect(field).to_have_value("")
    assert not li.complaints
