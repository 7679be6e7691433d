"""What one message offers for the slots of a scene, before anything is decided."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Any

from jsonschema import Draft202012Validator

from conversations.services.dialogue import values
from conversations.services.dialogue.slots.scenes import Slot
from conversations.services.dialogue.values.found import (
    Found,
    Reading,
    Reason,
    Rejected,
    Scalar,
    plain_number,
)

QUESTION = re.compile(
    r"[?？]\s*$|[吗呢么]\s*[?？。]*$|怎么|如何|为什么|什么|哪|多少|多久|几天|^(?:how|what|why|when|where|who|which|can|could|do|does|is|are)\b",
    re.IGNORECASE,
)
_DENIED = re.compile(r"(?:不是|不要|别用|并非|not|isn'?t)[\s「“\"']*$", re.IGNORECASE)
_LONGEST_TEXT = 200
_SHORT_REFERENCE = 4


@dataclass(frozen=True)
class Moment:
    """When and where a message was written; `region` is the country of telephone numbers without a code."""

    now: datetime
    tz: tzinfo
    region: str = "CN"


def read(slot: Slot, text: str, *, asked: bool, moment: Moment) -> list[Reading]:
    """Return what `text` offers for `slot`, in order, values that were denied (不是 ORD-001) left out.

    `asked` says that the text answers the question for this slot: bare and near values count only then.
    """
    found = [each for each in _find(slot, text, asked=asked, moment=moment) if not _denied(each, text)]
    return [_checked(slot, each) for each in found]


def json_value(found: Found) -> Scalar:
    """Return the value as JSON carries it."""
    return plain_number(found.value) if isinstance(found.value, Decimal) else found.value


def labelled(slot: Slot, reading: Reading, text: str) -> bool:
    """Tell whether the slot's title stands right before the reading (还衣日期是10月3日)."""
    before = text[max(0, reading.start - 16) : reading.start].lower()
    clause = re.split(r"[,，。;；、\n]", before)[-1]
    return any(title.lower() in clause for title in slot.titles())


def fault(slot: Slot, value: Any) -> Reason | None:
    """Return why `value` breaks the property's rules, or None when it keeps them."""
    error = next(iter(Draft202012Validator(dict(slot.schema)).iter_errors(value)), None)
    if error is None:
        return None
    if error.validator == "enum":
        return "not_offered"
    if error.validator == "type":
        return "wrong_type"
    return "pattern" if error.validator == "pattern" else "out_of_range"


def _find(slot: Slot, text: str, *, asked: bool, moment: Moment) -> Iterable[Reading]:
    match slot.kind:
        case "order":
            return _references(slot, text, asked=asked)
        case "phone":
            return _phones(text, asked=asked, region=moment.region)
        case "email":
            return values.find_emails(text)
        case "date":
            return values.find_dates(
                text, now=moment.now, tz=moment.tz, prefer="past" if slot.prefers_past else "future"
            )
        case "time":
            return values.find_times(text)
        case "amount":
            return values.find_amounts(text) or (values.find_numbers(text) if asked else [])
        case "integer":
            return [each for each in values.find_integers(text) if asked or not each.text.strip().isdigit()]
        case "enum":
            return _options(slot, text, asked=asked)
        case "boolean":
            answer = values.find_boolean(text) if asked else None
            return [answer] if answer else []
        case "text":
            return _free_text(text) if asked else []


def _references(slot: Slot, text: str, *, asked: bool) -> list[Reading]:
    readings = values.find_orders(text, pattern=slot.pattern)
    if not asked:
        return [each for each in readings if len(each.text) >= _SHORT_REFERENCE]
    if readings or slot.pattern is None:
        return readings
    bare = text.strip().strip("。.，,！!")
    start = text.find(bare)
    for form in (bare, bare.upper(), re.sub(r"[\s_]+", "-", bare.upper())):
        if re.search(slot.pattern, form, re.ASCII) and not QUESTION.search(text):
            return [Found("order", form, bare, start, start + len(bare))]
    # What was given for the number asked for, however short: 999.
    meant = re.search(r"[A-Za-z0-9][A-Za-z0-9_-]*\d[A-Za-z0-9_-]*|\d+", text)
    return [Rejected("order", "pattern", meant.group(), *meant.span())] if meant else []


def _phones(text: str, *, asked: bool, region: str) -> list[Reading]:
    readings = values.find_phones(text, region=region)
    if readings or not asked:
        return readings
    # What was given for the number asked for, though it is none.
    meant = re.search(r"\+?\d(?:[\s-]?\d){4,19}", values.level(text))
    return [Rejected("phone", "impossible_phone", meant.group(), *meant.span())] if meant else []


def _options(slot: Slot, text: str, *, asked: bool) -> list[Reading]:
    choice = values.match_enum(text, slot.options, synonyms=slot.synonyms, whole=asked)
    if choice is None:
        short = asked and len(text.strip()) <= 12 and not QUESTION.search(text)
        return [Rejected("enum", "not_offered", text.strip(), 0, len(text))] if short else []
    # The schema may offer numbers; the value is the offered one, not its text.
    offered = next(option for option in slot.schema["enum"] if str(option) == choice.value)
    return [Found("enum", offered, choice.text, choice.start, choice.end, choice.sure)]


def _free_text(text: str) -> list[Reading]:
    stripped = text.strip()
    if not stripped or QUESTION.search(stripped):
        return []
    return [Found("text", stripped[:_LONGEST_TEXT], stripped, 0, len(text), sure=False)]


def _denied(reading: Reading, text: str) -> bool:
    return reading.start > 0 and bool(_DENIED.search(text[: reading.start]))


def _checked(slot: Slot, reading: Reading) -> Reading:
    if isinstance(reading, Rejected):
        return reading
    reason = fault(slot, json_value(reading))
    return Rejected(reading.kind, reason, reading.text, reading.start, reading.end) if reason else reading


def accept_value(slot: Slot, value: object, *, moment: Moment) -> tuple[Scalar | None, Reason | None]:
    """Return a value given from outside as the slot keeps it, or why it cannot be used."""
    if isinstance(value, str) and slot.kind not in ("text", "enum", "boolean"):
        reading = next(iter(read(slot, value, asked=True, moment=moment)), None)
        if isinstance(reading, Found):
            return json_value(reading), None
        return None, reading.reason if reading else "wrong_type"
    if not isinstance(value, str | int | float | bool):
        return None, "wrong_type"
    reason = fault(slot, value)
    return (None, reason) if reason else (value, None)


def given_slots(slots: Mapping[str, Slot], given: Mapping[str, object]) -> dict[str, object]:
    """Return what was given for slots that the scene has; other keys are left alone."""
    return {name: value for name, value in given.items() if name in slots}
