"""Whether a sentence has put the words of its source into each other's places: who pays whom, which costs what.

A check of words alone does not see it: both have the same ones. What a paraphrase moves as a whole keeps its order inside.
"""

from collections.abc import Sequence

from knowledge.services.facts import negations, numbers
from knowledge.services.remembering import remembered
from knowledge.services.terms import content_terms

# Longer sentences are compared by their beginning: the time grows with the cube of the words in common.
_MOST_WORDS = 40


def is_turned(said: str, source: str) -> bool:
    """Return whether `said` has turned round what `source` says.

    Three words in common, the middle one between the others in both, stand the other way round; or two numbers have
    changed places, each now after another word than in the source.
    """
    mine, theirs = _tokens(said), _tokens(source)
    common = _once(mine) & _once(theirs)
    before = {word: place for place, word in enumerate(theirs)}
    places = [before[word] for word in mine if word in common][:_MOST_WORDS]
    return _has_reversed_three(places) or _has_swapped_numbers(mine, theirs)


@remembered
def _tokens(text: str) -> tuple[str, ...]:
    """Return the content words and numbers of a text in its order; numbers begin with #."""
    found: list[str] = []
    for word in content_terms(text):
        stated = numbers(word)
        if stated:
            found += [f"#{number}" for number in stated]
        elif word not in negations(word):
            found.append(word)
    return tuple(found)


def _once(words: Sequence[str]) -> set[str]:
    return {word for word in words if words.count(word) == 1}


def _has_reversed_three(places: Sequence[int]) -> bool:
    """Return whether some numbers hold three in a row of their own that fall."""
    # The length of the longest falling subsequence that ends here, at most three.
    longest: list[int] = []
    for at, place in enumerate(places):
        best = 1 + max((longest[earlier] for earlier in range(at) if places[earlier] > place), default=0)
        if best >= 3:
            return True
        longest.append(best)
    return False


def _has_swapped_numbers(mine: Sequence[str], theirs: Sequence[str]) -> bool:
    said, stood = _numbers(mine), _numbers(theirs)
    shared = [number for number in said if number in stood]
    for at, first in enumerate(shared):
        for second in shared[at + 1 :]:
            (before_first, was_first), (before_second, was_second) = stood[first], stood[second]
            if before_first < before_second:
                continue
            moved = said[first][1] != was_first or said[second][1] != was_second
            if moved or was_first == was_second:
                return True
    return False


def _numbers(tokens: Sequence[str]) -> dict[str, tuple[int, str]]:
    """Return the numbers that stand once, with their places and the words before them."""
    once = _once(tokens)
    return {
        token: (place, tokens[place - 1] if place else "")
        for place, token in enumerate(tokens)
        if token.startswith("#") and token in once
    }
