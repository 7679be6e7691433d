"""Telephone numbers and e-mail addresses."""

import re

from conversations.services.dialogue.values.found import Found, Reading, Rejected, level

_SPOKEN_DIGITS = re.compile("[零〇一二三四五六七八九]{7,15}")
_ARABIC = str.maketrans("零〇一二三四五六七八九", "00123456789")
# Digits that can only have been meant as a mobile number, right or wrong.
_MEANT_AS_PHONE = re.compile(r"(?<![\da-z-])(?:\+?86[- ]?)?1[3-9](?:[- ]?\d){5,12}(?![\da-z])")
_INSIDE_REFERENCE = re.compile(r"[a-z][-_]?$")
_FEWEST_DIGITS = 3
_EMAIL = re.compile(
    r"(?<![a-z0-9._%+-])[a-z0-9](?:[a-z0-9._%+-]{0,62}[a-z0-9])?@"
    r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,6}[a-z]{2,24}(?![a-z0-9-])"
)


def find_phones(text: str, *, region: str = "CN") -> list[Reading]:
    """Return the telephone numbers in `text` in order, as E.164 (+8613800138000).

    Blanks, dashes, full-width and Chinese digits are read; numbers without a country code belong to `region`.
    Digits that can only be meant as a mobile number but are none are `Rejected` with reason `impossible_phone`.
    """
    levelled = _SPOKEN_DIGITS.sub(lambda run: run.group().translate(_ARABIC), level(text))
    if sum(map(str.isdigit, levelled)) < _FEWEST_DIGITS:
        return []
    # The plans of all countries take a third of a second and 10 MB: most messages need none of them.
    import phonenumbers

    readings: list[Reading] = []
    for match in phonenumbers.PhoneNumberMatcher(levelled, region):
        if _INSIDE_REFERENCE.search(levelled[: match.start]):
            continue
        number = phonenumbers.format_number(match.number, phonenumbers.PhoneNumberFormat.E164)
        readings.append(Found("phone", number, text[match.start : match.end], match.start, match.end))
    for attempt in _MEANT_AS_PHONE.finditer(levelled):
        start, end = attempt.span()
        if all(end <= each.start or start >= each.end for each in readings):
            readings.append(Rejected("phone", "impossible_phone", text[start:end], start, end))
    return sorted(readings, key=lambda each: each.start)


def find_emails(text: str) -> list[Found]:
    """Return the e-mail addresses in `text` in order, in lower case."""
    levelled = level(text)
    return [
        Found(
            "email",
            match.group(),
            text[match.start() : match.end()],
            match.start(),
            match.end(),
        )
        for match in _EMAIL.finditer(levelled)
    ]
