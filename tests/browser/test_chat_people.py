"""People on the chat page: asked for, waited for, answering, and rated; in a real browser before a scripted server."""

import json

import pytest
from playwright.sync_api import expect

from tests.browser.chat_pages import KNOWN, message, numbered
from tests.browser.chat_stage import SESSIONS, Stage, json_reply, stream, turn_events

pytestmark = pytest.mark.browser


def test_an_answer_not_found_offers_a_person_and_the_place_in_line(stage: Stage) -> None:
    stage.turns = [
        stream(turn_events("抱歉，我没有找到相关资料。", handoff_offered=True)),
        stream(turn_events("", status="human")),
    ]
    queued = {
        "state": "pending",
        "queue_position": 2,
        "estimated_wait_seconds": 180,
        "in_working_hours": True,
    }
    stage.answers = {"POST /escalate": json_reply(queued)}
    page = stage.open()
    stage.send("火星上有店吗？")
    assert page.locator(".row-bot .foot button").count() == 0
    page.locator(".offer-person").click()
    expect(page.locator("#handler-text")).to_have_text("等待人工，第 2 位")
    expect(page.locator(".notice")).to_contain_text("预计等待约 3 分钟")
    stage.send("我等着")
    expect(page.locator(".row-own .delivery").last).to_have_text("已送达，等待人工")
    expect(page.locator(".row-bot")).to_have_count(1)


def test_a_person_joins_and_writes_while_nobody_asked_for_anything(stage: Stage) -> None:
    stage.turns = [stream(turn_events("好的。"))]
    joined = {"seq": 3, "state": "assigned", "agent_status": "assigned", "agent": {"id": "1", "name": "小王"}}
    wrote = message(4, "agent", "您好，我是小王。请看：\n- 第一步", agent_name="小王")
    stage.live = [stream([("state", joined), ("message", {"seq": 4, "message": wrote})])]
    stage.answers = {"GET /messages": stage.history(state="assigned")}
    page = stage.open()
    stage.send("在吗？")
    expect(page.locator("#handler-text")).to_have_text("客服 小王")
    expect(page.locator(".row-agent .bubble li")).to_have_text("第一步")
    spoken = page.locator("#announcer p").all_inner_texts()
    assert {"您好，我是小王。", "请看：", "第一步"} <= set(spoken)
    expect(page.locator(".row-agent .row-name")).to_have_text("小王")
    expect(page.locator("#person-button")).to_have_attribute("aria-disabled", "true")
    asked = stage.asked(f"{SESSIONS}/sess-1/events")[0]
    assert "token=vt_1" in asked.url and "after_seq=0" in asked.url


def test_a_message_may_be_left_where_people_are_not_at_work(stage: Stage) -> None:
    """However a person was asked for, and on the next visit as long as nothing was left."""
    stage.turns = [stream(turn_events("已登记，现在不在工作时间。", escalate_to_human=True))]
    waits = {"session_id": "sess-1", "state": "pending", "queue_position": 3, "csat": None}
    stage.answers = {
        "POST /escalate": json_reply({**waits, "in_working_hours": False}),
        "GET /sess-1": json_reply({**waits, "state": "bot"}),
    }
    page = stage.open(closed=True)
    stage.send("转人工")
    # Told late: somebody has seen to it meanwhile.
    expect(page.locator("#handler")).to_have_attribute("data-handler", "bot")
    stage.answers["GET /sess-1"] = json_reply(waits)
    stage.turns = [stream(numbered(turn_events("已登记。", escalate_to_human=True), 2))]
    assert not stage.asked("/escalate")
    stage.send("转人工")
    form = page.get_by_role("form", name="留言")
    expect(form).to_be_visible()
    expect(page.locator("#handler-text")).to_have_text("等待人工，第 3 位")
    past = [message(1, "visitor", "转人工"), message(2, "bot", "已登记。", kind="transfer")]
    stage.answers["GET /messages"] = stage.history(*past, state="pending")
    page.reload()
    expect(form).to_be_visible()
    stage.answers["GET /messages"] = stage.history(*past, message(3, "visitor", "尺码"), state="pending")
    page.reload()
    expect(page.locator(".row-own")).to_have_count(2)
    expect(form).to_have_count(0)


def test_how_it_was_is_asked_until_it_is_said(stage: Stage) -> None:
    """By keyboard, on a later visit; and no more once it was said on another page."""
    stage.page.add_init_script(KNOWN)
    stage.answers = {
        "GET /messages": stage.history(message(1, "agent", "好了。"), state="resolved", csat=None),
        "POST /csat": json_reply({}),
    }
    page = stage.open()
    card = page.get_by_role("region", name="这次服务怎么样？")
    expect(card).to_be_visible()
    stage.turns = [stream(turn_events("不客气。"))]
    stage.send("谢谢")
    expect(page.locator("#handler")).to_have_attribute("data-handler", "bot")
    card.get_by_role("radio", name="很差").focus()
    for key in ("Space", "ArrowRight", "ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
    expect(card.locator(".csat-note")).to_have_text("谢谢您的反馈。")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.type("很快")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(card.get_by_role("radio")).to_have_count(0)
    expect(card.get_by_text("谢谢您的反馈。")).to_be_focused()
    said = [request.post_data_json for request in stage.asked("/csat")]
    assert said[0] == {"score": 4} and said[-1] == {"score": 4, "resolved": True, "comment": "很快"}
    stage.live = [stream([("csat", {"seq": 9, "score": 5})])]
    page.reload()
    expect(page.locator(".row-agent")).to_have_count(1)
    expect(card).to_have_count(0)


def test_a_person_is_told_that_the_contact_writes(stage: Stage) -> None:
    stage.turns = [stream(turn_events("", status="human"))]
    stage.answers = {
        "POST /escalate": json_reply({"state": "pending", "queue_position": 1, "in_working_hours": True})
    }
    said: list[str] = []
    page = stage.page
    page.route_web_socket("**/ws/chat/", lambda line: line.on_message(lambda words: said.append(str(words))))
    stage.open()
    page.locator("#composer-text").press_sequentially("给")
    page.locator("#person-button").click()
    expect(page.locator("#handler")).to_have_attribute("data-handler", "pending")
    page.locator("#composer-text").press_sequentially("我退款")
    for _ in range(100):
        if said:
            break
        page.wait_for_timeout(20)
    page.keyboard.press("Enter")
    expect(page.locator(".row-own .delivery")).to_have_text("已送达，等待人工")
    assert [json.loads(words) for words in said] == [
        {"type": "typing", "on": True},
        {"type": "typing", "on": False},
    ]
