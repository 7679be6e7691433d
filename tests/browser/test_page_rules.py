"""Rules of the pages' scripts that need no server: the merchant's clock, quiet hours, the number in the tab."""

from typing import Any

import pytest

from tests.browser.chat_stage import Stage

pytestmark = pytest.mark.browser

# Moments, zone → hours and minutes, minute of the day, days before 2026-07-04T03:30Z, same year.
CLOCKS: list[tuple[str, str, list[Any]]] = [
    ("2026-07-03T16:00:00Z", "Asia/Shanghai", ["00:00", 0, 0, True]),
    ("2026-07-03T15:59:00Z", "Asia/Shanghai", ["23:59", 1439, 1, True]),
    ("2026-07-03T16:00:00Z", "America/New_York", ["12:00", 720, 0, True]),
    ("2026-07-03T03:59:00Z", "America/New_York", ["23:59", 1439, 1, True]),
    ("2026-07-02T18:30:00Z", "Asia/Kolkata", ["00:00", 0, 1, True]),
    ("2025-12-31T16:30:00Z", "Asia/Shanghai", ["00:30", 30, 184, True]),
    ("2025-12-31T16:30:00Z", "Etc/UTC", ["16:30", 990, 185, False]),
    ("2026-07-05T00:00:00Z", "Europe/Berlin", ["02:00", 120, -1, True]),
    # What this browser does not know is read on its own clock, which here is that of Samoa.
    ("2026-07-03T12:30:00Z", "Mars/Base", ["01:30", 90, 0, True]),
]
# Minute of the day, from, to.
QUIET: list[tuple[int, str, str, bool]] = [
    (22 * 60, "22:00", "08:00", True),
    (22 * 60 - 1, "22:00", "08:00", False),
    (0, "22:00", "08:00", True),
    (8 * 60 - 1, "22:00", "08:00", True),
    (8 * 60, "22:00", "08:00", False),
    (12 * 60, "12:00", "13:30", True),
    (13 * 60 + 30, "12:00", "13:30", False),
    (700, "09:00", "09:00", True),
    (0, "00:00", "00:00", True),
    (700, "", "08:00", False),
    (700, "11:00", "24:30", False),
]


def test_clocks_quiet_hours_and_numbers(new_page: Any) -> None:
    page = Stage(new_page(timezone_id="Pacific/Apia")).open()
    assert [
        page.evaluate(
            """async ([at, zone]) => {
              const { Clock } = await import("/static/conversations/times.js");
              const [clock, date, now] = [new Clock("en", zone), new Date(at), new Date("2026-07-04T03:30:00Z")];
              const days = [clock.daysBetween(date, now), clock.sameYear(date, now)];
              return [clock.shortTime.format(date), clock.minuteOf(date), ...days];
            }""",
            [at, zone],
        )
        for at, zone, _ in CLOCKS
    ] == [wanted for _, _, wanted in CLOCKS]
    assert [
        page.evaluate(
            "async (given) => (await import('/static/agents/quiet.js')).isQuiet(...given)", given[:3]
        )
        for given in QUIET
    ] == [given[3] for given in QUIET]
    # A page that stays open over midnight says where the new day begins, and that the one before is over.
    page.evaluate(
        """async () => {
          const { Days } = await import("/static/conversations/days.js");
          const days = new Days();
          window.stand = [];
          window.put = (at) => window.stand.push(...days.before(new Date(at)));
        }"""
    )
    for at, lines in (
        ("2026-07-02T10:00:00Z", ["昨天"]),
        ("2026-07-03T15:00:00Z", ["昨天", "今天"]),
        ("2026-07-03T16:30:00Z", ["7月2日", "昨天", "今天"]),
        ("2026-07-03T16:31:00Z", ["7月2日", "昨天", "今天"]),
    ):
        page.clock.set_fixed_time(max(at, "2026-07-03T15:00:00Z"))
        page.evaluate("(at) => window.put(at)", at)
        assert page.evaluate("window.stand.map((each) => each.textContent)") == lines
    drawn = page.evaluate(
        """async () => {
          const { numbered } = await import("/static/agents/badge.js");
          const svg = await (await fetch("/static/kimono/favicon.svg")).text();
          const text = (n) => new DOMParser().parseFromString(numbered(svg, n), "image/svg+xml").documentElement.textContent;
          return [numbered(svg, 0) === svg, text(1), text(9), text(10)];
        }"""
    )
    assert drawn == [True, "1", "9", "9+"]
