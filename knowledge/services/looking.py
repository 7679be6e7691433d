"""The second look: whether a wording that shares words with a question asks the same. Pure; nothing here is learnt."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from knowledge.services import topics
from knowledge.services.asking import kinds
from knowledge.services.folding import fold
from knowledge.services.remembering import remembered
from knowledge.services.terms import content_terms, terms

_PIECE = re.compile(r"[\u3400-\u9fff\U00020000-\U000323af]|[^\W_\u3400-\u9fff]+")
_HAN = re.compile("[\u3400-\u9fff]")
# Longer texts are compared by their beginning: the time grows with the product of both lengths.
_MOST_PIECES = 60
# Two questions that are alike but for one thing have this share of their pieces in common.
_LEAST_ALIKE = 0.4


@dataclass(frozen=True, slots=True)
class Look:
    """What a question and a wording have in common beside rare words; all but the flags from 0 to 1.

    `order` is the longest common subsequence (letters of Chinese, words of other scripts) over the mean length,
    `covered` the share of the wording's content that the question speaks of, `kinds` how far both want to know the same
    kind of thing (`contradicts`: both say which, and share none), `is_same` whether they are equal when folded, `replaced`
    whether the wording asks the same of another thing.
    """

    order: float
    covered: float
    kinds: float
    contradicts: bool = False
    is_same: bool = False
    replaced: bool = False


# Where nothing is known: halfway between the right wordings and the wrong ones that come close.
USUAL = Look(order=0.5, covered=0.5, kinds=0.5)


def look(question: str, wording: str) -> Look:
    """Return how `wording` compares with `question`."""
    mine, theirs = kinds(question), kinds(wording)
    either = mine | theirs
    return Look(
        order=_order(_pieces(question), _pieces(wording)),
        covered=_covered(wording, _known(question)),
        kinds=len(mine & theirs) / len(either) if either else USUAL.kinds,
        contradicts=bool(mine and theirs and not mine & theirs),
        is_same=_pieces(question) == _pieces(wording),
        replaced=_asks_of_another(question, wording),
    )


def _asks_of_another(question: str, wording: str) -> bool:
    """Return whether two questions are worded alike but for the thing that they are about: 汉服能租吗, 小朋友能租吗.

    What stands between their common beginning and end must be most of what each is about, and have nothing in common.
    Only in Chinese: English intents are often told by the frame, whatever is put in it (what does ajar mean).
    """
    if not _HAN.search(question):
        return False
    mine, theirs = _pieces(question), _pieces(wording)
    start = _alike(mine, theirs)
    end = _alike(mine[start:][::-1], theirs[start:][::-1])
    if 2 * (start + end) < _LEAST_ALIKE * (len(mine) + len(theirs)):
        return False
    this, other = mine[start : len(mine) - end], theirs[start : len(theirs) - end]
    if not this or not other or set(this) & set(other):
        return False
    about, instead = _about(this), _about(other)
    return (
        not about & instead
        and _is_most(about, of=_content(question))
        and _is_most(instead, of=_content(wording))
    )


def _alike(first: Sequence[str], second: Sequence[str]) -> int:
    """Return how many pieces two texts have in common at their beginning."""
    pairs = zip(first, second, strict=False)
    return next(
        (place for place, (one, other) in enumerate(pairs) if one != other), min(len(first), len(second))
    )


def _about(pieces: Sequence[str]) -> frozenset[str]:
    """Return the content words of some pieces; none when they ask something."""
    text = (" " if pieces[0] < "\u2e80" else "").join(pieces)
    return frozenset() if kinds(text) else frozenset(_content(text))


def _is_most(words: Collection[str], *, of: Iterable[str]) -> bool:
    return bool(words) and 2 * sum(map(len, words)) >= sum(map(len, of))


@remembered
def _known(text: str) -> frozenset[str]:
    return frozenset(terms(text))


@remembered
def _pieces(text: str) -> tuple[str, ...]:
    return tuple(_PIECE.findall(fold(text)))


def _order(first: Sequence[str], second: Sequence[str]) -> float:
    first, second = first[:_MOST_PIECES], second[:_MOST_PIECES]
    if not first or not second:
        return 0.0
    return 2 * _in_common(first, second) / (len(first) + len(second))


def _in_common(first: Sequence[str], second: Sequence[str]) -> int:
    """Return the length of the longest common subsequence, a row of the table in one number.

    Hyyrö, "Bit-Parallel LCS-length Computation Revisited" (2004).
    """
    places: dict[str, int] = {}
    for place, piece in enumerate(first):
        places[piece] = places.get(piece, 0) | 1 << place
    every = (1 << len(first)) - 1
    row = every
    for piece in second:
        shared = row & places.get(piece, 0)
        row = (row + shared | row - shared) & every
    return len(first) - row.bit_count()


def _covered(wording: str, known: frozenset[str]) -> float:
    words = _content(wording)
    if not words:
        return USUAL.covered
    return sum(_held(word, known) for word in words) / len(words)


@remembered
def _content(wording: str) -> tuple[str, ...]:
    return tuple(word for word in dict.fromkeys(content_terms(wording)) if not topics.only_asks(word))


def _held(word: str, known: frozenset[str]) -> float:
    """Return how far a text with the terms `known` holds a word: in full, or by some of its letters."""
    if word in known:
        return 1.0
    if word < "\u2e80":
        return 0.0
    if len(word) > 1 and all(word[start : start + 2] in known for start in range(len(word) - 1)):
        return 1.0
    return topics.LETTERS_SHARE * sum(letter in known for letter in word) / len(word)
