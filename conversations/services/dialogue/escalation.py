"""When a conversation goes to a person: the rules of the wire contract as pure functions of a turn's facts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, get_args

from conversations.services.dialogue.emotion import ANGRY
from conversations.services.dialogue.hours import WorkingHours, in_working_hours

Rule = Literal[
    "user_request", "failed_threshold", "emotion", "dissatisfied", "no_answer", "business_unavailable"
]
Priority = Literal["info", "normal", "high", "urgent"]
Outcome = Literal["resolved", "asked", "unresolved"]
OnNoAnswer = Literal["offer", "transfer"]

PRIORITIES: tuple[Priority, ...] = get_args(Priority)
RULES: tuple[Rule, ...] = get_args(Rule)
# As agents read them on the card; the wire contract fixes the words.
REASONS: Mapping[Rule, str] = {
    "user_request": "用户主动要求转人工",
    "failed_threshold": "连续失败达阈值",
    "emotion": "用户情绪激动",
    "dissatisfied": "用户对回答不满意",
    "no_answer": "知识库无匹配内容",
    "business_unavailable": "业务系统不可用",
}
PRESETS: Mapping[str, tuple[OnNoAnswer, int]] = {"merchant": ("offer", 3), "helpdesk": ("transfer", 1)}
_DOWN_VOTES = 2
_PRIORITY_ALIASES: Mapping[str, Priority] = {"highest": "urgent", "medium": "normal", "low": "info"}


@dataclass(frozen=True)
class Policy:
    """What a tenant has set about handing over."""

    failed_threshold: int = 3
    on_no_answer: OnNoAnswer = "offer"
    urgent_words: Sequence[str] = ("紧急", "马上", "投诉")
    working_hours: WorkingHours | None = None
    vip_levels: Sequence[str] = ("normal", "silver", "gold", "vip", "svip")
    vip_from: str = "vip"

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> "Policy":
        """Return the policy of resolved settings (their sections `handoff` and `vip`)."""
        handoff, vip = settings["handoff"], settings["vip"]
        return cls(
            failed_threshold=handoff["failed_threshold"],
            on_no_answer=handoff["on_no_answer"],
            urgent_words=tuple(handoff["urgent_words"]),
            working_hours=WorkingHours.from_settings(handoff["working_hours"]),
            vip_levels=tuple(vip["levels"]),
            vip_from=vip["from"],
        )


@dataclass(frozen=True)
class Facts:
    """What a turn has shown. `failed_attempts` counts this turn already (see `count_failed`).

    `unresolved`: the bot could neither answer nor ask. `slots_exhausted`: a scene may not ask again. `hands_off`: a
    scene that ends with a person (`then: handoff`) has all it needs.
    """

    now: datetime
    requested: bool = False
    failed_attempts: int = 0
    unresolved: bool = False
    urgent: bool = False
    emotion_score: float = 1.0
    dissatisfied: bool = False
    down_votes: int = 0
    no_answer: bool = False
    slots_exhausted: bool = False
    hands_off: bool = False
    business_unavailable: bool = False
    member_level: str = "normal"


@dataclass(frozen=True)
class Escalation:
    """Why a person is needed. `transfer` is false out of working hours, when an automatic rule only records."""

    rule: Rule
    priority: Priority
    escalate_reason: str = field(default="")
    transfer: bool = True


def count_failed(failed_attempts: int, outcome: Outcome, *, urgent: bool, policy: Policy) -> int:
    """Return the consecutive unresolved turns after a turn: an urgent demand without an answer fills the count at once."""
    if outcome == "resolved":
        return 0
    if outcome == "asked":
        return failed_attempts
    return max(failed_attempts + 1, policy.failed_threshold if urgent else 0)


def decide(facts: Facts, policy: Policy) -> Escalation | None:
    """Return the rule that brings in a person, the most urgent one when several do, or None.

    Out of working hours every rule but the contact's own request only records: priority info, no transfer.
    """
    priorities = _applying(facts, policy)
    if not priorities:
        return None
    rule = max(priorities, key=lambda each: (PRIORITIES.index(priorities[each]), -RULES.index(each)))
    if rule != "user_request" and not in_working_hours(policy.working_hours, facts.now):
        return Escalation(rule, "info", REASONS[rule], transfer=False)
    priority = priorities[rule]
    if is_vip(facts.member_level, policy):
        priority = raised(priority)
    return Escalation(rule, priority, REASONS[rule])


def is_vip(member_level: str, policy: Policy) -> bool:
    """Tell whether a level is at or above `vip.from` in the tenant's order of levels; an unknown level is not."""
    levels = list(policy.vip_levels)
    if member_level not in levels or policy.vip_from not in levels:
        return False
    return levels.index(member_level) >= levels.index(policy.vip_from)


def raised(priority: Priority) -> Priority:
    """Return the priority one level higher; urgent stays."""
    return PRIORITIES[min(PRIORITIES.index(priority) + 1, len(PRIORITIES) - 1)]


def read_priority(text: str) -> Priority | None:
    """Return the priority that a caller names, aliases included (highest, medium, low); None when it is none."""
    if text in PRIORITIES:
        return PRIORITIES[PRIORITIES.index(text)]
    return _PRIORITY_ALIASES.get(text)


def _applying(facts: Facts, policy: Policy) -> dict[Rule, Priority]:
    """Return every rule that applies, with the priority that it alone would give."""
    applying: dict[Rule, Priority] = {}
    if facts.requested:
        applying["user_request"] = "urgent"
    if facts.slots_exhausted or (facts.unresolved and facts.failed_attempts >= policy.failed_threshold):
        applying["failed_threshold"] = "urgent" if facts.urgent else "high"
    if facts.emotion_score <= ANGRY:
        applying["emotion"] = "high"
    if facts.dissatisfied or facts.down_votes >= _DOWN_VOTES:
        applying["dissatisfied"] = "high"
    if facts.hands_off or (facts.no_answer and policy.on_no_answer == "transfer"):
        applying["no_answer"] = "normal"
    if facts.business_unavailable:
        applying["business_unavailable"] = "normal"
    return applying
