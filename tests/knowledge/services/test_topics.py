"""What a question is about, apart from how it asks."""

import pytest

from knowledge.services.terms import codes, terms
from knowledge.services.topics import keys, split_terms


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("VPN 提示 E118 是什么意思？", ["e118"]),
        ("ＨＺ－２０３多少钱", ["hz-203"]),
        ("PRN-SH-0301 在哪", ["prn-sh-0301"]),
        ("16GB 内存，走 10km", []),
        ("退货 2026-03-01", []),
        ("Wi-Fi 怎么连", []),
    ],
)
def test_codes_have_letters_and_digits(text: str, found: list[str]) -> None:
    assert codes(text) == found


@pytest.mark.parametrize("written", ["HZ-203", "hz203", "hz_203", "ＨＺ－２０３"])
def test_a_joined_code_is_one_term_whichever_way_it_is_written(written: str) -> None:
    assert "hz203" in terms(written)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("家庭套餐多少钱一天", {"家庭", "套餐", "一天"}),
        ("VPN 提示 E118 是什么意思？", {"vpn", "提示", "e118"}),
        ("How much is the visitor pass?", {"visitor", "pass"}),
        ("订单 ORD-100001 到哪了", {"订单"}),
        ("怎么办？多少钱？", set()),
    ],
)
def test_keys_are_what_the_question_is_about(text: str, words: set[str]) -> None:
    assert {key.word for key in keys(text)} == words


def test_a_question_that_only_asks_is_looked_for_as_it_is() -> None:
    topic, asking = split_terms("怎么办")
    assert topic == set(terms("怎么办"))
    assert asking == set()


def test_the_terms_of_asking_stand_apart() -> None:
    topic, asking = split_terms("E118 是什么意思")
    assert topic == {"e118"}
    assert "意思" in asking
