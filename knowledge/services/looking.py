"""The second look: whether a wording that shares words with a question asks the same. Pure; nothing here is learnt."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from knowledge.services import topics
from knowledge.services.asking import kinds
from knowledge.services.folding import fold
from knowledge.services.remembering import remembered
from knowledge.services.terms import content_terms, terms

_PIECE = re.compile(r"[\u3400-\u9fff\U00020000-\U000323af]|[^\W_\u3400-\u9fff]+")
# Longer texts are compared by their beginning: the time grows with the product of both lengths.
_MOST_PIECES = 60


@dataclass(frozen=True, slots=True)
class Look:
    """What a question and a wording have in common beside rare words; all but the flags from 0 to 1.

    `order` is the longest common subsequence (letters of Chinese, words of other scripts) over the mean length,
    `covered` the share of the wording's content that the question speaks of, `kinds` how far both want to know the same
    kind of thing (`contradicts`: both say which, and share none), `is_same` whether they are equal when folded.
    """

    order: float
    covered: float
    kinds: float
    contradicts: bool = False
    is_same: bool = False


# Where nothing is known: halfway between the right wordings and the wrong ones that come close.
USUAL = Look(order=0.5, covered=0.5, kinds=0.5)


def look(question: str, wording: str) -> Look:
    """Return how `wording` compares with `question`."""
    mine, theirs = kinds(question), kinds(wording)
    either = mine | theirs
    return Look(
        order=_order(_pieces(question), _pieces(wording)),
        covered=_covered(wording, frozenset(terms(question))),
        kinds=len(mine & theirs) / len(either) if either else USUAL.kinds,
        contradicts=bool(mine and theirs and not mine & theirs),
        is_same=_pieces(question) == _pieces(wording),
    )


@remembered
def _pieces(text: str) -> tuple[str, ...]:
    return tuple(_PIECE.findall(fold(text)))


def _order(first: Sequence[str], second: Sequence[str]) -> float:
    first, second = first[:_MOST_PIECES], second[:_MOST_PIECES]
    if not first or not second:
        return 0.0
    before = [0] * (len(second) + 1)
    for piece in first:
        row = [0]
        for place, other in enumerate(second):
            row.append(before[place] + 1 if piece == other else max(before[place + 1], row[place]))
        before = row
    return 2 * before[-1] / (len(first) + len(second))


def _covered(wording: str, known: frozenset[str]) -> float:
    words = [word for word in dict.fromkeys(content_terms(wording)) if not topics.only_asks(word)]
    if not words:
        return USUAL.covered
    return sum(_held(word, known) for word in words) / len(words)


def _held(word: str, known: frozenset[str]) -> float:
    """Return how far a text with the terms `known` holds a word: in full, or by some of its letters."""
    if word in known:
        return 1.0
    if word < "\u2e80":
        return 0.0
    if len(word) > 1 and all(word[start : start + 2] in known for start in range(len(word) - 1)):
        return 1.0
    return topics.LETTERS_SHARE * sum(letter in known for letter in word) / len(word)
