"""How upset a contact sounds."""

import pytest

from conversations.services.dialogue import emotion
from conversations.services.dialogue.window import Line


@pytest.mark.parametrize(
    "text",
    [
        "退货流程是什么？",
        "操作步骤是什么",
        "你好！",
        "我不生气",
        "投诉电话是多少",
        "垃圾邮件怎么屏蔽",
        "WHERE IS ORD-001",
        "How do I return an item?",
        "摇滚乐队的T恤有吗",
        "I'm not angry, just asking",
    ],
)
def test_calm_words_are_calm(text: str) -> None:
    assert emotion.score(text) == emotion.CALM


@pytest.mark.parametrize("text", ["谢谢，太好了！", "非常感谢", "Thank you so much!", "真棒"])
def test_kind_words_are_more_than_calm(text: str) -> None:
    assert emotion.score(text) == emotion.PLEASED


@pytest.mark.parametrize(
    "text",
    [
        "我要投诉你们！！！太垃圾了！骗子公司！",
        "傻逼",
        "气死我了！！！",
        "忍无可忍，我要去12315举报你们！！",
        "垃圾騙子公司！我要起訴你們！！！",
        "This is unacceptable!!! You are scammers, I will sue you",
        "what the fuck is this",
    ],
)
def test_anger_is_at_most_the_limit(text: str) -> None:
    assert emotion.score(text) <= emotion.ANGRY


@pytest.mark.parametrize(
    "text",
    [
        "我要投诉",
        "没有解决",
        "怎么还没发货？？？",
        "服务太差了",
        "急急急！！！",
        "HELP ME PLEASE NOW",
        "需要紧急处理",
    ],
)
def test_upset_lies_between(text: str) -> None:
    assert emotion.ANGRY < emotion.score(text) < emotion.CALM


def test_each_further_sign_makes_it_worse() -> None:
    scores = [
        emotion.score(text)
        for text in (
            "有问题",
            "紧急，有问题",
            "紧急！！有问题，没有解决",
            "紧急！！有问题，没有解决，我要投诉",
        )
    ]
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) == 4


def test_anger_that_goes_on_weighs_more() -> None:
    window = [Line("contact", "我要投诉！！服务太差了"), Line("bot", "抱歉")]
    assert emotion.score("还是没有解决", window=window) < emotion.score("还是没有解决")
    assert emotion.score("退货流程是什么？", window=window) == emotion.CALM
