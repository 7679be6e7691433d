"""The page where a contact talks to the merchant, in a real browser, before a scripted server."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import translation
from playwright.sync_api import Page, expect

from tests.browser.chat_pages import ANSWER, KNOWN, answered, message, numbered
from tests.browser.chat_stage import (
    ORIGIN,
    SESSIONS,
    Stage,
    citation,
    json_reply,
    refusal,
    stream,
    turn_events,
)

pytestmark = pytest.mark.browser


def test_a_broken_stream_is_taken_up_where_it_broke(stage: Stage) -> None:
    events = turn_events(ANSWER, citations=[citation(1), citation(2)])
    stage.turns = [stream(events[:4]), stream(events[4:], first=4)]
    stage.open()
    stage.send("怎么取消？")
    expect(answered(stage)).to_have_count(1)
    first, second = stage.asked("/chat/stream")
    assert first.post_data_json == second.post_data_json
    assert "last-event-id" not in first.headers and second.headers["last-event-id"] == "turn-1.3"
    assert answered(stage).locator(".bubble").inner_text().count("可以取消") == 1
    assert stage.opened == 1


def test_a_failed_message_is_tried_again_under_the_same_id(stage: Stage) -> None:
    stage.turns = [refusal(500, "internal"), stream(turn_events("好的。"))]
    page = stage.open()
    stage.send("在吗？")
    page.locator(".row-own .retry").click()
    expect(answered(stage)).to_have_count(1)
    ids = [request.post_data_json["client_message_id"] for request in stage.asked("/chat/stream")]
    assert len(ids) == 2 and ids[0] == ids[1]
    expect(page.locator(".row-own")).to_have_count(1)


def test_too_many_messages_are_told_with_the_time_to_wait(stage: Stage) -> None:
    stage.turns = [refusal(429, "rate_limited", **{"Retry-After": "9"})]
    page = stage.open()
    stage.send("在吗？")
    expect(page.locator(".row-own .delivery")).to_contain_text(re.compile(r"请 [89] 秒后再试"))
    expect(page.locator(".row-own .retry")).to_be_disabled()


def test_an_unreachable_service_counts_down_and_sends_what_waited(stage: Stage) -> None:
    stage.turns = [refusal(503, "maintenance", **{"Retry-After": "2"}), stream(turn_events("回来了。"))]
    page = stage.open()
    stage.send("在吗？")
    expect(page.locator("#banner-text")).to_contain_text(re.compile(r"[12] 秒后重试"))
    expect(answered(stage)).to_have_count(1)
    expect(page.locator("#banner")).to_be_hidden()
    # What the server has got is not called unsent, though the rest of its answer is still to come.
    events = numbered(turn_events("全好了。"), 2)
    again = refusal(503, "maintenance", **{"Retry-After": "1"})
    stage.turns = [stream(events[:2]), again, stream(events)]
    stage.send("都好了吗？")
    expect(page.locator(".row-own .delivery").last).to_have_text("已发送，连上后继续回答")
    expect(answered(stage)).to_have_count(2)


def test_a_closed_conversation_goes_on_in_a_new_one(stage: Stage) -> None:
    stage.turns = [refusal(409, "session_closed"), stream(turn_events("好的。"))]
    page = stage.open()
    stage.send("还有一个问题")
    page.locator("#ended-action").click()
    expect(answered(stage)).to_have_count(1)
    closed, new = [request.post_data_json for request in stage.asked("/chat/stream")]
    assert (closed["session_id"], new["session_id"]) == ("sess-1", "sess-2")
    assert closed["message"] == new["message"] == "还有一个问题"


@pytest.mark.parametrize("said", ["by the page", "by the API", "by the live events"])
def test_a_paused_service_says_so_and_takes_nothing(stage: Stage, said: str) -> None:
    if said == "by the live events":
        stage.turns = [stream(turn_events("在。"))]
        stage.live = [stream([("bye", {"reason": "tenant_suspended", "reconnect": False})])]
    else:
        stage.turns = [refusal(403, "tenant_suspended")]
    page = stage.open(suspended=said == "by the page")
    if said != "by the page":
        stage.send("在吗？")
    expect(page.locator("#handler-text")).to_have_text("服务已暂停")
    expect(page.locator("#composer")).to_be_hidden()


def test_an_opening_whose_answer_was_lost_is_made_anew(stage: Stage) -> None:
    stage.turns = [stream(turn_events("在。"))]
    known = [
        {"session_id": "sess-lost", "visitor_token": None},
        {"session_id": "sess-2", "visitor_token": "vt_2"},
    ]
    stage.answers = {"POST /chat/sessions": lambda request: json_reply(known.pop(0), 201)}
    stage.open()
    stage.send("在吗？")
    expect(answered(stage)).to_have_count(1)
    keys = [request.headers["idempotency-key"] for request in stage.asked(SESSIONS)]
    assert len(set(keys)) == 2
    assert stage.asked("/chat/stream")[0].headers["authorization"] == "Bearer vt_2"


def test_a_visit_brings_back_the_conversation_as_the_visitor_alone(new_page: Callable[..., Page]) -> None:
    stage = Stage(new_page(timezone_id="America/New_York"))
    stage.turns = [stream(turn_events("好的。"))]
    page = stage.open()
    page.context.add_cookies([{"name": "kimono_session", "value": "staff", "url": "http://alpha.localhost"}])
    stage.send("在吗？")
    expect(answered(stage)).to_have_count(1)
    before, after = ({"created_at": f"2026-07-03T{at}:00Z"} for at in ("15:59", "16:01"))
    answer = message(2, "bot", "上次的回答 [1]", kind="answer", citations=[citation(1)], **after)
    past = [
        message(1, "visitor", "上次的问题", **before),
        answer,
        message(3, "bot", "正在为您转接。", kind="transfer", **after),
    ]
    stage.answers = {"GET /messages": stage.history(*past)}
    stage.requests.clear()
    page.reload()
    said = page.locator(".row .bubble")
    expect(said).to_have_text(["上次的问题", re.compile("上次的回答"), "正在为您转接。"])
    # What is no answer is not voted on, nor taken along.
    buttons = [row.locator(".foot button[aria-label]").count() for row in page.locator(".row-bot").all()]
    assert buttons == [4, 0]
    expect(page.locator(".bubble .chip")).to_have_count(1)
    fetched = stage.asked(f"{SESSIONS}/sess-1/messages")[0]
    assert fetched.headers["authorization"] == "Bearer vt_1"
    assert "cookie" not in fetched.all_headers()
    assert stage.opened == 1
    # Shanghai's clock, which is the merchant's, over a midnight that New York has not reached.
    expect(page.locator(".row time")).to_have_text(["23:59", "00:01", "00:01"])
    expect(page.locator("#thread .day")).to_have_text([re.compile("7月3日"), re.compile("7月4日")])


def test_a_draft_that_comes_after_its_answer_is_not_shown_again(stage: Stage) -> None:
    stage.turns = [stream(turn_events("好的。"))]
    late = [("delta", {"message_id": "msg-b1", "index": 0, "content": "好的"})]
    late += [("message", {"seq": 2, "message": message(2, "bot", "好的。", message_id="msg-b1")})]
    other = [("snapshot", {"message_id": "msg-b2", "index": 0, "content": "另一"})]
    other += [("message", {"seq": 4, "message": message(4, "bot", "另一页问的。", message_id="msg-b2")})]
    # The first line ends at once: the next one opens after the turn is over.
    last = ("message", {"seq": 5, "message": message(5, "agent", "我是小王。")})
    stage.live = [stream([]), stream([*other, *late, last])]
    page = stage.open()
    stage.send("在吗？")
    expect(page.locator(".row-agent")).to_have_count(1)
    expect(page.locator(".row-bot .bubble")).to_have_text(["好的。", "另一页问的。"])


def test_an_answer_goes_on_over_a_reload_and_can_be_stopped(stage: Stage) -> None:
    stage.page.add_init_script(KNOWN)
    asked = message(1, "visitor", "怎么取消？")
    stage.live = [stream([("snapshot", {"message_id": "msg-2", "index": 0, "content": "可以"})])]
    stage.answers = {"GET /messages": stage.history(asked), "POST /stop": json_reply({"stopped": True})}
    page = stage.open()
    expect(page.locator(".row-bot[data-phase=streaming] .bubble")).to_have_text("可以")
    stage.answers["GET /messages"] = stage.history(asked, message(2, "bot", "可以取消", kind="answer"))
    stop = page.get_by_role("button", name="停止回答")
    stop.click()
    expect(answered(stage).locator(".bubble")).to_have_text("可以取消")
    expect(stop).to_be_hidden()
    assert len(stage.asked("/stop")) == 1


def test_enter_sends_except_while_a_word_is_being_composed(stage: Stage) -> None:
    stage.turns = [stream(turn_events("好的。"))]
    page = stage.open()
    field = page.locator("#composer-text")
    field.fill("nihao")
    for state in ({"isComposing": True}, {"keyCode": 229}):
        field.dispatch_event("keydown", {"key": "Enter", "bubbles": True, "cancelable": True, **state})
    assert page.locator(".row").count() == 0
    page.keyboard.press("Shift+Enter")
    assert field.input_value() == "nihao\n"
    page.keyboard.press("Enter")
    expect(page.locator(".row-own")).to_have_count(1)
    expect(answered(stage)).to_have_count(1)
    # Each answer stands below its own question, also where the next one was asked meanwhile.
    stage.turns = [stream(numbered(turn_events(f"{n}。"), n)) for n in (2, 3)]
    page.evaluate(
        """() => { for (const words of ["二", "三"]) {
          document.getElementById("composer-text").value = words;
          document.getElementById("composer-text").dispatchEvent(new Event("input"));
          document.getElementById("composer-form").requestSubmit();
        } }"""
    )
    expect(answered(stage)).to_have_count(3)
    expect(page.locator(".row .bubble")).to_have_text(["nihao", "好的。", "二", "2。", "三", "3。"])


def test_two_tabs_show_one_conversation(stage: Stage) -> None:
    stage.turns = [stream(turn_events("好的。"))]
    page = stage.open()
    page.context.route("**/*", lambda route: route.fulfill(body="", content_type="text/html"))
    other = page.context.new_page()
    other.goto(ORIGIN)
    past = [message(1, "visitor", "别处问的"), message(2, "bot", "别处答的。", kind="answer")]
    stage.answers = {"GET /messages": stage.history(*past)}
    other.evaluate(KNOWN)
    expect(page.locator(".row .bubble")).to_have_text(["别处问的", "别处答的。"])
    stage.send("在吗？")
    expect(answered(stage)).to_have_count(2)
    assert stage.opened == 0


def test_the_limit_counts_characters_not_code_units(stage: Stage) -> None:
    page = stage.open()
    field = page.locator("#composer-text")
    field.fill("😀" * 2000)
    expect(page.locator("#composer-count")).to_have_text("还可输入 0 字")
    expect(page.locator("#send-button")).to_be_enabled()
    field.fill("😀" * 2001)
    expect(page.locator("#composer-count")).to_have_text("超出 1 字")
    expect(page.locator("#send-button")).to_be_disabled()
    assert field.bounding_box()["height"] < 160


def test_appearance_and_language_are_kept(stage: Stage) -> None:
    page = stage.open()
    page.locator("#preferences-button").click()
    page.locator("#theme-choice label").nth(2).click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    with page.expect_navigation():
        page.locator("#language-choice label").nth(1).click()
    assert {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}["django_language"] == "en"
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


@pytest.mark.parametrize("app", ["conversations", "agents"])
def test_every_text_is_there_and_translated(app: str) -> None:
    root = Path(settings.BASE_DIR)
    sources = [*(root / "templates" / app).rglob("*.html"), *(root / "templates/kimono").rglob("*.html")]
    pattern = re.compile(r"""\{% translate (?:"([^"]+)"|'([^']+)')""")
    ids = {a or b for source in sources for a, b in pattern.findall(source.read_text())}
    assert len(ids) > 100
    with translation.override("zh-hans"):
        assert not {words for words in ids if translation.gettext(words) == words}
    table = (root / "templates" / app / "includes/texts.html").read_text().split('"texts"')[1]
    table += (root / "templates/conversations/includes/shared_texts.html").read_text()
    known = set(re.findall(r'^\s*"(\w+)":', table, re.MULTILINE))
    own = " ".join(script.read_text() for script in (root / "static" / app).glob("*.js"))
    shared = " ".join(script.read_text() for script in (root / "static/conversations").glob("*.js"))
    used = set(re.findall(r'(?:text|setFailed|setRejected)\("(\w+)"', own))
    assert used <= known
    assert not {key for key in known if f'"{key}"' not in own + shared}
