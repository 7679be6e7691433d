"""What a contact wants, sentence by sentence."""

import pytest

from conversations.services.dialogue import intents
from conversations.services.dialogue.intents import Intent, SmallTalk
from conversations.services.dialogue.slots import Scene
from conversations.services.dialogue.window import Line
from tests.conversations.services.dialogue.sentences import (
    BLOCKED,
    BUSINESS,
    CHITCHAT,
    COMPLAINTS,
    DISSATISFIED,
    NOT_TRANSFER,
    POLICY_QUESTIONS,
    TICKETS,
    TRANSFER,
    UNKNOWN,
)

ORDER = Scene(
    "scn-order",
    "订单查询",
    {
        "type": "object",
        "required": ["order_no"],
        "properties": {"order_no": {"type": "string", "pattern": r"^[A-Z]{3}-\d+$", "title": "订单号"}},
    },
    trigger_examples=["我的订单到哪了", "帮我查一下订单", "where is my order"],
)
MEMBER = Scene(
    "scn-member",
    "会员查询",
    {
        "type": "object",
        "required": ["phone"],
        "properties": {"phone": {"type": "string", "format": "phone", "title": "手机号"}},
    },
    trigger_examples=["我的会员等级是什么", "我有多少积分", "check my points"],
)
SCENES = [ORDER, MEMBER]
AFTER_ANSWER = [Line("contact", "退货流程是什么？"), Line("bot", "请在订单页申请退货。", "answer")]


@pytest.mark.parametrize("text", TRANSFER)
def test_a_person_is_asked_for(text: str) -> None:
    assert intents.recognise(text, scenes=SCENES).intent == "transfer_to_human"


@pytest.mark.parametrize(("text", "intent"), NOT_TRANSFER)
def test_speaking_of_a_person_or_refusing_one_is_no_request(text: str, intent: Intent) -> None:
    assert intents.recognise(text, window=AFTER_ANSWER, scenes=SCENES).intent == intent


@pytest.mark.parametrize("text", POLICY_QUESTIONS)
def test_rules_of_the_house_are_looked_up_in_the_knowledge(text: str) -> None:
    recognised = intents.recognise(text, window=AFTER_ANSWER, scenes=SCENES)
    assert (recognised.intent, recognised.scene_id, recognised.dissatisfied) == ("knowledge_qa", None, False)


@pytest.mark.parametrize("text", BUSINESS)
def test_ones_own_business_is_looked_up_in_the_register(text: str) -> None:
    assert intents.recognise(text, window=AFTER_ANSWER, scenes=SCENES).intent == "business_query"
    assert intents.recognise(text).intent == "business_query"


@pytest.mark.parametrize("text", TICKETS)
def test_a_ticket_is_wanted(text: str) -> None:
    assert intents.recognise(text, scenes=SCENES).intent == "ticket"


@pytest.mark.parametrize("text", COMPLAINTS)
def test_a_complaint_is_heard(text: str) -> None:
    recognised = intents.recognise(text, window=AFTER_ANSWER, scenes=SCENES)
    assert (recognised.intent, recognised.dissatisfied) == ("emotion_sensitive", False)


@pytest.mark.parametrize("text", DISSATISFIED)
def test_dissatisfaction_with_an_answer_is_heard(text: str) -> None:
    recognised = intents.recognise(text, window=AFTER_ANSWER, scenes=SCENES)
    assert recognised.dissatisfied
    assert recognised.intent == "emotion_sensitive"


def test_nothing_was_answered_so_nobody_is_dissatisfied() -> None:
    assert not intents.recognise("没有解决").dissatisfied


@pytest.mark.parametrize(("text", "kind"), CHITCHAT)
def test_small_talk_is_known_by_its_kind(text: str, kind: SmallTalk) -> None:
    recognised = intents.recognise(text, window=AFTER_ANSWER, scenes=SCENES)
    assert (recognised.intent, recognised.small_talk) == ("chitchat", kind)


@pytest.mark.parametrize("text", BLOCKED)
def test_attempts_on_the_bot_are_blocked(text: str) -> None:
    assert intents.recognise(text, window=AFTER_ANSWER, scenes=SCENES).intent == "blocked"


@pytest.mark.parametrize("text", UNKNOWN)
def test_nothing_can_be_made_of_noise(text: str) -> None:
    assert intents.recognise(text, scenes=SCENES).intent == "unknown"


@pytest.mark.parametrize(
    ("text", "scene"),
    [
        ("我的订单到哪了", "scn-order"),
        ("ORD-001", "scn-order"),
        ("我的订单 ORG-999999 找不到,需要紧急处理", "scn-order"),
        ("我有多少积分", "scn-member"),
        ("where is my order", "scn-order"),
    ],
)
def test_business_opens_its_scene(text: str, scene: str) -> None:
    assert intents.recognise(text, scenes=SCENES).scene_id == scene


@pytest.mark.parametrize(
    ("text", "urgent"),
    [
        ("我的订单 ORG-999999 找不到,需要紧急处理", True),
        ("急急急，快递在哪", True),
        ("請馬上處理我的訂單", True),
        ("this is urgent, where is my order", True),
        ("退货流程是什么？", False),
        ("有紧急救援服务吗", True),
    ],
)
def test_urgent_demands_are_marked(text: str, urgent: bool) -> None:
    assert intents.recognise(text).urgent is urgent


def test_the_tenants_own_urgent_words_count() -> None:
    assert not intents.recognise("婚礼当天要穿").urgent
    assert intents.recognise("婚礼当天要穿", urgent_words=["婚禮"]).urgent


@pytest.mark.parametrize(
    ("answer", "intent"), [("好的", "transfer_to_human"), ("是", "transfer_to_human"), ("不用", "chitchat")]
)
def test_a_nod_to_the_offer_of_a_person_is_a_request(answer: str, intent: Intent) -> None:
    window = [Line("bot", "抱歉，我没有找到相关资料。需要为您转接人工客服吗？", "refusal")]
    assert intents.recognise(answer, window=window).intent == intent
    assert intents.recognise(answer, window=AFTER_ANSWER).intent != "transfer_to_human"


@pytest.mark.parametrize(
    ("text", "intent", "scene"),
    [
        ("ORD-001", "business_query", "scn-order"),
        ("13800138000", "business_query", "scn-order"),
        ("好像是昨天下的单", "business_query", "scn-order"),
        ("运费怎么算？", "knowledge_qa", None),
        ("转人工", "transfer_to_human", None),
        ("我有多少积分", "business_query", "scn-member"),
    ],
)
def test_an_open_scene_keeps_answers_and_lets_other_questions_go(
    text: str, intent: Intent, scene: str | None
) -> None:
    recognised = intents.recognise(text, open_scene=ORDER, scenes=SCENES)
    assert (recognised.intent, recognised.scene_id) == (intent, scene)


def test_disabled_scenes_are_never_opened() -> None:
    closed = Scene("scn-x", ORDER.name, ORDER.schema, trigger_examples=ORDER.trigger_examples, enabled=False)
    assert intents.recognise("我的订单到哪了", scenes=[closed]).scene_id is None
    assert intents.recognise("ORD-001", scenes=[closed]).scene_id is None
