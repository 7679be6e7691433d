"""When a conversation goes to a person."""

from dataclasses import replace
from datetime import UTC, datetime, time

import pytest

from conversations.services.dialogue import escalation, hours
from conversations.services.dialogue.escalation import Escalation, Facts, Outcome, Policy, Priority, Rule
from conversations.services.dialogue.hours import WorkingHours

# Friday, half past four in the afternoon in Shanghai.
NOW = datetime(2026, 7, 3, 8, 30, tzinfo=UTC)
CALM = Facts(now=NOW, emotion_score=0.85)
MERCHANT = Policy()
HELPDESK = Policy(on_no_answer="transfer", failed_threshold=1)
OFFICE = WorkingHours("Asia/Shanghai", frozenset({1, 2, 3, 4, 5}), time(9), time(18))


@pytest.mark.parametrize(
    ("facts", "policy", "rule", "priority", "reason"),
    [
        (replace(CALM, requested=True), MERCHANT, "user_request", "urgent", "用户主动要求转人工"),
        (
            replace(CALM, unresolved=True, failed_attempts=3),
            MERCHANT,
            "failed_threshold",
            "high",
            "连续失败达阈值",
        ),
        (
            replace(CALM, unresolved=True, failed_attempts=3, urgent=True),
            MERCHANT,
            "failed_threshold",
            "urgent",
            "连续失败达阈值",
        ),
        (replace(CALM, slots_exhausted=True), MERCHANT, "failed_threshold", "high", "连续失败达阈值"),
        (
            replace(CALM, unresolved=True, failed_attempts=1, no_answer=True),
            HELPDESK,
            "failed_threshold",
            "high",
            "连续失败达阈值",
        ),
        (replace(CALM, emotion_score=0.2), MERCHANT, "emotion", "high", "用户情绪激动"),
        (replace(CALM, dissatisfied=True), MERCHANT, "dissatisfied", "high", "用户对回答不满意"),
        (replace(CALM, down_votes=2), MERCHANT, "dissatisfied", "high", "用户对回答不满意"),
        (
            replace(CALM, no_answer=True),
            replace(HELPDESK, failed_threshold=3),
            "no_answer",
            "normal",
            "知识库无匹配内容",
        ),
        (replace(CALM, hands_off=True), MERCHANT, "no_answer", "normal", "知识库无匹配内容"),
        (
            replace(CALM, business_unavailable=True),
            MERCHANT,
            "business_unavailable",
            "normal",
            "业务系统不可用",
        ),
    ],
)
def test_each_rule(facts: Facts, policy: Policy, rule: Rule, priority: Priority, reason: str) -> None:
    assert escalation.decide(facts, policy) == Escalation(rule, priority, reason, transfer=True)


@pytest.mark.parametrize(
    "facts",
    [
        CALM,
        replace(CALM, unresolved=True, failed_attempts=2),
        replace(CALM, failed_attempts=3),
        replace(CALM, emotion_score=0.21),
        replace(CALM, down_votes=1),
        replace(CALM, no_answer=True),
        replace(CALM, urgent=True),
    ],
)
def test_no_rule_no_person(facts: Facts) -> None:
    assert escalation.decide(facts, MERCHANT) is None


def test_the_most_urgent_rule_names_the_reason() -> None:
    facts = replace(
        CALM, requested=True, emotion_score=0.0, dissatisfied=True, unresolved=True, failed_attempts=5
    )
    decided = escalation.decide(facts, MERCHANT)
    assert decided is not None
    assert decided.rule == "user_request"
    decided = escalation.decide(replace(facts, requested=False), MERCHANT)
    assert decided is not None
    assert decided.rule == "failed_threshold"


@pytest.mark.parametrize(
    ("level", "priority"),
    [("normal", "high"), ("gold", "high"), ("vip", "urgent"), ("svip", "urgent"), ("platinum", "high")],
)
def test_a_vip_is_raised_one_level(level: str, priority: Priority) -> None:
    decided = escalation.decide(replace(CALM, dissatisfied=True, member_level=level), MERCHANT)
    assert decided is not None
    assert decided.priority == priority


def test_raising_goes_one_level_and_stops_at_urgent() -> None:
    assert [escalation.raised(each) for each in escalation.PRIORITIES] == [
        "normal",
        "high",
        "urgent",
        "urgent",
    ]


def test_out_of_hours_only_a_request_transfers() -> None:
    policy = replace(MERCHANT, working_hours=OFFICE)
    late = replace(CALM, now=datetime(2026, 7, 3, 12, 0, tzinfo=UTC), member_level="vip")
    recorded = escalation.decide(replace(late, emotion_score=0.1), policy)
    assert recorded == Escalation("emotion", "info", "用户情绪激动", transfer=False)
    asked = escalation.decide(replace(late, requested=True), policy)
    assert asked == Escalation("user_request", "urgent", "用户主动要求转人工", transfer=True)
    assert escalation.decide(replace(CALM, emotion_score=0.1), policy) == Escalation(
        "emotion", "high", "用户情绪激动"
    )


