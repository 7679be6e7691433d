"""Dates as people write them, relative to a moment in the contact's time zone.

Conventions: weeks begin on Monday; 下周三 and "next Wednesday" are the Wednesday of the next calendar week; a bare
weekday, day or day and month means the nearest one to come (today included), or with `prefer="past"` the nearest gone.
"""

import calendar
import re
from collections.abc import Callable
from datetime import date, datetime, timedelta, tzinfo

from conversations.services.dialogue.values.found import Found, Reading, Rejected, level
from conversations.services.dialogue.values.numerals import ENGLISH_NUMBERS, parse_numeral
from conversations.services.dialogue.values.reckoning import (
    Prefer,
    add_months,
    in_week,
    nearest_year,
    part_of_month,
)

# A rule returns the date, or None when the parts name a day that does not exist.
_Rule = Callable[[re.Match[str], date, Prefer], date | None]

_N = r"(?:\d{1,4}|[零〇一二两三四五六七八九十百廿]{1,5}|半)"
_DAY_WORDS = {
    "大前天": -3, "前天": -2, "前日": -2, "昨天": -1, "昨日": -1, "昨晚": -1, "昨儿": -1,
    "今天": 0, "今日": 0, "今晚": 0, "今早": 0, "今儿": 0, "当天": 0,
    "明天": 1, "明日": 1, "明早": 1, "明晚": 1, "明儿": 1, "后天": 2, "后日": 2, "大后天": 3,
    "the day before yesterday": -2, "day before yesterday": -2, "yesterday": -1, "today": 0, "tonight": 0,
    "the day after tomorrow": 2, "day after tomorrow": 2, "tomorrow": 1, "tmr": 1, "tmrw": 1,
}  # fmt: skip
_FEASTS = {
    "元旦": (1, 1), "情人节": (2, 14), "妇女节": (3, 8), "劳动节": (5, 1), "五一": (5, 1), "儿童节": (6, 1),
    "国庆节": (10, 1), "国庆": (10, 1), "双十一": (11, 11), "双11": (11, 11), "双十二": (12, 12), "双12": (12, 12),
    "平安夜": (12, 24), "圣诞节": (12, 25), "圣诞": (12, 25), "christmas": (12, 25),
}  # fmt: skip
_WEEKDAYS = {
    "一": 0,
    "二": 1,
    "三": 2,
    "四": 3,
    "五": 4,
    "六": 5,
    "日": 6,
    "天": 6,
    "末": 5,
}
_WEEKDAYS |= {str(number): number - 1 for number in range(1, 8)}
_ENGLISH_WEEKDAYS = {
    "mon": 0,
    "tue": 1,
    "wed": 2,
    "thu": 3,
    "fri": 4,
    "sat": 5,
    "sun": 6,
}
_MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), start=1
    )
}
_COUNTS = ENGLISH_NUMBERS | {"a": 1, "an": 1, "a couple of": 2}
_MONTH_NAME = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\.?"
)
_WEEKDAY_NAME = r"(?:mon|tue(?:s)?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?"


_SHIFTS = {
    "上上": -2,
    "上": -1,
    "这": 0,
    "本": 0,
    "下": 1,
    "下下": 2,
    "last": -1,
    "this": 0,
    "next": 1,
    "the": 0,
    "": 0,
}


def find_dates(text: str, *, now: datetime, tz: tzinfo, prefer: Prefer = "future") -> list[Reading]:
    """Return the dates in `text` in order as ISO 8601; a day that does not exist (2 月 30 日) is `Rejected`.

    `now` is the moment of the message, seen in `tz`. Overlapping readings: the longest wins.
    """
    today = now.astimezone(tz).date()
    levelled = level(text)
    readings: list[Reading] = []
    for pattern, rule in _RULES:
        for match in pattern.finditer(levelled):
            start, end = match.span()
            if any(start < each.end and each.start < end for each in readings):
                continue
            readings.append(_reading(rule, match, text, today, prefer))
    return sorted(readings, key=lambda each: each.start)


def _reading(rule: _Rule, match: re.Match[str], text: str, today: date, prefer: Prefer) -> Reading:
    span = (text[match.start() : match.end()], match.start(), match.end())
    try:
        day = rule(match, today, prefer)
    except (ValueError, OverflowError):
        day = None
    return Found("date", day.isoformat(), *span) if day else Rejected("date", "impossible_date", *span)


