"""Entries that say the same, and entries that say the opposite."""

import heapq
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from knowledge.services import sentences
from knowledge.services.checking.entries import Entry
from knowledge.services.folding import fold
from knowledge.services.terms import content_terms, negations, numbers

# Share of common shingles from which two entries say the same to a reader.
_SAME = 0.85
_FEWEST_TERMS = 4
_FEWEST_SHINGLES = 12
_FIGURES = re.compile(r"[0-9][0-9.,:%]*|[零一二三四五六七八九十百千万两半]+(?=[天日元个小时分周月年折件次])")
_ALLOWS = re.compile(r"可以|可|能够|能")
_SKETCH = 4
_MOST_IN_BUCKET = 40
Pair = tuple[Entry, Entry, str]


def duplicates(entries: Sequence[Entry]) -> Iterator[Pair]:
    """Yield entries with an earlier one that has the same text, or nearly the same words."""
    exact: dict[str, Entry] = {}
    buckets: dict[int, list[Entry]] = defaultdict(list)
    for entry in entries:
        if (same := exact.get(entry.folded)) is not None:
            yield entry, same, "内容相同"
            continue
        exact[entry.folded] = entry
        near = _near(entry, buckets)
        if near is not None:
            yield entry, near, "内容几乎相同"


def _near(entry: Entry, buckets: dict[int, list[Entry]]) -> Entry | None:
    """Return an earlier entry that is nearly the same, and file this one under the smallest of its shingles."""
    if len(entry.shingles) < _FEWEST_SHINGLES:
        return None
    keys = heapq.nsmallest(_SKETCH, entry.shingles)
    for key in keys:
        for other in buckets[key]:
            common = len(entry.shingles & other.shingles)
            if common < _SAME * len(entry.shingles | other.shingles):
                continue
            if _figures(entry.text) == _figures(other.text):
                return other
    for key in keys:
        if len(buckets[key]) < _MOST_IN_BUCKET:
            buckets[key].append(entry)
    return None


def contradictions(entries: Iterable[Entry]) -> Iterator[Pair]:
    """Yield entries with an earlier one that says the same of something with another number, or denies it."""
    said: dict[frozenset[str], list[tuple[Entry, str]]] = defaultdict(list)
    told: set[tuple[str, str]] = set()
    for entry in entries:
        for topic, statement in _statements(entry):
            for other, before in said[topic]:
                if other.owner == entry.owner or (entry.id, other.id) in told:
                    continue
                if reason := _contradicts(statement, before):
                    told.add((entry.id, other.id))
                    yield entry, other, reason
            if len(said[topic]) < _MOST_IN_BUCKET:
                said[topic].append((entry, statement))


def _statements(entry: Entry) -> Iterator[tuple[frozenset[str], str]]:
    """Yield what an entry speaks of, with what it says of that: each sentence, and a pair's answer to its question."""
    if entry.question:
        asked = _topic(entry.question)
        if len(asked) >= 2:
            yield asked | {"?"}, entry.text
    for sentence in sentences.split(entry.text):
        topic = _topic(sentence.text)
        if len(topic) >= _FEWEST_TERMS:
            yield topic, sentence.text


def _topic(text: str) -> frozenset[str]:
    """Return the words of a sentence but its numbers, its denials and what allows: what is left is what it speaks of."""
    plain = _FIGURES.sub(" ", fold(text))
    for denial in negations(text):
        plain = plain.replace(denial, "")
    return frozenset(content_terms(_ALLOWS.sub("", plain)))


def _figures(text: str) -> tuple[frozenset[str], bool]:
    return frozenset(numbers(text)), len(negations(text)) % 2 == 1


def _contradicts(one: str, other: str) -> str:
    mine, denied = _figures(one)
    theirs, denied_there = _figures(other)
    if mine and theirs and not (mine <= theirs or theirs <= mine):
        return f"数字不一致：{'、'.join(sorted(mine))} 与 {'、'.join(sorted(theirs))}"
    if mine == theirs and denied != denied_there:
        return "一处肯定，一处否定"
    return ""
