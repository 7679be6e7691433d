"""Amounts of money, counts and plain numbers."""

import re
from collections.abc import Iterator
from decimal import Decimal

from conversations.services.dialogue.values.found import Found, Kind, level
from conversations.services.dialogue.values.numerals import (
    CHINESE_DIGIT,
    ENGLISH_NUMBERS,
    NUMBER,
    parse_numeral,
)

_SIGN = r"(?:[¥$€£]|rmb|cny|usd|hk\$|us\$)"
_UNIT = r"(?:元|块钱|块|圆|人民币|rmb|cny|yuan|kuai|dollars?|usd|美元|日元|港币|港元|円)"
_AMOUNT = re.compile(
    rf"(?P<sign>{_SIGN})\s*(?P<a>\d[\d,]*(?:\.\d{{1,2}})?万?)"
    rf"|(?P<b>{NUMBER})\s*(?P<unit>{_UNIT})(?:(?P<jiao>{CHINESE_DIGIT}|\d)(?![\d.十百千万年月日号点折件个])(?:毛|角)?)?"
    rf"(?P<half>半)?"
    rf"|(?P<c>{CHINESE_DIGIT}|\d)(?:毛|角)钱?"
)
# A numeral that is only ever money when nothing counts after it: 三千五, 1.2万, 一百二十.
_SPOKEN = re.compile(
    r"(?:\d+(?:\.\d+)?|[一二两三四五六七八九十])[十百千万亿][一二两三四五六七八九十百千万亿零\d]*"
)
_COUNTER = r"[个件套台双只张条份次位人名间本瓶箱包把辆部盒袋件]"
_NOT_COUNTED = re.compile(
    rf"\s*(?:{_COUNTER}|年|月|日|号|天|周|点|时|分|秒|小时|岁|折|%|％|度|米|公里|斤|kg|g\b|ml|gb|mb)"
)
_INTEGER = re.compile(
    rf"(?<![\d.第a-z-])(?P<n>\d{{1,9}}|(?:[一二两三四五六七八九十百千万零〇]+))\s*(?P<counter>{_COUNTER})?(?!,?\d|[.%a-z])"
)
_ENGLISH_INTEGER = re.compile(rf"\b(?:{'|'.join(ENGLISH_NUMBERS)})\b")
# Chinese numerals that are part of an ordinary word and count nothing.
_WORDS = re.compile(
    r"一(?:下|样|直|般|些|点|定|起|共|切|旦|边|律|会|时|再|个人|道)|万一|千万(?=别|不|要|记)|十分|三番|统一|唯一|第[一二三四五六七八九十百]+"
)
_PLAIN = re.compile(rf"(?<![\d.a-z第])-?(?:{NUMBER})(?![\d.a-z%])")


def find_amounts(text: str) -> list[Found]:
    """Return the amounts of money in `text` in order: 一百二十元, 三千五, 1.2万, ￥120.50, 两百块, $30."""
    levelled = level(text)
    found = [Found("amount", value, text[s:e], s, e) for value, s, e in _marked_amounts(levelled)]
    taken = [(each.start, each.end) for each in found]
    words = _word_spans(levelled)
    for match in _SPOKEN.finditer(levelled):
        value = parse_numeral(match.group())
        free = all(match.end() <= s or match.start() >= e for s, e in taken)
        counts = _NOT_COUNTED.match(levelled, match.end()) or _inside(match, words)
        if value is not None and free and not counts:
            found.append(_cut("amount", value, text, match))
    return sorted(found, key=lambda each: each.start)


def find_integers(text: str) -> list[Found]:
    """Return the counts in `text` in order: 三件, 3 个, 两双, two; ordinals and numerals inside words count nothing."""
    levelled = level(text)
    words = _word_spans(levelled)
    found: list[Found] = []
    for match in _INTEGER.finditer(levelled):
        if _inside(match, words):
            continue
        value = parse_numeral(match.group("n"))
        if value is not None and value == value.to_integral_value():
            found.append(_cut("integer", int(value), text, match))
    found += [
        _cut("integer", ENGLISH_NUMBERS[match.group()], text, match)
        for match in _ENGLISH_INTEGER.finditer(levelled)
    ]
    return sorted(found, key=lambda each: each.start)


def find_numbers(text: str) -> list[Found]:
    """Return every written number in `text` in order, with fractions, whatever it counts."""
    levelled = level(text)
    words = _word_spans(levelled)
    found = []
    for match in _PLAIN.finditer(levelled):
        if _inside(match, words):
            continue
        negative = match.group().startswith("-")
        value = parse_numeral(match.group().removeprefix("-"))
        if value is not None:
            found.append(_cut("number", -value if negative else value, text, match))
    return found


def _marked_amounts(levelled: str) -> Iterator[tuple[Decimal, int, int]]:
    for match in _AMOUNT.finditer(levelled):
        if match["c"]:
            tenths = parse_numeral(match["c"])
            value = tenths / 10 if tenths is not None else None
        else:
            value = parse_numeral(match["a"] or match["b"])
        if value is None:
            continue
        if match["jiao"]:
            tenths = parse_numeral(match["jiao"])
            value += tenths / 10 if tenths is not None else 0
        if match["half"]:
            value += Decimal("0.5")
        yield value, match.start(), match.end()


def _cut(kind: Kind, value: int | Decimal, text: str, match: re.Match[str]) -> Found:
    return Found(kind, value, text[match.start() : match.end()], match.start(), match.end())


def _word_spans(levelled: str) -> list[tuple[int, int]]:
    return [match.span() for match in _WORDS.finditer(levelled)]


def _inside(match: re.Match[str], words: list[tuple[int, int]]) -> bool:
    return any(start < match.end() and match.start() < end for start, end in words)