def _number(text: str) -> int:
    value = parse_numeral(text.replace("廿", "二十"))
    if value is None or value != int(value):
        raise ValueError(text)
    return int(value)


def _year_month_day(match: re.Match[str], today: date, prefer: Prefer) -> date:
    year = _number(match["year"])
    return date(
        year + 2000 if year < 100 else year,
        _number(match["month"]),
        _number(match["day"]),
    )


def _month_day(match: re.Match[str], today: date, prefer: Prefer) -> date | None:
    month, day = _number(match["month"]), _number(match["day"])
    if word := match.groupdict().get("year_word"):
        return date(
            today.year + {"前年": -2, "去年": -1, "今年": 0, "明年": 1, "后年": 2}[word],
            month,
            day,
        )
    return nearest_year(month, day, today, prefer)


def _feast(match: re.Match[str], today: date, prefer: Prefer) -> date | None:
    return nearest_year(*_FEASTS[match.group()], today, prefer)


def _day_word(match: re.Match[str], today: date, prefer: Prefer) -> date:
    return today + timedelta(days=_DAY_WORDS[match["word"]])


def _shift(match: re.Match[str]) -> int | None:
    return _SHIFTS[match["shift"]] if match["shift"] else None


def _weekday(match: re.Match[str], today: date, prefer: Prefer) -> date:
    weekday = _WEEKDAYS[match["weekday"]]
    return in_week(weekday, _shift(match), today, prefer)


def _english_weekday(match: re.Match[str], today: date, prefer: Prefer) -> date:
    return in_week(_ENGLISH_WEEKDAYS[match["weekday"][:3]], _shift(match), today, prefer)


def _day_of_shifted_month(match: re.Match[str], today: date, prefer: Prefer) -> date:
    first = add_months(today.replace(day=1), _SHIFTS[match["shift"]])
    part = match["part"]
    if part:
        return part_of_month(first, part)
    return first.replace(day=_number(match["day"]))


def _bare_part_of_month(match: re.Match[str], today: date, prefer: Prefer) -> date:
    first = today.replace(day=1)
    if match["month"]:
        nearest = nearest_year(_number(match["month"]), 1, first, prefer)
        if nearest is None:
            raise ValueError(match["month"])
        first = nearest
    return part_of_month(first, match["part"])


def _english_end_of_month(match: re.Match[str], today: date, prefer: Prefer) -> date:
    return part_of_month(add_months(today.replace(day=1), _SHIFTS[match["shift"]]), "月底")


def _end_of_year(match: re.Match[str], today: date, prefer: Prefer) -> date:
    return date(today.year + (1 if match.group().startswith("明") else 0), 12, 31)


def _bare_day(match: re.Match[str], today: date, prefer: Prefer) -> date | None:
    day = _number(match["day"])
    if not 1 <= day <= 31:
        return None
    step = 1 if prefer == "future" else -1
    # Within three months there is one with 31 days.
    for shift in range(3):
        first = add_months(today.replace(day=1), shift * step)
        if day <= calendar.monthrange(first.year, first.month)[1]:
            candidate = first.replace(day=day)
            if (candidate >= today) if prefer == "future" else (candidate <= today):
                return candidate
    return None


def _distance(match: re.Match[str], today: date, prefer: Prefer) -> date:
    return _moved(today, match["n"], match["unit"], -1 if match["way"].endswith("前") else 1)


def _english_distance(match: re.Match[str], today: date, prefer: Prefer) -> date:
    return _moved(today, match["n"], match["unit"], -1 if match["way"] else 1)


def _moved(today: date, written: str, unit: str, way: int) -> date:
    month = unit.startswith(("月", "个月", "month"))
    if written == "半":
        if not month:
            raise ValueError(written)
        return today + timedelta(days=15 * way)
    amount = _COUNTS[written] if written in _COUNTS else _number(written)
    if month:
        return add_months(today, amount * way)
    if unit.startswith(("天", "日", "day")):
        return today + timedelta(days=amount * way)
    return today + timedelta(weeks=amount * way)


