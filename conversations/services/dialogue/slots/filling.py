"""Filling a scene's slots over the turns of a conversation."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo

from conversations.services.dialogue.phrases import Language, Phrase, say
from conversations.services.dialogue.slots.reading import (
    Moment,
    accept_value,
    given_slots,
    json_value,
    labelled,
    read,
)
from conversations.services.dialogue.slots.scenes import Scene, Slot, SlotKind
from conversations.services.dialogue.values.found import Found, Reading, Reason, Rejected, Scalar, level

_CANCEL = re.compile(
    r"[那嗯哦好吧\s,，。]*(?:还是)?"
    r"(?:算了|不(?:查|办|退|弄|问|需要|想查|想要)了|不用(?:查|办|了|管)?了?|取消(?:查询|操作|吧|了)?|退出|停"
    r"|never ?mind|forget (?:it|about it)|cancel(?: it| that)?|stop|quit|no need)"
    r"(?:[\s,，。!！~]*(?:算了|吧|谢谢|啊|不(?:查|办|要|用)了|thanks?|thank you))*[\s,，。.!！~]*"
)
_CORRECTION = re.compile(
    r"不对|不是|错了|[说写打弄搞填输]错|改[成为到]|换[成到]|更正|应该是|才对|还是.{0,8}吧"
    r"|\bactually\b|\bi mean(?:t)?\b|\bwrong\b|\bcorrection\b|\b(?:change|make) (?:it|that)\b|^no\b|\binstead\b"
)
_WITHDRAWN = re.compile(r"[\s嗯哦啊]*(?:不对|错了|.{0,12}(?:错了|不对)|.*\bwrong\b.*)[\s,，。!！~]*")
# The specific kinds first: a phone is not an order number, a year is not a count.
_KINDS: tuple[SlotKind, ...] = (
    "email", "order", "phone", "date", "time", "amount", "enum", "integer", "boolean", "text",
)  # fmt: skip
_PROBLEMS: Mapping[Reason, Phrase] = {
    "impossible_date": "bad_date",
    "impossible_time": "bad_time",
    "impossible_phone": "bad_phone",
    "pattern": "bad_pattern",
    "not_offered": "not_offered",
    "out_of_range": "out_of_range",
    "wrong_type": "wrong_type",
}


@dataclass(frozen=True)
class Problem:
    """Why what was given for a slot cannot be used, and what was given."""

    reason: Reason
    text: str


@dataclass(frozen=True)
class SlotState:
    """Where a scene stands after a message.

    `missing` names every required slot still open; `follow_up_question` asks for `asked`, one of them. `asks` counts
    the questions since the last answer: pass it into the next turn. `exhausted`: no further question is allowed.
    """

    slots: Mapping[str, Scalar]
    missing: tuple[str, ...] = ()
    invalid: Mapping[str, Problem] = field(default_factory=dict)
    asked: str | None = None
    follow_up_question: str | None = None
    gained: tuple[str, ...] = ()
    corrected: tuple[str, ...] = ()
    cancelled: bool = False
    exhausted: bool = False
    asks: int = 0

    @property
    def complete(self) -> bool:
        """Tell whether everything required is known."""
        return not self.missing and not self.cancelled


@dataclass
class _Draft:
    """The slots in the making of one turn."""

    slots: dict[str, Scalar]
    gained: list[str] = field(default_factory=list)
    corrected: list[str] = field(default_factory=list)
    rejected: dict[str, Rejected] = field(default_factory=dict)
    claimed: list[tuple[int, int]] = field(default_factory=list)

    def free(self, reading: Reading) -> bool:
        return all(reading.end <= start or reading.start >= end for start, end in self.claimed)

    def put(self, slot: Slot, found: Found) -> None:
        value = json_value(found)
        if slot.name in self.slots and self.slots[slot.name] != value:
            self.corrected.append(slot.name)
        # Put last, so that the order of the slots tells which one was spoken of last.
        self.slots.pop(slot.name, None)
        self.slots[slot.name] = value
        self.gained.append(slot.name)
        self.claimed.append((found.start, found.end))


def fill(
    scene: Scene,
    slots: Mapping[str, Scalar],
    text: str,
    *,
    last_asked: str | None,
    now: datetime,
    tz: tzinfo,
    asks: int = 0,
    language: Language = "zh",
    region: str = "CN",
) -> SlotState:
    """Return the scene's state after `text`: values added, corrected or withdrawn, and the next question.

    `slots` is what earlier turns gathered, `last_asked` the slot that the bot's last message asked for, `asks` the
    count of the state before. A cancelled scene keeps no question; `max_asks` questions without an answer exhaust it.
    """
    moment = Moment(now, tz, region)
    levelled = level(text).strip()
    draft = _Draft(dict(slots))
    correcting = bool(_CORRECTION.search(levelled))
    for kind in _KINDS:
        _fill_kind(scene, kind, draft, text, last_asked=last_asked, correcting=correcting, moment=moment)
    asked_slot = scene.slots.get(last_asked) if last_asked else None
    asked_yes_no = asked_slot is not None and asked_slot.kind == "boolean"
    typed = [name for name in draft.gained if scene.slots[name].kind not in ("text", "boolean")]
    if _CANCEL.fullmatch(levelled) and not typed and not asked_yes_no:
        return SlotState(dict(slots), cancelled=True)
    if not draft.gained and not asked_yes_no and _WITHDRAWN.fullmatch(levelled):
        _withdraw(scene, draft, text)
    return _state(scene, draft, last_asked=last_asked, asks=asks, language=language)


def accept(
    scene: Scene, given: Mapping[str, object], *, now: datetime, tz: tzinfo, region: str = "CN"
) -> tuple[dict[str, Scalar], dict[str, Problem]]:
    """Return slot values given from outside (`slots` of a request) as kept, and the problems of the others."""
    moment = Moment(now, tz, region)
    kept: dict[str, Scalar] = {}
    problems: dict[str, Problem] = {}
    for name, value in given_slots(scene.slots, given).items():
        accepted, reason = accept_value(scene.slots[name], value, moment=moment)
        if accepted is not None:
            kept[name] = accepted
        elif reason:
            problems[name] = Problem(reason, str(value)[:64])
    return kept, problems


def _fill_kind(
    scene: Scene,
    kind: SlotKind,
    draft: _Draft,
    text: str,
    *,
    last_asked: str | None,
    correcting: bool,
    moment: Moment,
) -> None:
    open_slots = [slot for slot in scene.slots.values() if slot.kind == kind]
    if kind == "text" and (correcting or draft.gained):
        return
    while open_slots:
        offers = {
            slot.name: [
                each
                for each in read(slot, text, asked=slot.name == last_asked, moment=moment)
                if draft.free(each)
            ]
            for slot in open_slots
        }
        slot = _target(open_slots, offers, draft, text, last_asked=last_asked, correcting=correcting)
        if slot is None:
            return
        open_slots.remove(slot)
        found = _chosen(slot, offers[slot.name], text, correcting=correcting)
        if found and _may_replace(slot, found, draft, correcting=correcting):
            draft.put(slot, found)
        elif not found:
            draft.rejected[slot.name] = next(each for each in offers[slot.name] if isinstance(each, Rejected))


def _target(
    open_slots: list[Slot],
    offers: Mapping[str, list[Reading]],
    draft: _Draft,
    text: str,
    *,
    last_asked: str | None,
    correcting: bool,
) -> Slot | None:
    """Return the slot of a kind that the next offered value belongs to, None when nothing is offered."""
    offered = [slot for slot in open_slots if offers[slot.name]]
    if not offered:
        return None
    named = [slot for slot in offered if any(labelled(slot, each, text) for each in offers[slot.name])]
    if named:
        return named[0]
    filled = [
        name for name in draft.slots if name in {slot.name for slot in offered} and name not in draft.gained
    ]
    if correcting and filled:
        return next(slot for slot in offered if slot.name == filled[-1])
    asked = [slot for slot in offered if slot.name == last_asked]
    unfilled = [slot for slot in offered if slot.name not in draft.slots]
    return next(iter(asked + unfilled), None) or next(slot for slot in offered if slot.name == filled[-1])


def _chosen(slot: Slot, offered: list[Reading], text: str, *, correcting: bool) -> Found | None:
    found = [each for each in offered if isinstance(each, Found)]
    named = [each for each in found if labelled(slot, each, text)]
    candidates = named or found
    if not candidates:
        return None
    return candidates[-1] if correcting else candidates[0]


def _may_replace(slot: Slot, found: Found, draft: _Draft, *, correcting: bool) -> bool:
    """Tell whether a value may take the place of what is there: a guess never replaces what was said, unasked."""
    return slot.name not in draft.slots or found.sure or correcting


def _problems(draft: _Draft, names: set[str]) -> dict[str, Problem]:
    """Return the faults that still matter: of open slots, in text that no other slot has taken."""
    return {
        name: Problem(rejected.reason, rejected.text)
        for name, rejected in draft.rejected.items()
        if name in names and draft.free(rejected)
    }


def _withdraw(scene: Scene, draft: _Draft, text: str) -> None:
    """Take back the value that the contact calls wrong without giving another: the one named, else the last one."""
    named = [
        name
        for name in draft.slots
        if name in scene.slots and any(t in text for t in scene.slots[name].titles())
    ]
    known = named or [name for name in draft.slots if name in scene.slots]
    if known:
        del draft.slots[known[-1]]
        draft.corrected.append(known[-1])


def _state(
    scene: Scene, draft: _Draft, *, last_asked: str | None, asks: int, language: Language
) -> SlotState:
    missing = tuple(name for name in scene.required if name not in draft.slots)
    invalid = _problems(draft, set(missing))
    base = SlotState(
        slots=draft.slots,
        missing=missing,
        invalid=invalid,
        gained=tuple(dict.fromkeys(draft.gained)),
        corrected=tuple(dict.fromkeys(draft.corrected)),
    )
    if not missing:
        return base
    fruitful = bool(draft.gained or draft.corrected)
    so_far = 0 if fruitful or last_asked is None else asks
    if so_far >= scene.max_asks:
        return replace(base, exhausted=True, asks=so_far)
    asked = next((name for name in missing if name in invalid), missing[0])
    question = _question(scene.slots[asked], invalid.get(asked), language)
    return replace(base, asked=asked, follow_up_question=question, asks=so_far + 1)


def _question(slot: Slot, problem: Problem | None, language: Language) -> str:
    question = slot.question(language)
    if problem is None:
        return question
    complaint = say(
        _PROBLEMS[problem.reason],
        language,
        text=problem.text,
        title=slot.title(language),
        options=("、" if language != "en" else ", ").join(_offered_names(slot)),
    )
    return say("ask_again", language, problem=complaint, question=question)


def _offered_names(slot: Slot) -> list[str]:
    """Return the options as the contact should read them: the first synonym where there is one."""
    return [next(iter(slot.synonyms.get(option, ())), option) for option in slot.options]
