"""Whether a text supports a sentence, and which characters of it do.

A sentence is supported by a run of up to three neighbouring sentences that holds nearly all of its content words, all of
its numbers and names, and denies where it denies. This is a check of words: it lets paraphrases go rather than let an
invention through.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from knowledge.services import sentences
from knowledge.services.folding import fold
from knowledge.services.terms import content_terms, latin_entities, negations, numbers

# Of the content words of a sentence that its source must hold.
LEAST_COVERED = 0.8
_LONGEST_RUN = 3
_CLAUSE = re.compile(r"[，,；;：:。！？!?\n]|\.\s")
_HAN = re.compile("[\u3400-\u9fff]")
_LETTER = re.compile(r"\w")


@dataclass(frozen=True, slots=True)
class Span:
    """Characters `start` to `end` of source number `source` (from 0)."""

    source: int
    start: int
    end: int


def support(sentence: str, sources: Sequence[str], *, hint: int | None = None) -> Span | None:
    """Return the shortest span that supports `sentence`, or None.

    `hint` is the source that the writer named: it is tried first, and believed only when it does support.
    """
    order = sorted(range(len(sources)), key=lambda place: place != hint)
    for place in order:
        found = _in_source(sentence, sources[place])
        if found is not None:
            return Span(place, *found)
    return None


def _in_source(sentence: str, source: str) -> tuple[int, int] | None:
    words = content_terms(sentence)
    if not words:
        return None
    cut = _sentences(source)
    for length in range(1, _LONGEST_RUN + 1):
        for first in range(len(cut) - length + 1):
            start, end = cut[first].start, cut[first + length - 1].end
            if _supports(sentence, words, source[start:end]):
                return start, end
    return None


@lru_cache(maxsize=256)
def _sentences(source: str) -> tuple[sentences.Sentence, ...]:
    return tuple(sentences.split(source))


def _supports(sentence: str, words: Sequence[str], span: str) -> bool:
    held = _words_of(span)
    folded = fold(span)
    covered = sum(word in held or (_is_han(word) and word in folded) for word in words)
    if covered < LEAST_COVERED * len(words):
        return False
    if not set(numbers(sentence)) <= set(_numbers_of(span)):
        return False
    if not all(name in folded for name in latin_entities(sentence)):
        return False
    return _denies_alike(sentence, span)


@lru_cache(maxsize=2048)
def _words_of(text: str) -> frozenset[str]:
    return frozenset(content_terms(text))


@lru_cache(maxsize=2048)
def _numbers_of(text: str) -> tuple[str, ...]:
    return tuple(numbers(text))


def _is_han(word: str) -> bool:
    return bool(_HAN.search(word))


def _denies_alike(sentence: str, span: str) -> bool:
    """Return whether each clause denies as the clause of the span denies that it resembles most."""
    theirs = [(clause, _words_of(clause)) for clause in _clauses(span)]
    for clause in _clauses(sentence):
        words = _words_of(clause)
        if not words:
            continue
        nearest = max(theirs, key=lambda item: (len(words & item[1]), -len(item[1])), default=None)
        if nearest is None or bool(negations(clause)) != bool(negations(nearest[0])):
            return False
    return True


def _clauses(text: str) -> list[str]:
    return [piece for piece in _CLAUSE.split(text) if _LETTER.search(piece)]
