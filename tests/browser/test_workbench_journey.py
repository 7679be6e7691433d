"""A conversation from the first question to a learned answer: visitor and agent side by side, before the real server."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.desks import Agent, Visitor
from tests.browser.test_chat_journey import fill

pytestmark = pytest.mark.browser
RETURNS = "签收后七天内可以申请退货，在“我的订单”里选择商品。"
ASKED, SOLVED = "宠物可以一起进店试穿吗？", "可以带宠物进店，请全程牵绳；试穿间门口有宠物休息区。"


@pytest.mark.parametrize("reloads", [False, True], ids=["in one go", "reloading"])
def test_from_a_question_to_a_person_to_an_answer_that_is_learned(
    visitor: Callable[[], Visitor], agent: Callable[..., Agent], alpha: Any, reloads: bool
) -> None:
    fill(alpha, ("怎么退货？", RETURNS))
    li = visitor()

    def again(*pages: Visitor | Agent) -> None:
        for each in pages if reloads else ():
            each.reload()

    answer = li.ask("振袖清洗费是多少？")
    expect(answer).to_contain_text("二百六十元")
    expect(answer.locator(".chip")).to_have_count(1)
    again(li)
    boss = agent("boss", "merchant_admin")
    expect(boss.page.locator(".item")).to_have_count(0)
    li.page.locator("#person-button").click()
    li.is_with("pending")
    expect(boss.page.locator(".item")).to_have_count(1)
    again(li, boss)
    boss.open_first()
    expect(boss.heard.first).to_have_text("振袖清洗费是多少？")
    again(boss)
    boss.accept()
    li.is_with("assigned")
    again(boss)

    boss.page.locator("#writing-text").press_sequentially("您好")
    expect(li.page.locator(".typing")).to_be_visible()
    boss.say("您好，请问有什么可以帮您？")
    expect(li.page.locator(".row-agent .bubble").last).to_have_text("您好，请问有什么可以帮您？")
    again(boss)
    li.write("怎么退货？")
    expect(boss.heard.last).to_have_text("怎么退货？")
    again(li)

    expect(boss.page.locator("#recommended .chunk-title").first).to_have_text("怎么退货？")
    boss.page.locator("#recommended [data-insert]").first.click()
    expect(boss.page.locator("#writing-text")).to_have_value(RETURNS)
    boss.page.keyboard.press("Enter")
    expect(li.page.locator(".row-agent .bubble").last).to_have_text(RETURNS)
    li.write(ASKED)
    expect(boss.heard.last).to_have_text(ASKED)
    again(boss)
    boss.say(SOLVED)

    boss.page.locator("#stage").focus()
    boss.page.keyboard.press("e")
    question = boss.page.locator("#ending-form [name=question]")
    expect(question).to_have_value(ASKED)
    boss.page.locator("#ending-form [name=solution]").fill(SOLVED)
    boss.page.get_by_role("button", name="保存并解决").click()
    li.is_with("resolved")
    boss.page.get_by_role("button", name="立即通过").click()
    expect(boss.page.locator(".toast", has_text="机器人从现在起会用它回答")).to_be_visible()
    again(li)
    expect(boss.page.locator("#case-head")).to_have_attribute("data-state", "resolved")
    li.page.locator(".csat-score").last.click()
    expect(boss.page.locator("#thread .notice").last).to_have_text("访客评分 5 / 5")
    again(li, boss)
    said = boss.said.locator(".bubble").all_inner_texts()
    assert said == ["您好，请问有什么可以帮您？", RETURNS, SOLVED]

    third = visitor()
    expect(third.ask(ASKED)).to_contain_text(SOLVED)
    assert not boss.complaints
