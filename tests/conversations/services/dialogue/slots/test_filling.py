"""Slots filled over the turns of a conversation on Friday, 3 July 2026."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.services.dialogue import slots
from conversations.services.dialogue.phrases import Language
from conversations.services.dialogue.slots import Problem, Scene, SlotState

NOW = datetime(2026, 7, 3, 8, 30, tzinfo=UTC)
TZ = ZoneInfo("Asia/Shanghai")
ORDER = Scene(
    "scn-1",
    "订单查询",
    {
        "type": "object",
        "required": ["order_no"],
        "properties": {
            "order_no": {
                "type": "string",
                "pattern": r"^[A-Z]{3}-\d+$",
                "title": "订单号",
                "x-ask": "请提供您的订单号。",
                "x-en": {"title": "order number", "ask": "What is your order number?"},
            }
        },
    },
)
RENTAL = Scene(
    "scn-2",
    "预约租赁",
    {
        "type": "object",
        "required": ["start", "end", "phone", "size", "count"],
        "properties": {
            "start": {"type": "string", "format": "date", "title": "取衣日期"},
            "end": {"type": "string", "format": "date", "title": "还衣日期"},
            "phone": {
                "type": "string",
                "format": "phone",
                "title": "手机号",
                "x-en": {"title": "phone number"},
            },
            "size": {
                "type": "string",
                "enum": ["S", "M", "L"],
                "title": "尺码",
                "x-synonyms": {"S": ["小码"], "M": ["中码"], "L": ["大码"]},
            },
            "count": {"type": "integer", "minimum": 1, "maximum": 10, "title": "件数"},
            "deposit": {"type": "number", "title": "押金"},
            "note": {"type": "string", "title": "备注", "maxLength": 100},
        },
    },
)
COMPLAINT = Scene(
    "scn-3",
    "破损登记",
    {
        "type": "object",
        "required": ["bought_on", "what", "refund"],
        "properties": {
            "bought_on": {"type": "string", "format": "date", "title": "购买日期", "x-prefer": "past"},
            "what": {"type": "string", "title": "破损情况"},
            "refund": {"type": "boolean", "title": "是否退款", "x-ask": "需要退款吗？"},
        },
    },
    max_asks=2,
)


@dataclass
class Talk:
    """A conversation inside one scene."""

    scene: Scene
    language: Language = "zh"
    state: SlotState = field(default_factory=lambda: SlotState({}))

    def say(self, text: str) -> SlotState:
        self.state = slots.fill(
            self.scene,
            self.state.slots,
            text,
            last_asked=self.state.asked,
            asks=self.state.asks,
            now=NOW,
            tz=TZ,
            language=self.language,
        )
        return self.state


def test_what_is_missing_is_named_at_once_and_asked_for_one_by_one() -> None:
    state = Talk(RENTAL).say("我想租和服")
    assert state.missing == ("start", "end", "phone", "size", "count")
    assert (state.asked, state.follow_up_question) == ("start", "请提供您的取衣日期。")


def test_values_gather_over_turns() -> None:
    talk = Talk(RENTAL)
    for text in ("取衣日期下周三", "20天后还", "138 0013 8000", "大码", "三件"):
        talk.say(text)
    assert talk.state.complete
    assert talk.state.follow_up_question is None
    assert dict(talk.state.slots) == {
        "start": "2026-07-08",
        "end": "2026-07-23",
        "phone": "+8613800138000",
        "size": "L",
        "count": 3,
    }


def test_one_message_may_hold_several_values() -> None:
    state = Talk(RENTAL).say("我想预约10月1日到10月3日，中码两件，电话13800138000，押金三百块")
    assert state.complete
    assert dict(state.slots) == {
        "phone": "+8613800138000",
        "start": "2026-10-01",
        "end": "2026-10-03",
        "deposit": 300,
        "size": "M",
        "count": 2,
    }


def test_a_title_before_a_value_says_whose_it_is() -> None:
    state = Talk(RENTAL).say("还衣日期是10月3日，取衣日期是10月1日")
    assert (state.slots["start"], state.slots["end"]) == ("2026-10-01", "2026-10-03")


@pytest.mark.parametrize(
    "text",
    [
        "不对，是 ORD-002",
        "说错了，ORD-002",
        "不是 ORD-001，是 ORD-002",
        "改成ORD-002",
        "sorry, I mean ORD-002",
        "那 ORD-002 呢",
    ],
)
def test_a_correction_replaces_the_value(text: str) -> None:
    talk = Talk(ORDER)
    assert talk.say("帮我查 ORD-001").slots == {"order_no": "ORD-001"}
    state = talk.say(text)
    assert (state.slots, state.corrected) == ({"order_no": "ORD-002"}, ("order_no",))


def test_a_correction_goes_to_the_value_last_spoken_of_unless_it_names_another() -> None:
    talk = Talk(RENTAL)
    talk.say("10月1日到10月3日")
    assert talk.say("改成10月4日").slots["end"] == "2026-10-04"
    assert talk.say("取衣日期改成下周四").slots["start"] == "2026-07-09"
    assert talk.state.slots["end"] == "2026-10-04"


def test_a_value_called_wrong_is_asked_for_again() -> None:
    talk = Talk(ORDER)
    talk.say("ORD-001")
    state = talk.say("订单号错了")
    assert (state.slots, state.missing, state.asked) == ({}, ("order_no",), "order_no")


@pytest.mark.parametrize(
    "text", ["算了", "不查了", "算了，不用了", "不用了谢谢", "取消", "never mind", "cancel", "算了吧"]
)
def test_a_scene_is_cancelled(text: str) -> None:
    talk = Talk(ORDER)
    talk.say("查订单")
    state = talk.say(text)
    assert state.cancelled
    assert state.follow_up_question is None
    assert not state.complete


@pytest.mark.parametrize("text", ["算了，还是查 ORD-003 吧", "帮我取消订单 ORD-003", "cancel order ORD-003"])
def test_a_message_with_a_value_goes_on(text: str) -> None:
    talk = Talk(ORDER)
    talk.say("查订单")
    state = talk.say(text)
    assert (state.cancelled, state.slots) == (False, {"order_no": "ORD-003"})


@pytest.mark.parametrize(
    ("text", "problem", "question"),
    [
        (
            "20260703123456",
            Problem("pattern", "20260703123456"),
            "「20260703123456」不是正确的订单号。请提供您的订单号。",
        ),
        ("123", Problem("pattern", "123"), "「123」不是正确的订单号。请提供您的订单号。"),
    ],
)
def test_a_wrong_value_is_named_and_asked_for_again(text: str, problem: Problem, question: str) -> None:
    talk = Talk(ORDER)
    talk.say("查订单")
    state = talk.say(text)
    assert (state.invalid, state.follow_up_question, state.missing) == (
        {"order_no": problem},
        question,
        ("order_no",),
    )


def test_impossible_values_of_other_kinds() -> None:
    talk = Talk(RENTAL)
    talk.say("取衣日期10月1日")
    assert talk.say("2月30日").invalid == {"end": Problem("impossible_date", "2月30日")}
    talk.say("10月3日")
    assert talk.say("12345678901").invalid == {"phone": Problem("impossible_phone", "12345678901")}
    talk.say("13800138000")
    assert talk.say("红色").invalid == {"size": Problem("not_offered", "红色")}
    assert talk.state.follow_up_question == "尺码只能是：小码、中码、大码。请提供您的尺码。"
    talk.say("S")
    assert talk.say("20件").invalid == {"count": Problem("out_of_range", "20件")}
    assert talk.say("2").complete


def test_fruitless_asks_come_to_an_end() -> None:
    talk = Talk(ORDER)
    asked = [talk.say(text).follow_up_question for text in ("查订单", "不记得了", "真的不记得", "找不到")]
    assert [bool(question) for question in asked] == [True, True, True, False]
    assert talk.state.exhausted
    assert talk.state.missing == ("order_no",)


def test_a_fruitful_answer_starts_the_count_again() -> None:
    talk = Talk(COMPLAINT)
    talk.say("衣服破了")
    talk.say("嗯？")
    assert talk.say("5月1日买的").asks == 1
    assert talk.say("袖子上有个洞").asks == 1
    assert not talk.state.exhausted


def test_free_text_yes_and_no_are_taken_only_as_answers() -> None:
    talk = Talk(COMPLAINT)
    assert talk.say("衣服破了，是的").slots == {}
    assert talk.say("5月1日").slots == {"bought_on": "2026-05-01"}
    assert talk.say("这个要怎么说？").slots == {"bought_on": "2026-05-01"}
    assert talk.say("袖子上有个洞").slots["what"] == "袖子上有个洞"
    assert talk.state.follow_up_question == "需要退款吗？"
    assert talk.say("不用").slots["refund"] is False
    assert talk.state.complete


def test_a_guess_never_replaces_what_was_said() -> None:
    talk = Talk(RENTAL)
    talk.say("10月1日到10月3日 13800138000 大码")
    state = slots.fill(RENTAL, talk.state.slots, "中号码", last_asked="size", now=NOW, tz=TZ)
    assert state.slots["size"] == "L"


def test_bare_numbers_count_only_when_asked_for() -> None:
    talk = Talk(RENTAL)
    assert "count" not in talk.say("我用 iPhone 15，10月1日到10月3日，大码，13800138000").slots
    assert talk.state.asked == "count"
    assert talk.say("2").slots["count"] == 2


def test_the_question_is_in_the_contacts_language() -> None:
    assert Talk(ORDER, "en").say("where is my order").follow_up_question == "What is your order number?"
    assert Talk(ORDER, "ja").say("注文はどこですか").follow_up_question == "订单号を教えてください。"


def test_slots_given_from_outside_are_checked() -> None:
    kept, problems = slots.accept(
        RENTAL,
        {
            "start": "下周三",
            "phone": "123",
            "size": "L",
            "count": 20,
            "unknown": 1,
            "note": ["no"],
            "end": "2026-10-03",
        },
        now=NOW,
        tz=TZ,
    )
    assert kept == {"start": "2026-07-08", "size": "L", "end": "2026-10-03"}
    assert {name: problem.reason for name, problem in problems.items()} == {
        "phone": "wrong_type",
        "count": "out_of_range",
        "note": "wrong_type",
    }


@given(st.lists(st.text(max_size=40), max_size=6))
def test_whatever_is_said_the_state_is_whole(texts: list[str]) -> None:
    talk = Talk(RENTAL)
    for text in texts:
        state = talk.say(text)
        if not state.cancelled:
            assert set(state.missing) == set(RENTAL.required) - set(state.slots)
            assert (state.follow_up_question is None) == (state.complete or state.exhausted)
            assert state.asks <= RENTAL.max_asks