def _english_month_day(match: re.Match[str], today: date, prefer: Prefer) -> date | None:
    month, day = _MONTHS[match["month"][:3]], int(match["day"])
    return date(int(match["year"]), month, day) if match["year"] else nearest_year(month, day, today, prefer)


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text)


_SHIFT = r"(?P<shift>上上|下下|上|下|这|本)个?"
_ENGLISH_COUNT = (
    r"(?P<n>\d{1,3}|a couple of|an?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)"
)
# Longer readings first: what an earlier rule took, a later one leaves alone.
_RULES: tuple[tuple[re.Pattern[str], _Rule], ...] = (
    (
        _pattern(
            r"(?<![\da-z-])(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})(?!\d)(?:t[\d:.+z-]*)?"
        ),
        _year_month_day,
    ),
    (
        _pattern(
            rf"(?P<year>\d{{4}}|\d{{2}}|[零〇一二三四五六七八九]{{4}})年(?P<month>{_N})月(?P<day>{_N})[日号]?"
        ),
        _year_month_day,
    ),
    (
        _pattern(rf"(?P<year_word>前年|去年|今年|明年|后年)?的?(?P<month>{_N})月(?P<day>{_N})[日号]?"),
        _month_day,
    ),
    (
        _pattern(rf"{_SHIFT}月(?:份)?的?(?:(?P<part>底|末|初|中(?!旬)|中旬)|(?P<day>{_N})[日号])"),
        _day_of_shifted_month,
    ),
    (
        _pattern(rf"(?:(?P<month>{_N})(?=月))?(?P<part>月底|月末|月初|月中(?!旬))"),
        _bare_part_of_month,
    ),
    (_pattern(r"(?:今|明)?年底"), _end_of_year),
    (
        _pattern(rf"(?P<n>{_N})\s*(?P<unit>天|日|个?星期|个?礼拜|周|个月)(?:之|以)?(?P<way>后|前)(?!台)"),
        _distance,
    ),
    (
        _pattern(
            r"(?:(?P<shift>上上|下下|上|下|这|本)(?:一)?个?)?(?:周|星期|礼拜)(?P<weekday>[一二三四五六日天末]|[1-7](?!\d|天|年|个))"
        ),
        _weekday,
    ),
    (
        _pattern("|".join(sorted((re.escape(name) for name in _FEASTS), key=len, reverse=True))),
        _feast,
    ),
    (
        _pattern(
            rf"\b(?P<month>{_MONTH_NAME})\s*(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\b(?:,?\s*(?P<year>\d{{4}}))?(?!:)"
        ),
        _english_month_day,
    ),
    (
        _pattern(
            rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<month>{_MONTH_NAME})(?![a-z])(?:,?\s*(?P<year>\d{{4}}))?"
        ),
        _english_month_day,
    ),
    (
        _pattern(r"\b(?:the\s+)?end of (?P<shift>this|next|last|the) month\b"),
        _english_end_of_month,
    ),
    (
        _pattern(rf"\bin {_ENGLISH_COUNT} (?P<unit>days?|weeks?|months?)\b(?P<way>)"),
        _english_distance,
    ),
    (
        _pattern(rf"\b{_ENGLISH_COUNT} (?P<unit>days?|weeks?|months?) (?P<way>ago|earlier)\b"),
        _english_distance,
    ),
    (
        _pattern(rf"\b(?:on\s+|(?P<shift>last|this|next)\s+)(?P<weekday>{_WEEKDAY_NAME})\b"),
        _english_weekday,
    ),
    (
        _pattern(rf"\b(?P<shift>)(?P<weekday>{_WEEKDAY_NAME}(?<=day))\b"),
        _english_weekday,
    ),
    (
        _pattern(
            r"(?P<word>"
            + "|".join(sorted((re.escape(word) for word in _DAY_WORDS), key=len, reverse=True))
            + r")(?!年)"
        ),
        _day_word,
    ),
    (
        _pattern(rf"(?<![\d第a-z-])(?P<day>{_N})号(?!码|楼|线|店|门|客服|机|房|院|键|柜|仓|和)"),
        _bare_day,
    ),
    (
        _pattern(r"(?<![\d/.a-z-])(?P<month>\d{1,2})/(?P<day>\d{1,2})(?![\d/.])"),
        _month_day,
    ),
)