@pytest.mark.parametrize(
    ("before", "outcome", "urgent", "after"),
    [
        (0, "unresolved", False, 1),
        (2, "unresolved", False, 3),
        (0, "unresolved", True, 3),
        (4, "unresolved", True, 5),
        (2, "resolved", False, 0),
        (2, "resolved", True, 0),
        (2, "asked", True, 2),
    ],
)
def test_failed_attempts_are_counted(before: int, outcome: Outcome, urgent: bool, after: int) -> None:
    assert escalation.count_failed(before, outcome, urgent=urgent, policy=MERCHANT) == after


def test_an_urgent_order_that_is_not_found_goes_to_a_person_at_once() -> None:
    failed = escalation.count_failed(0, "unresolved", urgent=True, policy=MERCHANT)
    decided = escalation.decide(
        replace(CALM, unresolved=True, urgent=True, failed_attempts=failed, emotion_score=0.75), MERCHANT
    )
    assert failed == 3
    assert decided == Escalation("failed_threshold", "urgent", "连续失败达阈值")


def test_the_policy_comes_from_the_settings() -> None:
    policy = Policy.from_settings(
        {
            "handoff": {
                "preset": "helpdesk",
                "failed_threshold": 1,
                "on_no_answer": "transfer",
                "working_hours": {
                    "tz": "Asia/Shanghai",
                    "days": [1, 2, 3, 4, 5],
                    "start": "09:00",
                    "end": "18:00",
                },
                "urgent_words": ["宕机"],
            },
            "vip": {"levels": ["a", "b"], "from": "b"},
        }
    )
    assert policy == Policy(1, "transfer", ("宕机",), OFFICE, ("a", "b"), "b")
    assert escalation.PRESETS["helpdesk"] == (policy.on_no_answer, policy.failed_threshold)


@pytest.mark.parametrize(
    ("text", "priority"),
    [
        ("urgent", "urgent"),
        ("highest", "urgent"),
        ("medium", "normal"),
        ("low", "info"),
        ("info", "info"),
        ("now", None),
    ],
)
def test_priorities_have_other_names(text: str, priority: Priority | None) -> None:
    assert escalation.read_priority(text) == priority


def shanghai(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 7, day, hour, minute, tzinfo=hours.ZoneInfo("Asia/Shanghai"))


@pytest.mark.parametrize(
    ("now", "at_work", "opening"),
    [
        (shanghai(3, 9), True, ""),
        (shanghai(3, 17, 59), True, ""),
        (shanghai(3, 18), False, "周一09:00"),
        (shanghai(3, 8, 59), False, "今天09:00"),
        (shanghai(2, 20), False, "明天09:00"),
        (shanghai(4, 12), False, "周一09:00"),
        (shanghai(5, 12), False, "明天09:00"),
    ],
)
def test_office_hours(now: datetime, at_work: bool, opening: str) -> None:
    assert hours.in_working_hours(OFFICE, now) is at_work
    assert hours.next_opening_text(OFFICE, now) == opening


def test_hours_over_midnight_belong_to_the_day_they_start() -> None:
    night = WorkingHours("Asia/Shanghai", frozenset({5}), time(22), time(6))
    at_work = [
        hours.in_working_hours(night, each)
        for each in (shanghai(3, 23), shanghai(4, 5), shanghai(4, 23), shanghai(3, 5))
    ]
    assert at_work == [True, True, False, False]


def test_hours_until_the_end_of_the_day_and_none_at_all() -> None:
    evening = WorkingHours.from_settings(
        {"tz": "Asia/Shanghai", "days": [5], "start": "18:00", "end": "24:00"}
    )
    assert hours.in_working_hours(evening, shanghai(3, 23, 59))
    assert not hours.in_working_hours(evening, shanghai(4, 0))
    assert hours.in_working_hours(None, NOW)
    assert WorkingHours.from_settings(None) is None
    never = WorkingHours("Asia/Shanghai", frozenset(), time(9), time(18))
    assert hours.next_opening(never, NOW) is None


def test_the_opening_is_told_in_the_contacts_language() -> None:
    assert hours.next_opening_text(OFFICE, shanghai(3, 20), "en") == "on Monday at 09:00"
    assert hours.next_opening_text(OFFICE, shanghai(3, 8), "en") == "today at 09:00"
    assert hours.next_opening_text(OFFICE, shanghai(2, 20), "ja") == "明日09:00"
