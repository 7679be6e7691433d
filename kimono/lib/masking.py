"""Take contacts and documents of people out of a text before it is logged, traced or exported."""

import re
from collections.abc import Callable

from stdnum import luhn
from stdnum.cn import ric

_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,6}[A-Za-z]{2,24}(?![\w-])")
_ID_CARD = re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)")
_MOBILE = re.compile(r"(?<![\dA-Za-z])(?:\+?86[-\s]?)?1[3-9]\d(?:[-\s]?\d{4}){2}(?!\d)")
_CARD = re.compile(r"(?<!\d)\d(?:[ -]?\d){15,18}(?!\d)")
_PASSPORT = re.compile(r"(?<![A-Za-z0-9])(?:[EG]\d{8}|E[A-HJ-NP-Z]\d{7})(?![A-Za-z0-9])")
_SECRET = re.compile(r"\b(kmn_[A-Za-z0-9]{4})[A-Za-z0-9_]{8,}\b|\b(vt_|whs_|ws_)[A-Za-z0-9._-]{12,}")


def _id_card(match: re.Match[str]) -> str:
    value = match.group()
    return value[:3] + "*" * 11 + value[-4:] if ric.is_valid(value.upper()) else value


def _bank_card(match: re.Match[str]) -> str:
    digits = re.sub(r"\D", "", match.group())
    return "*" * (len(digits) - 4) + digits[-4:] if luhn.is_valid(digits) else match.group()


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
    (_CARD, _bank_card),
    (_MOBILE, _mobile),
    (_PASSPORT, lambda match: match.group()[:2] + "*******"),
)


def mask(text: str) -> str:
    """Return `text` with mobile numbers, ID and bank cards, e-mail addresses, passports and secrets masked.

    Cards are masked only when their check digit is right, so order numbers stay readable. Idempotent.
    """
    for pattern, replace in _RULES:
        text = pattern.sub(replace, text)
    return text
