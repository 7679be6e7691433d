"""Whether a text supports a sentence, and which characters of it do.

A sentence is supported by a run of up to three neighbouring sentences when each of its claims is held by one of them:
nearly all of its content words and no new ones of weight, all of its numbers with their units and its names, denied,
restricted and bounded where it is. A claim made of two sentences, or of two things of a list, is not held. This is a
check of words: it lets paraphrases go rather than let an invention through.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from knowledge.services import sentences
from knowledge.services.claims import (
    Claim,
    claim_of,
    claims_of,
    clauses,
    conditions,
    items,
    speaks_of_a_person,
    subject,
)
from knowledge.services.folding import fold
from knowledge.services.orders import is_order
from knowledge.services.word_order import is_turned

__all__ = ["LEAST_COVERED", "Span", "is_order", "support", "supporting"]

# Of the content words of a claim that its source must hold.
LEAST_COVERED = 0.8
_LONGEST_RUN = 3
_PARAGRAPH = re.compile(r"\n\s*\n")
_HAN = re.compile("[\u3400-\u9fff]")
_ASKS = re.compile(
    r"[?？]\Z|(?:[吗呢]|怎么办|怎么做|是什么|多少钱|在哪里|几点)[。.]?\Z"
    r"|(?:\A|[,;]\s*)(?:how|what|why|where|who|which|when) (?:do|does|did|can|could|should|is|are|will|would) ",
    re.IGNORECASE,
)
# Two English words of so many letters in common are forms of one.
_SAME_LETTERS = 4


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
    claims = claims_of(sentence)
    if sum(len(claim.words) + len(claim.numbers) + len(claim.names) for claim in claims) == 1:
        # One word may stand for anything that has it.
        sources = [source if _has_clause(source, sentence) else "" for source in sources]
    # A question states nothing, so nothing can bear it out.
    if not claims or _is_question(sentence):
        return None
    order = sorted(range(len(sources)), key=lambda place: place != hint)
    for place in order:
        found = _in_source(sentence, claims, sources[place])
        if found is not None:
            return Span(place, *found)
    return None


def _in_source(sentence: str, claims: Sequence[Claim], source: str) -> tuple[int, int] | None:
    cut = supporting(source)
    held = [[_holds(part.text, claim) for claim in claims] for part in cut]
    for length in range(1, _LONGEST_RUN + 1):
        for first in range(len(cut) - length + 1):
            run, parts = held[first : first + length], cut[first : first + length]
            if any(source[one.end : other.start].strip() for one, other in pairwise(parts)):
                continue
            if not _are_held(run):
                continue
            start, end = parts[0].start, parts[-1].end
            if _keeps_conditions(claims, parts, run) and not is_turned(sentence, source[start:end]):
                return start, end
    return None


def _are_held(run: Sequence[Sequence[int | None]]) -> bool:
    """Return whether sentences hold all claims, each by one of them.

    `run` is for each sentence and claim the clause that holds it. A clause that is not the first of its sentence, where
    another sentence holds the claim before, has lost what it is about.
    """
    for place in range(len(run[0])):
        holding = [part for part in run if part[place] is not None]
        if not holding:
            return False
        alone = len(run) > 1 and all(
            part[place] and (place == 0 or part[place - 1] is None) for part in holding
        )
        if alone:
            return False
    return True


def _keeps_conditions(
    claims: Sequence[Claim], parts: Sequence[sentences.Sentence], run: Sequence[Sequence[int | None]]
) -> bool:
    """Return whether what the sources say under a condition is said with a word of that condition."""
    said = frozenset(word for claim in claims for word in claim.words)
    for part, clauses_of in zip(parts, run, strict=True):
        used = [place for place in clauses_of if place is not None]
        bound = [words for place, words in conditions(part.text) if used and place <= max(used)]
        if any(words and not words & said for words in bound):
            return False
    return True


@lru_cache(maxsize=256)
def supporting(source: str) -> tuple[sentences.Sentence, ...]:
    """Return the sentences of `source` that may support another one: no orders, nor what follows one in its paragraph."""
    found = []
    silent_until = -1
    for sentence in sentences.split(source):
        if sentence.start < silent_until:
            continue
        if is_order(sentence.text):
            end = _PARAGRAPH.search(source, sentence.end)
            silent_until = end.start() if end is not None else len(source)
            continue
        found.append(sentence)
    return tuple(found)


def _has_clause(source: str, sentence: str) -> bool:
    said = [fold(clause).strip() for clause in clauses(sentence)]
    return said == [clause for clause in said if clause in {fold(each).strip() for each in clauses(source)}]


def _is_question(sentence: str) -> bool:
    """Return whether a sentence asks, with or without its mark."""
    return bool(_ASKS.search(sentence.rstrip(" 」』”\"'）)")))


def _holds(source: str, claim: Claim) -> int | None:
    """Return which clause of a sentence of a source says what a claim says; None when none does."""
    cut = clauses(source)
    nearest = _agreeing(source, claim, cut)
    return None if nearest is None else cut.index(nearest.partition("，")[0])


def _agreeing(source: str, claim: Claim, cut: Sequence[str]) -> str | None:
    """Return the clauses of a sentence that say what a claim says, joined; None when none do."""
    if _is_question(source):
        return None
    whole, folded = claim_of(source), fold(source)
    if not _covers(claim.words, whole.words, folded):
        return None
    if not claim.numbers <= whole.numbers or not _has_measures(claim, whole):
        return None
    if not all(_is_named(name, folded) for name in claim.names):
        return None
    nearest = _nearest(claim, cut)
    if nearest is None or not claim.bounds <= whole.bounds:
        return None
    window = claim_of(nearest)
    if (window.denials, window.restricts) != (claim.denials, claim.restricts):
        return None
    return nearest if _is_of_one_piece(claim, nearest, window, cut) else None


def _covers(words: frozenset[str], held: frozenset[str], folded: str) -> bool:
    """Return whether a source holds nearly all of some words, and a form of each of the others (returned, returns)."""
    # A word of one character is too often a part of another one.
    missing = [
        word
        for word in words
        if word not in held and not (len(word) > 1 and _is_han(word) and word in folded)
    ]
    if len(missing) > (1 - LEAST_COVERED) * len(words):
        return False
    return all(any(_is_form(word, other) for other in held) for word in missing)


def _is_form(word: str, other: str) -> bool:
    # In Chinese two words that begin alike are not forms of one: 张伟 and 张敏, 周一 and 周二.
    return len(word) > _SAME_LETTERS and word[: _SAME_LETTERS + 1] == other[: _SAME_LETTERS + 1]


def _has_measures(claim: Claim, whole: Claim) -> bool:
    """Return whether a source gives the claim's numbers the claim's units; one that gives none may have any."""
    measured = {number for number, _ in whole.measures}
    return all(measure in whole.measures or measure[0] not in measured for measure in claim.measures)


def _is_named(name: str, folded: str) -> bool:
    return re.search(rf"(?<![a-z0-9]){re.escape(name)}(?![a-z0-9])", folded) is not None


def _nearest(claim: Claim, cut: Sequence[str]) -> str | None:
    """Return the clauses, as many as the claim has at most, that share most words with it."""
    windows = [
        "，".join(cut[first : first + length])
        for length in range(1, min(claim.clauses, len(cut)) + 1)
        for first in range(len(cut) - length + 1)
    ]
    return max(windows, key=lambda window: _likeness(claim, window), default=None)


def _likeness(claim: Claim, text: str) -> tuple[int, int, int]:
    theirs = claim_of(text)
    return len(claim.words & theirs.words), len(claim.numbers & theirs.numbers), -len(theirs.words)


def _is_of_one_piece(claim: Claim, nearest: str, window: Claim, cut: Sequence[str]) -> bool:
    """Return whether a claim keeps together what its source does.

    Of a list it takes the number of the thing it speaks of; and what it takes from another clause it does not put in the
    place of what this one is about.
    """
    parts = [part for clause in clauses(nearest) for part in items(clause)]
    own = max(parts, key=lambda part: _likeness(claim, part))
    stated = claim_of(own).numbers
    if claim.numbers and not claim.numbers <= stated and stated - claim.numbers:
        return claim.clauses > 1 and claim.numbers == window.numbers
    elsewhere = {word for word in claim.words - window.words if not (len(word) > 1 and word in fold(nearest))}
    about = subject(own)
    if about and about not in claim.words:
        return False
    if not elsewhere:
        return True
    if claim.first in elsewhere and speaks_of_a_person(own):
        return False
    mine = claim_of(own)
    if about and len(parts) == 1:
        others = {subject(clause) for clause in cut if clause not in nearest}
        return claim.first == about and mine.words <= claim.words and not elsewhere & others
    if about:
        return mine.words <= claim.words
    return not mine.first or mine.first in claim.words


def _is_han(word: str) -> bool:
    return bool(_HAN.search(word))
