"""Whether a text supports a sentence, and which characters of it do.

A sentence is supported by a run of up to three neighbouring sentences when each of its clauses is held by one of them:
nearly all of its content words, all of its numbers and names, denied where it denies. A clause made of two sentences is
not held by either. This is a check of words: it lets paraphrases go rather than let an invention through.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from knowledge.services import sentences
from knowledge.services.folding import fold
from knowledge.services.terms import content_terms, latin_entities, negations, numbers

# Of the content words of a clause that its source must hold.
LEAST_COVERED = 0.8
_LONGEST_RUN = 3
_CLAUSE = re.compile(r"[，,；;：:。！？!?\n]|\.\s")
# Words that are meant for a model that reads the text, not for a customer.
_ORDER = re.compile(
    r"(?:忽略|无视|忘记|忘掉|不要理会|跳过).{0,12}(?:指令|规则|提示|要求|设定|上文|以上|之前|前面)"
    r"|(?:只|必须|请)(?:需|能|要|可)?(?:回复|输出|回答|说)\s*[:：\"“「]|系统提示词?|开发者模式"
    r"|(?:ignore|disregard|forget|override|bypass)\b.{0,40}\b(?:instructions?|rules?|prompts?|above|previous|guidelines)\b"
    r"|\b(?:reply|respond|answer|say|output|print)\s+(?:only|exactly|just|with)\b|\bsystem prompt\b|\byou are now\b",
    re.IGNORECASE,
)
_MODAL = frozenset({"可以", "可", "能", "能够", "can", "may", "could"})
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


def is_order(text: str) -> bool:
    """Return whether a sentence of a source gives orders to whoever processes it; such a sentence supports nothing."""
    return bool(_ORDER.search(fold(text)))


def _in_source(sentence: str, source: str) -> tuple[int, int] | None:
    claims = [claim for clause in _clauses(sentence) if (claim := _claim(clause)).words]
    if not claims:
        return None
    cut = supporting(source)
    for length in range(1, _LONGEST_RUN + 1):
        for first in range(len(cut) - length + 1):
            run = cut[first : first + length]
            if all(any(_holds(part.text, claim) for part in run) for claim in claims):
                return run[0].start, run[-1].end
    return None


@dataclass(frozen=True, slots=True)
class _Claim:
    """A clause of the sentence in question: its words, numbers and names, and whether it denies."""

    words: frozenset[str]
    numbers: frozenset[str]
    names: tuple[str, ...]
    denies: bool


def _claim(clause: str) -> _Claim:
    return _Claim(
        words=frozenset(_words(clause)),
        numbers=frozenset(numbers(clause)),
        names=tuple(latin_entities(clause)),
        denies=bool(negations(clause)),
    )


def _words(text: str) -> list[str]:
    """Return the content words but those that are compared in their own way, numbers and denials, and modal verbs."""
    return [
        word
        for word in content_terms(text)
        if word not in _MODAL and not numbers(word) and word not in negations(word)
    ]


@lru_cache(maxsize=256)
def supporting(source: str) -> tuple[sentences.Sentence, ...]:
    """Return the sentences of `source` that may support another one."""
    return tuple(sentence for sentence in sentences.split(source) if not is_order(sentence.text))


def _holds(source: str, claim: _Claim) -> bool:
    """Return whether one sentence of a source says what a clause claims."""
    held, folded = _words_of(source), fold(source)
    # A word of one character is too often a part of another one.
    covered = sum(
        word in held or (len(word) > 1 and _is_han(word) and word in folded) for word in claim.words
    )
    if covered < LEAST_COVERED * len(claim.words):
        return False
    if not claim.numbers <= _numbers_of(source) or not all(name in folded for name in claim.names):
        return False
    nearest = max(_clauses(source), key=lambda clause: _likeness(claim.words, clause), default="")
    return bool(negations(nearest)) == claim.denies


def _likeness(words: frozenset[str], clause: str) -> tuple[int, int]:
    theirs = _words_of(clause)
    return len(words & theirs), -len(theirs)


@lru_cache(maxsize=4096)
def _words_of(text: str) -> frozenset[str]:
    return frozenset(_words(text))


@lru_cache(maxsize=2048)
def _numbers_of(text: str) -> frozenset[str]:
    return frozenset(numbers(text))


def _is_han(word: str) -> bool:
    return bool(_HAN.search(word))


def _clauses(text: str) -> list[str]:
    return [piece for piece in _CLAUSE.split(text) if _LETTER.search(piece)]
