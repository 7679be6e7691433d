"""Dates relative to Friday, 3 July 2026, half past four in the afternoon in Shanghai."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.services.dialogue.values import Found, Rejected, find_dates, find_times

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 7, 3, 8, 30, tzinfo=UTC)


def read(text: str) -> list[str]:
    return [
        each.value if isinstance(each, Found) else each.reason
        for each in find_dates(text, now=NOW, tz=SHANGHAI)
    ]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("今天", "2026-07-03"),
        ("明天下午", "2026-07-04"),
        ("后天", "2026-07-05"),
        ("大后天", "2026-07-06"),
        ("昨晚", "2026-07-02"),
        ("前天买的", "2026-07-01"),
        ("下周三", "2026-07-08"),
        ("这周三", "2026-07-01"),
        ("周三", "2026-07-08"),
        ("周五", "2026-07-03"),
        ("上周五", "2026-06-26"),
        ("下下周一", "2026-07-13"),
        ("星期天", "2026-07-05"),
        ("禮拜六", "2026-07-04"),
        ("周末", "2026-07-04"),
        ("上个月5号", "2026-06-05"),
        ("下个月十五号", "2026-08-15"),
        ("月底", "2026-07-31"),
        ("下月底", "2026-08-31"),
        ("九月底", "2026-09-30"),
        ("下个月初", "2026-08-01"),
        ("年底", "2026-12-31"),
        ("10月1日", "2026-10-01"),
        ("十月一号", "2026-10-01"),
        ("二零二六年十月一日", "2026-10-01"),
        ("2026年10月1日", "2026-10-01"),
        ("25年3月1日", "2025-03-01"),
        ("2026-10-01", "2026-10-01"),
        ("2026/10/1", "2026-10-01"),
        ("2026-07-03T10:00:00Z", "2026-07-03"),
        ("去年10月1号", "2025-10-01"),
        ("1月5日", "2027-01-05"),
        ("2月29日", "2028-02-29"),
        ("25号", "2026-07-25"),
        ("2号", "2026-08-02"),
        ("三天后", "2026-07-06"),
        ("两周后", "2026-07-17"),
        ("半个月后", "2026-07-18"),
        ("一个月前", "2026-06-03"),
        ("国庆", "2026-10-01"),
        ("双十一", "2026-11-11"),
        ("10/1", "2026-10-01"),
        ("後天", "2026-07-05"),
        ("下週三", "2026-07-08"),
        ("１０月１日", "2026-10-01"),
        ("next Friday", "2026-07-10"),
        ("Oct 1", "2026-10-01"),
        ("October 1st, 2027", "2027-10-01"),
        ("1 October", "2026-10-01"),
        ("in three days", "2026-07-06"),
        ("2 weeks ago", "2026-06-19"),
        ("end of next month", "2026-08-31"),
        ("on monday", "2026-07-06"),
        ("the day after tomorrow", "2026-07-05"),
        ("last Monday", "2026-06-22"),
    ],
)
def test_a_day_is_read(text: str, day: str) -> None:
    assert read(text) == [day]


@pytest.mark.parametrize(
    "text", ["2月30日", "2026-02-30", "13月5日", "明年2月29日", "Feb 30", "32号", "2026年0月1日"]
)
def test_a_day_that_does_not_exist_is_refused(text: str) -> None:
    assert read(text) == ["impossible_date"]


@pytest.mark.parametrize(
    "text", ["5号楼", "3号线", "sun cream", "you may go", "七天无理由", "签收后7天内", "2026", "第3号"]
)
def test_what_is_no_day_is_left_alone(text: str) -> None:
    assert read(text) == []


def test_two_days_keep_their_order() -> None:
    assert read("从10月1日到10月3日") == ["2026-10-01", "2026-10-03"]


def test_a_bare_day_lies_behind_when_the_past_is_meant() -> None:
    found = find_dates("5月1日买的，周一到的", now=NOW, tz=SHANGHAI, prefer="past")
    assert [each.value for each in found if isinstance(each, Found)] == ["2026-05-01", "2026-06-29"]


def test_the_day_is_the_contacts_own() -> None:
    late = datetime(2026, 7, 3, 17, 0, tzinfo=UTC)
    assert find_dates("今天", now=late, tz=SHANGHAI)[0].value == "2026-07-04"
    assert find_dates("今天", now=late, tz=ZoneInfo("America/New_York"))[0].value == "2026-07-03"


@given(st.dates(min_value=date(1900, 1, 1), max_value=date(2999, 12, 31)))
def test_a_full_date_is_read_back_however_it_is_written(day: date) -> None:
    forms = (
        day.isoformat(),
        f"{day.year}年{day.month}月{day.day}日",
        f"{day:%Y/%m/%d}",
        f"{day:%B} {day.day}, {day.year}",
    )
    assert [read(form) for form in forms] == [[day.isoformat()]] * 4


@given(st.integers(min_value=1, max_value=999))
def test_days_ahead_are_counted(days: int) -> None:
    assert read(f"{days}天后") == [(date(2026, 7, 3) + timedelta(days=days)).isoformat()]


@given(st.text(max_size=80))
def test_no_text_breaks_the_reader(text: str) -> None:
    for reading in find_dates(text, now=NOW, tz=SHANGHAI):
        assert isinstance(reading, Found | Rejected)
        assert reading.text == text[reading.start : reading.end]


@pytest.mark.parametrize(
    ("text", "clock"),
    [
        ("下午三点半", "15:30"),
        ("15:30", "15:30"),
        ("晚上8点", "20:00"),
        ("8点一刻", "08:15"),
        ("凌晨两点", "02:00"),
        ("晚上12点", "00:00"),
        ("中午12点", "12:00"),
        ("3pm", "15:00"),
        ("3:30 pm", "15:30"),
        ("noon", "12:00"),
        ("10点20分", "10:20"),
        ("８：３０", "08:30"),
        ("早上八点四十五", "08:45"),
        ("下午14:00", "14:00"),
        ("下午三點半", "15:30"),
        ("12am", "00:00"),
    ],
)
def test_a_time_is_read(text: str, clock: str) -> None:
    assert [each.value for each in find_times(text) if isinstance(each, Found)] == [clock]


@pytest.mark.parametrize("text", ["25:00", "13pm", "10:75"])
def test_a_time_that_does_not_exist_is_refused(text: str) -> None:
    assert [each.reason for each in find_times(text) if isinstance(each, Rejected)] == ["impossible_time"]


@pytest.mark.parametrize("text", ["一点五万", "3个小时", "有点贵", "2026-07-03"])
def test_what_is_no_time_is_left_alone(text: str) -> None:
    assert find_times(text) == []
