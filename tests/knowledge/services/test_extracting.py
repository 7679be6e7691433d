"""What is taken out of a passage where no model writes: never a line that says nothing by itself."""

import asyncio
from dataclasses import replace

import pytest

from knowledge.services.answering.citing import Writer
from knowledge.services.answering.extracting import extract
from tests.knowledge.finding import passage

TABLE = "| 款式 | 租金 |\n| --- | --- |\n| 振袖 | 699 元 |"
GIFTS = "2 促销订单\n\n2.1 赠品\n\n整单退货时，赠品须一并退回。部分退货的，赠品可以保留。"


def taken(question: str, text: str, *, section: str = "") -> str:
    """Return the answer, without the numbers of its sources; empty where there is none."""
    source = replace(passage(score=0.9, answerable=0.9, kind="chunk"), text=text, section=section)
    writer = Writer([source], None)
    extract(question=question, place=0, passage=source, writer=writer)
    asyncio.run(writer.close())
    return writer.draft().text.replace("[1]", "").strip()


@pytest.mark.parametrize(
    ("question", "text", "answer"),
    [
        ("赠品要退吗", GIFTS, GIFTS.split("\n\n")[2]),
        ("质量问题", "1.2 质量问题\n签收 15 天内可退可换。", "签收 15 天内可退可换。"),
        ("退款时效", "3. 退款时效\n三个工作日内原路退回。", "三个工作日内原路退回。"),
        ("怎么退货", "怎么退货？\n在“我的订单”里申请。", "在“我的订单”里申请。"),
        ("怎么退货", "# 退货\n## 退货流程：\n1. 打开订单。\n2. 申请。", "1. 打开订单。\n2. 申请。"),
        ("租金一览", f"## 租金一览\n\n{TABLE}", TABLE),
        ("退货流程", "退款三天到账。\n退货流程：", ""),
        ("退货政策", "# 退货政策", ""),
        # A short line is the answer where nothing stands below it, or where all lines are short.
        ("几点营业", "营业时间 9 点到 18 点", "营业时间 9 点到 18 点"),
        ("客服电话", "客服电话 400\n门店地址 东街\n欢迎光临。", "客服电话 400"),
        ("点取消", "1. 打开订单\n2. 点取消\n退款三天到账。", "2. 点取消"),
    ],
)
def test_no_heading_stands_for_an_answer(question: str, text: str, answer: str) -> None:
    assert taken(question, text) == answer


def test_a_heading_of_the_document_is_known_however_long_it_is() -> None:
    long = "Cancellation of rentals and what is given back of a deposit"
    text = f"{long}\n\nThe deposit is given back in full up to three days before."
    assert taken("cancellation of rentals", text, section=f"Rules › {long}") == text.split("\n\n")[1]
