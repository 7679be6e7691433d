"""What reading a value out of a text gives, and the form of the text that is read."""

import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Kind = Literal[
    "order",
    "phone",
    "email",
    "date",
    "time",
    "amount",
    "integer",
    "number",
    "boolean",
    "enum",
    "text",
]
Reason = Literal[
    "impossible_date",
    "impossible_time",
    "impossible_phone",
    "pattern",
    "not_offered",
    "out_of_range",
    "wrong_type",
]
Scalar = str | int | float | bool

# Only what numbers, dates and amounts are written with: a one-to-one table keeps positions, a converter would not.
_TRADITIONAL = str.maketrans(
    "兩萬億個號點時鐘後週禮塊圓角幾這從來過還給對應該會嗎無沒貳陸參叁壹肆伍柒捌玖拾佰仟",
    "两万亿个号点时钟后周礼块圆角几这从来过还给对应该会吗无没二六三三一四五七八九十百千",
)


@dataclass(frozen=True)
class Found:
    """One value: `value` normalised (dates ISO 8601, times HH:MM, phones E.164), `text` as it was written.

    `start` and `end` are positions in the original text; `sure` is false when the value was guessed from a near miss.
    """

    kind: Kind
    value: str | int | Decimal | bool
    text: str
    start: int
    end: int
    sure: bool = True


@dataclass(frozen=True)
class Rejected:
    """Something that was meant as a value of `kind` and cannot be one, and why."""

    kind: Kind
    reason: Reason
    text: str
    start: int
    end: int


Reading = Found | Rejected


def narrowed(text: str) -> str:
    """Return `text` with full-width and compatibility forms narrowed where that keeps every position."""
    return "".join(map(_narrow, text))


def level(text: str) -> str:
    """Return `text` with full-width forms, case and traditional number words levelled, every position kept."""
    return "".join(map(_lower, narrowed(text))).translate(_TRADITIONAL)


def _narrow(character: str) -> str:
    if character.isascii():
        return character
    folded = unicodedata.normalize("NFKC", character)
    return folded if len(folded) == 1 else character


def _lower(character: str) -> str:
    lowered = character.lower()
    return lowered if len(lowered) == 1 else character


def plain_number(value: Decimal) -> int | float:
    """Return `value` as JSON writes it: whole numbers without a fraction."""
    return int(value) if value == value.to_integral_value() else float(value)
