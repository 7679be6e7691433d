"""Numbers in Chinese, written by the tests and read back by the product."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.services.dialogue import values
from conversations.services.dialogue.values import parse_numeral

DIGITS = "零一二三四五六七八九"


def written(number: int) -> str:
    """Return `number` (0 to 10^12) as a careful writer puts it."""
    if number == 0:
        return "零"
    parts, groups = [], ("", "万", "亿")
    for index, unit in reversed(list(enumerate(groups))):
        group = number // 10 ** (4 * index) % 10**4
        if group:
            missing_digit = bool(parts) and group < 1000
            parts.append(("零" if missing_digit else "") + below_ten_thousand(group) + unit)
        elif parts and index and number % 10 ** (4 * index):
            parts.append("零")
    return "".join(parts).replace("零零", "零")


def below_ten_thousand(number: int) -> str:
    text, gap = "", False
    for power, unit in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // power % 10
        if digit:
            text += ("零" if gap and text else "") + DIGITS[digit] + unit
            gap = False
        else:
            gap = True
    return text


@given(st.integers(min_value=0, max_value=10**12 - 1))
def test_a_written_number_is_read_back(number: int) -> None:
    assert parse_numeral(written(number)) == number


@given(st.integers(min_value=0, max_value=10**9))
def test_digits_read_one_by_one_are_the_number(number: int) -> None:
    assert parse_numeral("".join(DIGITS[int(digit)] for digit in str(number))) == number


@given(st.text(alphabet="零一二两三四五六七八九十百千万亿点半0123456789.,", max_size=30))
def test_any_heap_of_numerals_is_a_number_or_nothing(text: str) -> None:
    value = parse_numeral(text)
    assert value is None or value >= 0


@given(st.text(max_size=60))
def test_readers_point_at_what_they_read(text: str) -> None:
    for find in (
        values.find_amounts,
        values.find_integers,
        values.find_numbers,
        values.find_orders,
        values.find_times,
    ):
        for reading in find(text):
            assert reading.text == text[reading.start : reading.end] != ""


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("三千五", 3500),
        ("一万二", 12000),
        ("两百五", 250),
        ("一百零五", 105),
        ("一千零五十", 1050),
        ("十五", 15),
        ("二十", 20),
        ("二零二六", 2026),
        ("1.2万", 12000),
        ("3千", 3000),
        ("1万2", 12000),
        ("三点五", Decimal("3.5")),
        ("半", Decimal("0.5")),
        ("一亿二千万", 120_000_000),
        ("两", 2),
        ("1,200", 1200),
        ("三万亿", 3 * 10**12),
    ],
)
def test_spoken_and_mixed_forms(text: str, value: Decimal) -> None:
    assert parse_numeral(text) == value


@pytest.mark.parametrize("text", ["", "百五", "万", "一二百", "你好", "三点", "1.2.3"])
def test_what_is_no_number_is_none(text: str) -> None:
    assert parse_numeral(text) is None
