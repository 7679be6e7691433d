"""Take contacts and documents of people out of a text before it is logged, traced or exported."""

import re
from collections.abc import Callable

from stdnum import luhn
from stdnum.cn import ric

# Chinese writes no space around a word, so `\b` and `\w` find no border there: letters are named one by one.
_EMAIL = re.compile(
    r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9\u4e00-\u9fff-]{1,63}\.){1,6}[A-Za-z]{2,24}(?![A-Za-z0-9-])"
)
_ID_CARD = re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)")
_MOBILE = re.compile(r"(?<![\dA-Za-z])(?:(?:\+|00)?86[-\s]?)?1[3-9]\d(?:[-\s]?\d{4}){2}(?!\d)")
_CARDS = re.compile(r"(?<!\d)\d(?:[ -]?\d){15,}")
_PASSPORT = re.compile(r"(?<![A-Za-z0-9])(?:[EG]\d{8}|E[A-HJ-NP-Z]\d{7})(?![A-Za-z0-9])")
_SECRET = re.compile(
    r"(?<![A-Za-z0-9])(?:(kmn_[A-Za-z0-9]{4})[A-Za-z0-9_]{8,}|(vt_|whs_|ws_)[A-Za-z0-9_-]{12,}(?:\.[A-Za-z0-9_-]+)*)"
)
_CARD_DIGITS = range(16, 20)


def _id_card(match: re.Match[str]) -> str:
    value = match.group()
    return value[:3] + "*" * 11 + value[-4:] if ric.is_valid(value.upper()) else value


def _bank_cards(match: re.Match[str]) -> str:
    groups = re.split("([ -])", match.group())
    shown: list[str] = []
    first = 0
    while first < len(groups):
        last = _end_of_card(groups, first)
        digits = "".join(groups[first : last + 1 : 2])
        shown.append(groups[first] if last < first else "*" * (len(digits) - 4) + digits[-4:])
        first = max(first, last) + 1
    return "".join(shown)


def _end_of_card(groups: list[str], first: int) -> int:
    """Return where the card ends that begins with this group of digits; -1 when none does."""
    for last in reversed(range(first, min(first + 2 * _CARD_DIGITS.stop, len(groups)), 2)):
        digits = "".join(groups[first : last + 1 : 2])
        if len(digits) in _CARD_DIGITS and luhn.is_valid(digits):
            return last
    return -1


def _mobile(match: re.Match[str]) -> str:
    digits = re.sub(r"\D", "", match.group())[-11:]
    return f"{digits[:3]}****{digits[-4:]}"


def _email(match: re.Match[str]) -> str:
    name, _, host = match.group().partition("@")
    return f"{name[:1]}***@{host}"


def _secret(match: re.Match[str]) -> str:
    return f"{match.group(1) or match.group(2)}…"


_RULES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (_SECRET, _secret),
    (_EMAIL, _email),
    (_ID_CARD, _id_card),
    (_CARDS, _bank_cards),
    (_MOBILE, _mobile),
    (_PASSPORT, lambda match: match.group()[:2] + "*******"),
)


def mask(text: str) -> str:
    """Return `text` with mobile numbers, ID and bank cards, e-mail addresses, passports and secrets masked.

    Cards are masked only when their check digit is right, so order numbers stay readable. Idempotent.
    """
    before = None
    # What one rule takes away may be what hid a neighbour from another; each round leaves fewer digits and letters.
    while text != before:
        before = text
        for pattern, replace in _RULES:
            text = pattern.sub(replace, text)
    return text


def first_masked(text: str, *, around: int = 30) -> str:
    """Return the first thing that `mask` hides, masked, with `around` characters on each side; empty when there is none."""
    masked = mask(text)
    if masked == text:
        return ""
    place = next(
        (index for index, (one, other) in enumerate(zip(text, masked, strict=False)) if one != other), 0
    )
    return masked[max(0, place - around) : place + around]
