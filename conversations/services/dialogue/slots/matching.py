"""Which scene a message opens, judged by the scenes' own examples."""

import re
from collections.abc import Iterable
from functools import lru_cache

from rapidfuzz import fuzz

from conversations.services.dialogue.slots.scenes import Scene
from knowledge.services.folding import fold

_NOISE = re.compile(
    r"[\s,，。.!！?？~、:：;；「」“”\"'()（）]+|你好|您好|请问|麻烦|帮我|帮忙|一下|我想|我要|想要|谢谢|亲|啊|呀|呢|吗|吧|了|的"
)
_WORD = re.compile(r"[a-z]+")
_STOP = frozenset(
    (
        "a", "an", "the", "is", "are", "i", "me", "my", "to", "of", "for", "please", "can", "could", "you", "do", "does",
        "it", "what", "hi", "hello", "want", "need", "would", "like",
    )
)  # fmt: skip
_VALUE = re.compile(r"[a-z]{0,6}-?\d[\d-]*")
_ENOUGH = 0.62


def match_scene(text: str, scenes: Iterable[Scene]) -> Scene | None:
    """Return the enabled scene whose examples `text` is most like, None when none is like enough.

    Values (order numbers, dates) are taken out first: they say which order, not what is wanted.
    """
    best, score = None, _ENOUGH
    for scene in scenes:
        likeness = likeness_to(text, scene) if scene.enabled else 0.0
        if likeness >= score and (best is None or likeness > score):
            best, score = scene, likeness
    return best


def likeness_to(text: str, scene: Scene) -> float:
    """Return how like `text` is to the scene's nearest example, in [0, 1]."""
    said = _essence(text)
    if not said:
        return 0.0
    return max(
        (_likeness(said, _essence(example)) for example in (*scene.trigger_examples, scene.name)), default=0.0
    )


# The examples of a merchant's scenes are compared with every message.
@lru_cache(maxsize=4096)
def _essence(text: str) -> str:
    return _NOISE.sub(" ", _VALUE.sub(" ", fold(text))).strip()


def _likeness(said: str, example: str) -> float:
    if not example:
        return 0.0
    if said == example:
        return 1.0
    if said.isascii() or example.isascii():
        return _word_overlap(said, example) if said.isascii() and example.isascii() else 0.0
    overlap = _overlap(_grams(said), _grams(example))
    return max(overlap, 0.95 * fuzz.ratio(said, example) / 100)


def _word_overlap(said: str, example: str) -> float:
    return _overlap(
        *({_stem(word) for word in _WORD.findall(text) if word not in _STOP} for text in (said, example))
    )


def _stem(word: str) -> str:
    return re.sub(r"(?:ing|ed|es|s)$", "", word) if len(word) > 4 else word


def _overlap(one: set[str], other: set[str]) -> float:
    """Return the Dice coefficient of two sets of terms."""
    return 2 * len(one & other) / (len(one) + len(other)) if one and other else 0.0


def _grams(text: str) -> set[str]:
    """Return the characters and pairs of characters of `text`: both, as single ones carry much in Chinese."""
    compact = text.replace(" ", "")
    return set(compact) | {compact[i : i + 2] for i in range(len(compact) - 1)}
