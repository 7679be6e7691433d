"""Order and other reference numbers."""

import re

from conversations.services.dialogue.values.found import (
    Found,
    Reading,
    Rejected,
    narrowed,
)

# A token that may be a reference: letters, digits and the signs that join them; other characters end it.
_TOKEN = re.compile(
    r"(?<![a-z0-9@._+-])(?=[a-z0-9_-]*\d)[a-z0-9]+(?:[-_][a-z0-9]+)*(?![a-z0-9@])",
    re.IGNORECASE,
)
# ORG 100001: only capitals, or "for 100001" would be one.
_SPACED = re.compile(r"(?<![A-Za-z0-9@._+-])[A-Z]{2,6} \d{3,24}(?![A-Za-z0-9@])")
_REFERENCE = re.compile(
    r"[A-Z]{2,6}-?\d{3,24}|\d{8,24}|[A-Z]{2,6}(?:-[A-Z0-9]{2,12}){1,3}|[A-Z]\d{6,24}",
    re.ASCII,
)
_MOBILE = re.compile(r"(?:86)?1[3-9]\d{9}", re.ASCII)
_PARTS = re.compile(r"([A-Z]+)[-_ ]?(\d+)")
_MAX_LENGTH = 64


def find_orders(text: str, *, pattern: str | None = None) -> list[Reading]:
    """Return the reference numbers in `text` in order, upper case and without stray blanks.

    With a `pattern` (JSON Schema, searched as there) a number that looks like a reference but does not match it is
    `Rejected` with reason `pattern`; what is written nearly right (org100001, ORG 100001) is brought into its form.
    """
    narrow = narrowed(text)
    wanted = re.compile(pattern, re.ASCII) if pattern else None
    readings: list[Reading] = []
    if wanted:
        for match in _SPACED.finditer(narrow):
            value = _fitting(match.group(), wanted=wanted)
            if value is not None:
                readings.append(Found("order", value, text[slice(*match.span())], *match.span()))
    for match in _TOKEN.finditer(narrow):
        start, end = match.span()
        if any(start < each.end and each.start < end for each in readings):
            continue
        value = _fitting(match.group()[:_MAX_LENGTH], wanted=wanted)
        if value is not None:
            readings.append(Found("order", value, text[start:end], start, end))
        elif wanted and _looks_like_reference(match.group()[:_MAX_LENGTH]):
            readings.append(Rejected("order", "pattern", text[start:end], start, end))
    return sorted(readings, key=lambda each: each.start)


def _fitting(written: str, *, wanted: re.Pattern[str] | None) -> str | None:
    for form in (written, *_forms(written)) if wanted else _forms(written):
        if wanted.search(form) if wanted else _generic(form):
            return form
    return None


def _forms(written: str) -> list[str]:
    """Return the ways `written` could have been meant, the nearest first."""
    upper = written.upper()
    forms = [upper, re.sub(r"[ _]", "-", upper)]
    if not upper.replace("-", "").isdigit():
        # 1994-2010 is a span of years.
        forms.append(re.sub(r"[ _-]", "", upper))
    parts = _PARTS.fullmatch(upper)
    if parts:
        forms.append(f"{parts[1]}-{parts[2]}")
    return forms


def _generic(form: str) -> bool:
    return bool(_REFERENCE.fullmatch(form)) and not _MOBILE.fullmatch(form)


def _looks_like_reference(written: str) -> bool:
    """Tell whether `written` was meant as a reference: its generic form, or digits too many to count things."""
    return any(_generic(form) for form in _forms(written)) or bool(
        re.fullmatch(r"[a-z]{2,6}[-_ ]?\d+", written, re.IGNORECASE)
    )


def has_no_words(text: str) -> bool:
    """Tell whether `text` is nothing but reference numbers, digits and signs."""
    rest = narrowed(text)
    for reading in find_orders(text):
        rest = rest.replace(narrowed(reading.text), " ")
    return not re.search(r"[^\W\d_]", rest)
