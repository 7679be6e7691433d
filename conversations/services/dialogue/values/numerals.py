"""Numbers as they are written in Chinese and in mixed form: 一百二十, 三千五, 1.2万, 二零二六."""

import re
from decimal import Decimal, InvalidOperation

_DIGITS = {
    character: value
    for value, written in enumerate(("零〇", "一", "二两", "三", "四", "五", "六", "七", "八", "九"))
    for character in written
}
ENGLISH_NUMBERS = {
    word: value
    for value, word in enumerate(
        (
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
        )
    )
}
_UNITS = {"十": 10, "百": 100, "千": 1000}
_GROUPS = {"万": 10**4, "亿": 10**8}

CHINESE_DIGIT = "[零〇一二两三四五六七八九]"
_CHINESE = "[零〇一二两三四五六七八九十百千万亿]"
# One written number: Arabic with thousands and fraction, optionally followed by a Chinese unit, or wholly Chinese.
NUMBER = (
    rf"(?:\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?|\d{{1,18}}(?:\.\d{{1,6}})?)(?:[十百千万亿]+(?:{_CHINESE}|\d)*)?"
    rf"|{_CHINESE}+(?:点{CHINESE_DIGIT}+)?|半"
)
_ARABIC = re.compile(r"\d+(?:\.\d+)?")


def parse_numeral(text: str) -> Decimal | None:
    """Return the number that `text` (levelled, nothing around it) writes, or None when it writes none.

    A trailing digit after a unit counts the next unit down, as spoken: 三千五 is 3500, 一万二 is 12000, 一百零五 is 105.
    Digits without units are read one by one: 二零二六 is 2026.
    """
    text = text.replace(",", "")
    if not text:
        return None
    if text == "半":
        return Decimal("0.5")
    if _ARABIC.fullmatch(text):
        return _decimal(text)
    whole, point, fraction = text.partition("点")
    if point:
        return _with_fraction(whole, fraction)
    if all(character in _DIGITS for character in whole):
        return Decimal("".join(str(_DIGITS[character]) for character in whole))
    return _with_units(whole)


def _with_fraction(whole: str, fraction: str) -> Decimal | None:
    number = parse_numeral(whole)
    if number is None or not fraction or any(character not in _DIGITS for character in fraction):
        return None
    return number + Decimal("0." + "".join(str(_DIGITS[character]) for character in fraction))


def _with_units(text: str) -> Decimal | None:
    """Return the value of a numeral with units; groups of 万 and 亿 are closed from the largest down."""
    total, group, digit = Decimal(0), Decimal(0), None
    last_unit, zero = 0, False
    position = 0
    while position < len(text):
        character = text[position]
        arabic = _ARABIC.match(text, position)
        if arabic:
            if digit is not None:
                return None
            digit, position = Decimal(arabic.group()), arabic.end()
            continue
        position += 1
        if character in "零〇":
            zero = True
        elif character in _DIGITS:
            if digit is not None:
                return None
            digit = Decimal(_DIGITS[character])
        elif character in _UNITS:
            unit = _UNITS[character]
            # 十五 has no leading digit; 百五 is no number.
            if digit is None and unit != 10:
                return None
            group += (Decimal(1) if digit is None else digit) * unit
            digit, last_unit, zero = None, unit, False
        elif character in _GROUPS:
            scale = _GROUPS[character]
            group += digit if digit is not None else 0
            if not group and not total:
                return None
            # 一亿万 is not written; 三万亿 is: the larger scale takes all before it.
            if scale > 10**4:
                total, group = (total + group) * scale, Decimal(0)
            else:
                total, group = total + group * scale, Decimal(0)
            digit, last_unit, zero = None, scale, False
        else:
            return None
    if digit is not None:
        spoken = last_unit and not zero and last_unit > 10 and digit < 10
        group += digit * (last_unit // 10) if spoken else digit
    return total + group


def _decimal(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None
