"""Contacts and documents of people are masked; everything else stays as it was written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kimono.lib.masking import mask

MOBILES = (
    "13812345678",
    "138 1234 5678",
    "138-1234-5678",
    "+8613812345678",
    "+86 138-1234-5678",
    "008613812345678",
)
SENTENCES = (
    "我的电话是{}，请回电。", "请联系{}谢谢", "手机：{}", "{}是我的号码", "“{}”", "call me at {} please",
    "phone {}.", "({})", "tel:{};", "号码{}和地址",
)  # fmt: skip
ID_CARDS = ("11010519491231002X", "440308199901010012", "11010519491231002x")
CARDS = ("4111111111111111", "4111 1111 1111 1111", "6222021234567890128", "5500-0000-0000-0004")
EMAILS = (
    "zhang.san@example.com",
    "a+b@mail.example.co.uk",
    "x@例子.example.com",
    "first_last@sub.example.cn",
)
PASSPORTS = ("E12345678", "G12345678", "EA1234567")
KEYS = ("kmn_a1b2c3d4_" + "x" * 40, "vt_" + "y" * 30, "whs_" + "z" * 32)


@pytest.mark.parametrize("sentence", SENTENCES)
@pytest.mark.parametrize("value", [*MOBILES, *EMAILS, *PASSPORTS, *KEYS])
def test_a_contact_is_masked_in_any_sentence(sentence: str, value: str) -> None:
    masked = mask(sentence.format(value))
    assert value not in masked
    before, after = sentence.split("{}")
    assert masked.startswith(before)
    assert masked.endswith(after)


@pytest.mark.parametrize("sentence", SENTENCES)
def test_cards_with_a_right_check_digit_are_masked(sentence: str) -> None:
    from stdnum import luhn
    from stdnum.cn import ric

    for value in ID_CARDS:
        assert (value not in mask(sentence.format(value))) == ric.is_valid(value.upper()), value
    for value in CARDS:
        digits = "".join(filter(str.isdigit, value))
        assert (value not in mask(sentence.format(value))) == luhn.is_valid(digits), value
    assert ric.is_valid(ID_CARDS[0])
    assert luhn.is_valid(CARDS[0])


def test_a_card_beside_another_number_is_found() -> None:
    for text in ("订单 12 4111111111111111", "7 4111 1111 1111 1111", "4111111111111111 99 元"):
        assert "1111 1111" not in mask(text)
        assert "41111111" not in mask(text)


@pytest.mark.parametrize(
    "text",
    [
        "订单号 20260101123456789 已发货", "SF1234567890123", "价格 12800 元", "版本 1.2.3", "2026-11-21 10:00",
        "400-800-1234", "10086", "sess-aaaaaaaaaaaaaaaa-abcdefgh", "E123", "12345678901", "kmn_ is our prefix",
        "at@home", "3.14159265358979", "ISBN 9787111128069", "尺码 160/84A", "A 138 号房",
    ],
)  # fmt: skip
def test_what_is_no_contact_stays(text: str) -> None:
    assert mask(text) == text


def test_what_is_left_is_enough_to_recognise_and_no_more() -> None:
    assert mask("13812345678") == "138****5678"
    assert mask("zhang@example.com") == "z***@example.com"
    assert mask("4111111111111111") == "************1111"
    assert mask("kmn_a1b2c3d4_" + "x" * 40) == "kmn_a1b2…"


PIECES = st.sampled_from(
    [
        *MOBILES,
        *ID_CARDS,
        *CARDS,
        *EMAILS,
        *PASSPORTS,
        *KEYS,
        " ",
        "，",
        "a",
        "1",
        "86",
        "+",
        "-",
        "\n",
        "电话",
    ]
)


@given(st.lists(PIECES | st.text(max_size=8), max_size=12).map("".join))
def test_masking_twice_is_masking_once(text: str) -> None:
    assert mask(mask(text)) == mask(text)
