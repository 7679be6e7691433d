"""The story so far, for the agent who takes over."""

from conversations.services.dialogue import summaries
from conversations.services.dialogue.window import Line

HISTORY = [
    Line("contact", "你好"),
    Line("bot", "您好，请问有什么可以帮您？", "small_talk"),
    Line("contact", "退货流程是什么?"),
    Line("bot", "请在“我的订单”中申请退货。[1] 然后等待审核。", "answer"),
    Line("contact", "需要提供什么凭证?"),
    Line("bot", "抱歉，我没有找到相关资料。", "refusal"),
    Line("contact", "我的订单 ORG-999999 找不到,需要紧急处理"),
    Line("contact", "转人工"),
]


def test_the_needs_are_said_in_full_and_nothing_else() -> None:
    assert (
        summaries.summarise(HISTORY, {})
        == "退货流程是什么；退货需要提供什么凭证；订单 ORG-999999 找不到，需要紧急处理"
    )


def test_one_need_is_the_summary() -> None:
    assert (
        summaries.summarise(HISTORY[6:], {"order_no": "ORG-999999"}) == "订单 ORG-999999 找不到，需要紧急处理"
    )


def test_values_that_no_need_names_are_added() -> None:
    history = [
        Line("contact", "我的订单到哪了"),
        Line("bot", "请提供您的订单号。", "ask"),
        Line("contact", "ORD-001"),
    ]
    assert summaries.summarise(history, {"订单号": "ORD-001"}) == "订单到哪了（订单号: ORD-001）"


def test_a_bare_number_is_no_need() -> None:
    history = [
        Line("contact", "我的订单一直没有发货"),
        Line("bot", "好的。", "answer"),
        Line("contact", "ORD-20260703"),
    ]
    assert summaries.summarise(history, {}) == "订单一直没有发货（ORD-20260703）"
    assert (
        summaries.summarise(history, {"order_no": "ORD-20260703"})
        == "订单一直没有发货（order_no: ORD-20260703）"
    )
    alone = [Line("contact", "ORD-20260703"), Line("contact", "转人工")]
    assert summaries.summarise(alone, {}) == "客户要求人工服务，尚未说明问题（ORD-20260703）"
    assert (
        summaries.summarise([Line("contact", "订单 ORD-20260703 少发了一件")], {})
        == "订单 ORD-20260703 少发了一件"
    )


def test_a_need_said_twice_is_told_once() -> None:
    history = [
        Line("contact", "发票怎么开？"),
        Line("contact", "发票怎么开"),
        Line("contact", "发票怎么开啊"),
    ]
    assert summaries.summarise(history, {}).count("发票") == 1


def test_only_a_request_for_a_person() -> None:
    assert summaries.summarise([Line("contact", "转人工")], {}) == "客户要求人工服务，尚未说明问题"
    assert "not yet said" in summaries.summarise([Line("contact", "agent please")], {}, language="en")


def test_a_complaint_is_told_after_the_needs() -> None:
    history = [
        Line("contact", "发票怎么开？"),
        Line("bot", "请看说明。", "answer"),
        Line("contact", "答非所问，我要投诉！"),
    ]
    assert summaries.summarise(history, {}) == "发票怎么开；答非所问，我要投诉"


def test_a_summary_is_short() -> None:
    history = [Line("contact", f"请问{word * 90}怎么办") for word in ("电脑", "打印机", "显示器")]
    assert len(summaries.summarise(history, {"note": "x" * 300})) == 200


def test_what_was_tried_is_what_the_bot_answered() -> None:
    again = Line("bot", "请在“我的订单”中申请退货。", "answer")
    assert summaries.attempted_solutions([*HISTORY, again]) == ["请在“我的订单”中申请退货。"]
    assert summaries.attempted_solutions([Line("agent", "已为您处理。"), Line("contact", "好的。")]) == []
    steps = "商品签收 7 天内可退：1. 点“申请退货”；2. 等审核。"
    assert summaries.attempted_solutions([Line("bot", steps, "answer")]) == [
        "商品签收 7 天内可退：1. 点“申请退货”；"
    ]
    assert summaries.attempted_solutions([Line("bot", "Version 2.5 is out. Install it.", "answer")]) == [
        "Version 2.5 is out."
    ]
