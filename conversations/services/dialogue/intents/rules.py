"""Recognising what a contact wants by rules, in the order of what must never be missed."""

import re
from collections.abc import Iterable, Sequence

from conversations.services.dialogue.intents.shapes import Intent, Recognised, SmallTalk
from conversations.services.dialogue.intents.words import attempts, business, moods, persons, small_talk
from conversations.services.dialogue.slots.matching import match_scene
from conversations.services.dialogue.slots.scenes import Scene
from conversations.services.dialogue.values import find_boolean, find_orders
from conversations.services.dialogue.window import Window, last_bot_line
from knowledge.services.folding import fold

DEFAULT_URGENT_WORDS = ("紧急", "马上", "投诉")
_PUNCTUATION = re.compile(
    r"[\s,，。.!！?？~、:：;；…「」“”\"'()（）\[\]_*^-]+|[\U0001F300-\U0001FAFF\u2600-\u27BF]+"
)
_LETTER = re.compile(r"[a-z\u00c0-\u024f\u3041-\u30fa\u3400-\u9fff]")
# The kinds of small talk, the one that matters most first: "hello, thanks, bye" says goodbye.
_SMALL_TALK: tuple[tuple[SmallTalk, re.Pattern[str]], ...] = (
    ("bye", re.compile(small_talk.BYE)),
    ("thanks", re.compile(small_talk.THANKS)),
    ("greeting", re.compile(small_talk.GREETING)),
    ("acknowledged", re.compile(small_talk.ACKNOWLEDGED)),
)
_LONGEST_SMALL_TALK = 40
_SHORT_CHINESE, _SHORT_ENGLISH = 14, 60
_GIBBERISH = re.compile(r"([^\W\d])\1{5,}|\b[bcdfghjklmnpqrstvwxz]{6,}")
_ASKS = re.compile(
    r"[?？]|[吗呢么]\s*$|怎么|如何|为什么|什么|哪|多少|多久|几|能不能|可不可以|是否|有没有"
    r"|^(?:how|what|why|when|where|who|which|can|could|do|does|is|are)\b"
)


def recognise(
    text: str,
    *,
    window: Window = (),
    open_scene: Scene | None = None,
    scenes: Sequence[Scene] = (),
    urgent_words: Iterable[str] = DEFAULT_URGENT_WORDS,
) -> Recognised:
    """Return what `text` wants, judged by rules alone.

    `window` is the conversation before it, oldest first; `open_scene` a scene whose slots are being asked for;
    `scenes` those the tenant offers; `urgent_words` the tenant's (`handoff.urgent_words`).
    """
    folded = fold(text)
    urgent = is_urgent(folded, urgent_words)
    if attempts.INJECTION.search(folded) or attempts.HARASSMENT.search(folded):
        return Recognised("blocked", 0.95, reasons=("injection_or_abuse",))
    if not _LETTER.search(folded):
        return _without_letters(text, window, open_scene, scenes)
    person = wants_person(folded, window)
    if person:
        return Recognised("transfer_to_human", 0.95, reasons=(person,), urgent=urgent)
    if declines_person(folded, window):
        return Recognised("chitchat", 0.9, reasons=("declines_person",), small_talk="human_kept_away")
    if is_dissatisfied(folded, window):
        return Recognised(
            "emotion_sensitive", 0.85, reasons=("dissatisfied",), urgent=urgent, dissatisfied=True
        )
    chat = _small_talk(folded) if open_scene is None else None
    if chat:
        return Recognised("chitchat", 0.95, reasons=(chat,), small_talk=chat)
    if _complains(folded):
        return Recognised("emotion_sensitive", 0.85, reasons=("complaint",), urgent=urgent)
    if business.TICKET.search(folded) and not _asks_rules(folded):
        return Recognised("ticket", 0.85, _scene_id("ticket", text, scenes), ("ticket",), urgent)
    return _question(text, folded, open_scene, scenes, urgent=urgent)


def is_urgent(folded: str, urgent_words: Iterable[str]) -> bool:
    """Tell whether a folded text demands urgent handling: a word of the tenant's, or one everybody uses."""
    return any(fold(word) in folded for word in urgent_words if word) or bool(moods.URGENT.search(folded))


