"""How upset a contact sounds, from the words and the way they are written."""

import re
from collections.abc import Sequence
from typing import Final

from conversations.services.dialogue.intents.words import moods
from conversations.services.dialogue.intents.words.alternatives import any_of
from conversations.services.dialogue.window import Window, contact_texts
from knowledge.services.folding import fold

CALM: Final = 0.85
PLEASED: Final = 0.95
ANGRY: Final = 0.2

_POSITIVE = any_of(
    r"谢谢|感谢|多谢|辛苦了|太好了|真棒|很好|非常好|满意(?!吗)|喜欢|厉害|赞|不错|👍|😊|🙏",
    r"\bthank|\bthx\b|\bgreat\b|\bawesome\b|\bperfect\b|\bexcellent\b|\blove it\b|\bhelpful\b|\bありがとう",
)
_NEGATED = any_of(
    r"(?:没|没有|不|并不|别|不要|不会)(?:有)?(?:很|太|那么)?(?:生气|愤怒|恼火|着急|急|崩溃)",
    r"\b(?:not|isn'?t|no longer) (?:angry|upset|mad)",
)
_EXTREME = any_of(
    r"忍无可忍|气死|气炸|欺人太甚|骗子|黑店|无耻|不要脸|起诉|报警|曝光|12315|受够了|恶心",
    r"\b(?:furious|sue you|scam(?:mers?)?|fraud|disgusting|outrageous|worst|fed up)\b",
)
_IMPATIENT = any_of(
    r"到底|怎么(?:还|又|总|老)(?:是|不|没)|一直(?:没|不)|等了.{0,6}(?:天|小时|个月|周|久)|多少(?:次|遍)了|又(?:是|来)|反复|催",
    r"\bstill (?:waiting|not|no)\b|\bhow many times\b|\bagain and again\b|\bwaiting for (?:days|weeks|hours)\b",
)
_EXCLAIMED = re.compile(r"[!！]")
_DOUBTED = re.compile(r"[?？]{3,}")
_SHOUTED = re.compile(r"\b[A-Z]{3,}\b")
_REFERENCE = re.compile(r"\b[A-Z]{2,6}[-_ ]?\d+\b")


def score(text: str, *, window: Window = ()) -> float:
    """Return how calm `text` sounds, in [0, 1]: about 0.85 is calm, 0.95 pleased, at most 0.2 really angry.

    Earlier messages of the contact in `window` weigh a little: anger that goes on is worse than a slip.
    """
    now = _score_alone(text)
    upset_before = sum(_score_alone(earlier) < 0.5 for earlier in contact_texts(window)[-3:])
    if now < 0.7 and upset_before:
        now -= 0.1 * upset_before
    return round(min(1.0, max(0.0, now)), 2)


def _score_alone(text: str) -> float:
    folded = _NEGATED.sub(" ", fold(text))
    weights = _weights(text, folded)
    if not weights:
        return PLEASED if _POSITIVE.search(folded) else CALM
    return CALM - sum(weights)


def _weights(text: str, folded: str) -> Sequence[float]:
    """Return what each sign of anger takes away; tone alone (marks, capitals) never makes a calm sentence angry."""
    words = []
    if moods.SWEARING.search(folded):
        words.append(0.66)
    complains = moods.COMPLAINT.search(folded) and not moods.COMPLAINT_QUESTION.search(folded)
    if complains:
        words.append(0.3)
        words.append(0.25 if _EXTREME.search(folded) else 0.0)
    if moods.DISSATISFIED.search(folded) and not moods.HYPOTHETICAL.search(folded):
        words.append(0.2)
    if moods.URGENT.search(folded):
        words.append(0.1)
    if _IMPATIENT.search(folded):
        words.append(0.15)
    tone = min(0.2, 0.06 * len(_EXCLAIMED.findall(text))) if words or "!!" in folded else 0.0
    tone += 0.1 if _DOUBTED.search(text) else 0.0
    shouted = _SHOUTED.findall(_REFERENCE.sub(" ", text))
    tone += 0.15 if len(shouted) >= 3 else 0.0
    return [weight for weight in (*words, tone) if weight > 0]
