"""Times of day: 下午三点半, 15:30, 晚上8点, 3 pm."""

import re

from conversations.services.dialogue.values.found import Found, Reading, Rejected, level
from conversations.services.dialogue.values.numerals import parse_numeral

_NUMERAL = r"(?:\d{1,2}|[零〇一二两三四五六七八九十]{1,3})"
_HALF_DAY = r"(?P<part>凌晨|清晨|早上|早晨|上午|中午|正午|下午|午后|傍晚|晚上|夜里|半夜|今晚|明晚|昨晚|今早|明早|晚|早)?"
_CHINESE = re.compile(
    rf"{_HALF_DAY}\s*(?P<hour>{_NUMERAL})(?:点钟?|时(?!间|候))(?:(?P<half>半)|(?P<quarter>[一三])刻"
    rf"|(?P<minute>{_NUMERAL})(?![元块个件]) ?分?)?"
)
_CLOCK = re.compile(
    rf"{_HALF_DAY}\s*(?<![\d:.-])(?P<hour>\d{{1,2}})[::](?P<minute>\d{{2}})(?::\d{{2}})?(?![\d:])\s*(?P<half_day>[ap]\.?m\b\.?)?"
)
_ENGLISH = re.compile(r"(?<![\d:.-])(?P<hour>\d{1,2})\s*(?P<half_day>[ap]\.?m\b\.?)")
_NAMED = re.compile(r"\b(?:noon|midday)\b|\bmidnight\b|正午")
_AFTERNOON = {"下午", "午后", "傍晚", "晚上", "夜里", "今晚", "明晚", "昨晚", "晚"}
_NIGHT = {"晚上", "夜里", "半夜", "今晚", "明晚", "昨晚", "晚", "凌晨"}
# "十一点五" and the like: a bare 点 after a numeral is a decimal point when a count or unit of money follows.
_DECIMAL = re.compile(r"[零〇一二两三四五六七八九]+(?=[元块万千百折倍%])")


def find_times(text: str) -> list[Reading]:
    """Return the times of day in `text` in order as HH:MM on the 24-hour clock; 25:00 is `Rejected`."""
    levelled = level(text)
    readings: list[Reading] = []
    for pattern in (_CHINESE, _CLOCK, _ENGLISH):
        for match in pattern.finditer(levelled):
            if any(match.start() < each.end and each.start < match.end() for each in readings):
                continue
            if pattern is _CHINESE and _is_decimal(match, levelled):
                continue
            readings.append(_reading(match, text))
    for match in _NAMED.finditer(levelled):
        if all(match.end() <= each.start or match.start() >= each.end for each in readings):
            value = "00:00" if match.group() == "midnight" else "12:00"
            readings.append(Found("time", value, text[match.start() : match.end()], *match.span()))
    return sorted(readings, key=lambda each: each.start)


def _is_decimal(match: re.Match[str], levelled: str) -> bool:
    after = match.end("hour") + 1
    return bool(_DECIMAL.match(levelled, after)) and levelled[match.end("hour")] == "点"


def _reading(match: re.Match[str], text: str) -> Reading:
    named = match.groupdict()
    span = (text[match.start() : match.end()], match.start(), match.end())
    hour, minute = _number(match["hour"]), _minute(named)
    if hour is None or minute is None:
        return Rejected("time", "impossible_time", *span)
    hour = _on_24_hours(hour, part=named.get("part"), half_day=named.get("half_day"))
    if hour > 23 or minute > 59:
        return Rejected("time", "impossible_time", *span)
    return Found("time", f"{hour:02d}:{minute:02d}", *span)


def _minute(named: dict[str, str | None]) -> int | None:
    if named.get("half"):
        return 30
    if quarter := named.get("quarter"):
        return 15 if quarter == "一" else 45
    minute = named.get("minute")
    return _number(minute) if minute else 0


def _on_24_hours(hour: int, *, part: str | None, half_day: str | None) -> int:
    """Return the hour of the 24-hour clock, or an impossible one when the parts contradict each other."""
    if half_day:
        if not 1 <= hour <= 12:
            return 99
        return hour % 12 + (12 if half_day.startswith("p") else 0)
    if (hour == 12 and part in _NIGHT) or hour == 24:
        return 0
    if part in _AFTERNOON and hour < 12:
        return hour + 12
    if part in ("中午", "正午") and hour <= 3:
        return hour + 12
    return hour


def _number(text: str) -> int | None:
    value = parse_numeral(text)
    return None if value is None else int(value)
