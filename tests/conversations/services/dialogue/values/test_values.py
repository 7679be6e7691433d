"""Numbers of orders, telephones, amounts, counts and answers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.services.dialogue import values
from conversations.services.dialogue.values import Found, Reading, Rejected

ORDER = r"^[A-Z]{3}-\d+$"


def outcome(readings: list[Reading]) -> list[object]:
    return [each.value if isinstance(each, Found) else each.reason for each in readings]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("我的订单 ORG-999999 找不到", ["ORG-999999"]),
        ("ORD-001", ["ORD-001"]),
        ("org-100001到哪了", ["ORG-100001"]),
        ("org100001", ["ORG-100001"]),
        ("ORG 100001", ["ORG-100001"]),
        ("ＯＲＧ－９９９９９９", ["ORG-999999"]),
        ("ORD_001", ["ORD-001"]),
        ("ORD-001 和 ORD-002", ["ORD-001", "ORD-002"]),
        ("订单号20260703123456", ["pattern"]),
        ("RET-2026-0001", ["pattern"]),
        ("我要3件", []),
        ("Windows 10", []),
        ("电话13800138000", []),
        ("a1@example.com", []),
        ("1994-2010年", []),
    ],
)
def test_order_numbers_of_a_pattern(text: str, found: list[object]) -> None:
    assert outcome(values.find_orders(text, pattern=ORDER)) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ORG-999999", ["ORG-999999"]),
        ("20260703123456", ["20260703123456"]),
        ("13800138000", []),
        ("今天3点", []),
        ("ord-001", ["ORD-001"]),
    ],
)
def test_reference_numbers_without_a_pattern(text: str, found: list[object]) -> None:
    assert outcome(values.find_orders(text)) == found


@pytest.mark.parametrize(
    "text",
    [
        "13800138000",
        "电话13800138000谢谢",
        "138 0013 8000",
        "+86 138-0013-8000",
        "１３８００１３８０００",
        "一三八零零一三八零零零",
        "86-13800138000",
    ],
)
def test_one_mobile_in_all_its_forms(text: str) -> None:
    assert outcome(values.find_phones(text)) == ["+8613800138000"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("021-62345678", ["+862162345678"]),
        ("+1 650 253 0000", ["+16502530000"]),
        ("1380013800", ["impossible_phone"]),
        ("138001380001", ["impossible_phone"]),
        ("ORD-13800138000", []),
        ("12345", []),
        ("20260703123456", []),
    ],
)
def test_other_telephones(text: str, found: list[object]) -> None:
    assert outcome(values.find_phones(text)) == found


def test_a_number_without_country_code_belongs_to_the_region() -> None:
    assert outcome(values.find_phones("650 253 0000", region="US")) == ["+16502530000"]


@given(st.from_regex(r"\A1[3-9][0-9]{9}\Z"))
def test_digits_meant_as_a_mobile_are_read_or_refused_never_ignored(number: str) -> None:
    readings = values.find_phones(f"我的手机是{number}。")
    assert outcome(readings) in ([f"+86{number}"], ["impossible_phone"])


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("一百二十元", "120"),
        ("三千五", "3500"),
        ("1.2万", "12000"),
        ("￥120.50", "120.5"),
        ("两百块", "200"),
        ("三块五", "3.5"),
        ("五毛", "0.5"),
        ("120块5", "120.5"),
        ("1,200.50元", "1200.5"),
        ("$30", "30"),
        ("100 yuan", "100"),
        ("三块半", "3.5"),
        ("押金兩百塊", "200"),
        ("三百五十块钱", "350"),
        ("1.2万元", "12000"),
    ],
)
def test_an_amount_is_read(text: str, amount: str) -> None:
    found = values.find_amounts(text)
    assert [float(str(each.value)) for each in found] == [float(amount)]


@pytest.mark.parametrize("text", ["一百二十件", "十分感谢", "5折", "第三百名", "三天后", "千万别忘"])
def test_what_counts_other_things_is_no_amount(text: str) -> None:
    assert values.find_amounts(text) == []


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("三件", [3]),
        ("3 个", [3]),
        ("两双", [2]),
        ("一百二十件", [120]),
        ("two please", [2]),
        ("第三个", []),
        ("看一下", []),
        ("万一", []),
        ("3.5", []),
    ],
)
def test_a_count_is_read(text: str, count: list[int]) -> None:
    assert [each.value for each in values.find_integers(text)] == count


@pytest.mark.parametrize(
    "text",
    [
        "是",
        "是的",
        "对",
        "好的",
        "嗯，可以",
        "没问题",
        "要的",
        "有",
        "行",
        "yes please",
        "ok",
        "是的，帮我退",
        "当然",
    ],
)
def test_yes(text: str) -> None:
    found = values.find_boolean(text)
    assert found is not None
    assert found.value is True


@pytest.mark.parametrize(
    "text", ["不是", "不要", "不用了谢谢", "没有", "不可以", "不行", "no", "no thanks", "Don't", "不需要"]
)
def test_no(text: str) -> None:
    found = values.find_boolean(text)
    assert found is not None
    assert found.value is False


@pytest.mark.parametrize(
    "text", ["好像是", "可以吗", "不知道", "not sure", "我要退货", "对不起", "好久没来了", "不错", "", "随便"]
)
def test_neither_yes_nor_no(text: str) -> None:
    assert values.find_boolean(text) is None


SYNONYMS = {"refund": ["退款", "退钱"], "exchange": ["换货", "换一个"]}


@pytest.mark.parametrize(
    ("text", "option"),
    [
        ("我想退款", "refund"),
        ("退钱吧", "refund"),
        ("不要退款，要换货", "exchange"),
        ("Refund", "refund"),
        ("refnd", "refund"),
        ("换货吧", "exchange"),
    ],
)
def test_one_of_the_options_is_named(text: str, option: str) -> None:
    found = values.match_enum(text, ["refund", "exchange"], synonyms=SYNONYMS, whole=True)
    assert found is not None
    assert found.value == option


def test_a_near_miss_is_a_guess_and_only_as_an_answer() -> None:
    answered = values.match_enum("refnd", ["refund", "exchange"], whole=True)
    assert answered is not None
    assert not answered.sure
    assert values.match_enum("refnd", ["refund", "exchange"]) is None


@pytest.mark.parametrize("text", ["红色", "refunded", "不要退款"])
def test_no_option_is_named(text: str) -> None:
    assert values.match_enum(text, ["refund", "exchange"], synonyms=SYNONYMS) is None


def test_mail_addresses() -> None:
    found = values.find_emails("邮箱是 Lin.XM+1@Example.com，备用 a@b.co。不是 a@b")
    assert [each.value for each in found] == ["lin.xm+1@example.com", "a@b.co"]


@given(st.text(max_size=80))
def test_no_text_breaks_a_reader(text: str) -> None:
    for reading in [
        *values.find_orders(text, pattern=ORDER),
        *values.find_phones(text),
        *values.find_emails(text),
    ]:
        assert isinstance(reading, Found | Rejected)
        assert reading.text == text[reading.start : reading.end]
    assert values.find_boolean(text) is None or isinstance(values.find_boolean(text), Found)
