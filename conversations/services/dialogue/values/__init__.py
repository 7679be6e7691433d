"""Typed values out of what a contact writes: where each stands, what it means, and why one cannot be used."""

from conversations.services.dialogue.values.answers import find_boolean, match_enum
from conversations.services.dialogue.values.contacts import find_emails, find_phones
from conversations.services.dialogue.values.dates import find_dates
from conversations.services.dialogue.values.found import (
    Found,
    Reading,
    Reason,
    Rejected,
    Scalar,
    level,
)
from conversations.services.dialogue.values.numbers import (
    find_amounts,
    find_integers,
    find_numbers,
)
from conversations.services.dialogue.values.numerals import parse_numeral
from conversations.services.dialogue.values.orders import find_orders, has_no_words
from conversations.services.dialogue.values.times import find_times

__all__ = [
    "Found",
    "Reading",
    "Reason",
    "Rejected",
    "Scalar",
    "find_amounts",
    "find_boolean",
    "find_dates",
    "find_emails",
    "find_integers",
    "find_numbers",
    "find_orders",
    "find_phones",
    "find_times",
    "has_no_words",
    "level",
    "match_enum",
    "parse_numeral",
]