def is_dissatisfied(folded: str, window: Window) -> bool:
    """Tell whether a folded text says that the bot's answer was no good; without an answer there is nothing to mean."""
    if not moods.DISSATISFIED.search(folded) or moods.HYPOTHETICAL.search(folded):
        return False
    # A long English message tells a story in which something did not work.
    if folded.isascii() and len(folded) > _SHORT_ENGLISH:
        return False
    return last_bot_line(window) is not None


def wants_person(folded: str, window: Window = ()) -> str | None:
    """Return the rule by which a folded text asks for a person, None when it does not, or speaks of one only."""
    answer = _answer_to_offer(folded, window)
    if answer is not None:
        return "accepts_offer" if answer else None
    if small_talk.IDENTITY.search(folded) and not re.search(r"转|transfer|connect", folded):
        return None
    if persons.ASKED_HOW_TO_REACH.search(folded):
        return "asks_how_to_reach"
    bare = _bare(folded)
    if len(bare) <= _LONGEST_SMALL_TALK and persons.ONLY_PERSON.fullmatch(bare):
        return "names_person"
    # A message may both report and ask: 昨天客服说可以退，现在转人工.
    remainder = persons.ABOUT_PERSON.sub(" ", folded)
    return "asks_for_person" if persons.WANTS_PERSON.search(remainder) else None


def declines_person(folded: str, window: Window = ()) -> bool:
    """Tell whether a folded text says that no person is wanted, and little else."""
    short = len(_bare(folded)) <= (_SHORT_ENGLISH if folded.isascii() else _SHORT_CHINESE)
    if short and persons.DECLINES_PERSON.search(folded):
        return True
    return _answer_to_offer(folded, window) is False


def _answer_to_offer(folded: str, window: Window) -> bool | None:
    """Return the yes or no to a person that the bot's last line offered, None when there was no offer or no answer."""
    offered = window[-1] if window else None
    if offered is None or offered.role != "bot" or not persons.OFFERS_PERSON.search(fold(offered.text)):
        return None
    answer = find_boolean(folded)
    return bool(answer.value) if answer else None


def _bare(folded: str) -> str:
    return _PUNCTUATION.sub("", folded)


def _without_letters(
    text: str, window: Window, open_scene: Scene | None, scenes: Sequence[Scene]
) -> Recognised:
    """Judge a message of digits and signs: a value that was asked for, an order number, a nod, or nothing."""
    if open_scene:
        return Recognised(_intent_of(open_scene), 0.8, open_scene.scene_id, ("answers_open_scene",))
    if find_orders(text):
        scene = _scene_of_reference(text, scenes)
        return Recognised("business_query", 0.7, scene.scene_id if scene else None, ("reference_number",))
    if re.search(r"[👌👍🙏😊👏]", text):
        return Recognised("chitchat", 0.8, reasons=("acknowledged",), small_talk="acknowledged")
    return Recognised("unknown", 0.9, reasons=("no_words",))


def _small_talk(folded: str) -> SmallTalk | None:
    """Return the kind of small talk, when a short message holds nothing else."""
    spoken = _PUNCTUATION.sub(" ", folded).strip()
    if not spoken or len(spoken) > _LONGEST_SMALL_TALK:
        return None
    if small_talk.IDENTITY.search(spoken):
        return "identity"
    said: set[SmallTalk] = set()
    position = 0
    while position < len(spoken):
        ends = {
            kind: match.end() for kind, pattern in _SMALL_TALK if (match := pattern.match(spoken, position))
        }
        furthest = max(ends.values(), default=position)
        if furthest == position or not _ends_word(spoken, furthest):
            return None
        said.add(next(kind for kind, _ in _SMALL_TALK if ends.get(kind) == furthest))
        position = furthest + (spoken[furthest : furthest + 1] == " ")
    return next(kind for kind, _ in _SMALL_TALK if kind in said)


def _ends_word(text: str, position: int) -> bool:
    """Tell whether a Latin word ends at `position`: "no" does not begin "nothing"."""
    return not (
        text[position - 1].isascii()
        and text[position : position + 1].isascii()
        and text[position : position + 1].isalnum()
    )


def _complains(folded: str) -> bool:
    if moods.SWEARING.search(folded):
        return True
    return bool(moods.COMPLAINT.search(folded)) and not moods.COMPLAINT_QUESTION.search(folded)


def _asks_rules(folded: str) -> bool:
    return bool(business.POLICY.search(folded)) and not business.LOOK_UP.search(folded)


def _question(
    text: str, folded: str, open_scene: Scene | None, scenes: Sequence[Scene], *, urgent: bool
) -> Recognised:
    """Tell a question about the contact's own business from one about the rules of the house."""
    references = _references(text, folded, scenes)
    matched = match_scene(text, scenes)
    own = business.OWN.search(folded) and business.BUSINESS_NOUN.search(folded)
    asks_state = business.STATE_QUESTION.search(folded)
    if references and (asks_state or not _asks_rules(folded)):
        asked = open_scene if open_scene and _takes(open_scene, text) else None
        scene = matched or asked or _scene_of_reference(text, scenes) or open_scene
        return Recognised(
            _intent_of(scene), 0.9, scene.scene_id if scene else None, ("reference_number",), urgent
        )
    if matched and (matched.intent != "business_query" or not _asks_rules(folded)):
        return Recognised(_intent_of(matched), 0.85, matched.scene_id, ("scene_example",), urgent)
    if own and asks_state and not _asks_rules(folded):
        scene_id = _scene_id("business_query", text, scenes)
        return Recognised("business_query", 0.8, scene_id, ("own_business",), urgent)
    if open_scene and not (_ASKS.search(folded) and not _answers(text)):
        return Recognised(_intent_of(open_scene), 0.75, open_scene.scene_id, ("answers_open_scene",), urgent)
    if _GIBBERISH.search(folded) and not _ASKS.search(folded):
        return Recognised("unknown", 0.7, reasons=("gibberish",), urgent=urgent)
    return Recognised("knowledge_qa", 0.7, reasons=("question",), urgent=urgent)


def _references(text: str, folded: str, scenes: Sequence[Scene]) -> bool:
    """Tell whether `text` names a reference number: one that a scene asks for, or one that it speaks of as such."""
    found = find_orders(text)
    if not found:
        return False
    alone = len(_bare(folded)) <= sum(len(each.text) for each in found) + 6
    return (
        alone or bool(business.BUSINESS_NOUN.search(folded)) or _scene_of_reference(text, scenes) is not None
    )


def _answers(text: str) -> bool:
    """Tell whether a message that looks like a question still carries a value: 后天可以吗."""
    return bool(find_orders(text)) or bool(re.search(r"\d{2,}|[今明后]天|[下这]周", text))


def _intent_of(scene: Scene | None) -> Intent:
    known: dict[str, Intent] = {
        "ticket": "ticket",
        "knowledge_qa": "knowledge_qa",
        "emotion_sensitive": "emotion_sensitive",
    }
    return known.get(scene.intent, "business_query") if scene else "business_query"


def _takes(scene: Scene, text: str) -> bool:
    """Tell whether a number in `text` has the form of a slot of `scene`, whatever the slot is called."""
    patterns = [slot.pattern for slot in scene.slots.values() if slot.pattern]
    return any(hasattr(each, "value") for pattern in patterns for each in find_orders(text, pattern=pattern))


def _scene_of_reference(text: str, scenes: Sequence[Scene]) -> Scene | None:
    """Return the first scene with a slot that an order number in `text` fits."""
    for scene in scenes:
        for slot in scene.slots.values():
            if slot.kind != "order" or not scene.enabled:
                continue
            if any(hasattr(reading, "value") for reading in find_orders(text, pattern=slot.pattern)):
                return scene
    return None


def _scene_id(intent: Intent, text: str, scenes: Sequence[Scene]) -> str | None:
    """Return the scene of `intent` that `text` names most words of, by its name and examples."""
    folded = fold(text)
    nouns = set(business.BUSINESS_NOUN.findall(folded))
    best, most = None, 0
    for scene in scenes:
        if not scene.enabled or _intent_of(scene) != intent:
            continue
        vocabulary = fold(" ".join((scene.name, *scene.trigger_examples)))
        shared = sum(vocabulary.count(noun) for noun in nouns)
        if shared > most:
            best, most = scene.scene_id, shared
    return best
