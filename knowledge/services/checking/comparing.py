"""Entries that say the same, and entries that say the opposite."""

import hashlib
import re
from array import array
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from knowledge.services import sentences
from knowledge.services.checking.entries import Entry, named, shingles
from knowledge.services.folding import fold
from knowledge.services.terms import content_terms, negations, numbers

# Share of common shingles from which two entries say the same to a reader.
_SAME = 0.85
_FEWEST_TERMS = 4
_FEWEST_SHINGLES = 12
_FIGURES = re.compile(r"[0-9][0-9.,:%]*|[零一二三四五六七八九十百千万两半]+(?=[天日元个小时分周月年折件次])")
_ALLOWS = re.compile(r"可以|可|能够|能")
# So many of an entry's smallest shingles are kept, and by so many of them it is found.
_SKETCH, _KEYS = 48, 4
# What the kept ones say is off by a twentieth or so.
_MAY_BE_SAME = 0.7
_MOST_IN_BUCKET = 40
# So many entries are compared sentence by sentence; of more that may contradict each other, the first are.
_MOST_CANDIDATES = 5_000
Pair = tuple[Entry, Entry, str]
Figures = tuple[frozenset[str], bool]


@dataclass(frozen=True, slots=True)
class _Kept:
    """What is kept of an entry: the smallest of its shingles, how many it has, and a number for the figures it states."""

    sketch: "array[int]"
    shingles: int
    figures: int

    def may_repeat(self, other: "_Kept") -> bool:
        """Tell whether nothing that is kept of the two speaks against it; what is quickest to see is looked at first."""
        if self.figures != other.figures:
            return False
        fewer, more = sorted((self.shingles, other.shingles))
        return fewer >= _SAME * more and _likeness(self.sketch, other.sketch) >= _MAY_BE_SAME


class Duplicates:
    """Finds entries with an earlier one that has the same text, or nearly the same words.

    Of an entry it keeps a digest and what `_Kept` has, by which entries that may be alike are found; what is found is
    read again and compared in full.
    """

    def __init__(self) -> None:
        self._exact: dict[bytes, str] = {}
        self._kept: dict[str, _Kept] = {}
        self._buckets: dict[int, list[str]] = defaultdict(list)

    def take(self, entry: Entry) -> tuple[Entry, str] | None:
        """Take the next entry, and return the earlier one that it repeats, with how."""
        folded = entry.folded()
        digest = hashlib.blake2b(folded.encode(), digest_size=16).digest()
        if (same := self._exact.get(digest)) is not None:
            return _known(same, "内容相同")
        self._exact[digest] = entry.id
        return self._near(entry, shingles(folded))

    def _near(self, entry: Entry, own: frozenset[int]) -> tuple[Entry, str] | None:
        """Return an earlier entry that is nearly the same, and file this one under the smallest of its shingles."""
        if len(own) < _FEWEST_SHINGLES:
            return None
        figures = _figures(entry.text)
        mine = _Kept(array("Q", sorted(own)[:_SKETCH]), len(own), hash(figures))
        for other in named(self._likely(mine)):
            theirs = shingles(other.folded())
            alike = len(own & theirs) >= _SAME * len(own | theirs)
            if alike and figures == _figures(other.text):
                return other, "内容几乎相同"
        self._kept[entry.id] = mine
        for key in mine.sketch[:_KEYS]:
            if len(self._buckets[key]) < _MOST_IN_BUCKET:
                self._buckets[key].append(entry.id)
        return None

    def _likely(self, mine: _Kept) -> list[str]:
        """Return the entries of whom most of the shingles seem to be the same, and the figures too."""
        met = dict.fromkeys(each for key in mine.sketch[:_KEYS] for each in self._buckets.get(key, ()))
        return [each for each in met if mine.may_repeat(self._kept[each])]


def _likeness(one: "array[int]", other: "array[int]") -> float:
    """Return about which share of the shingles of two entries is common, from the smallest of each (Broder 1997)."""
    mine, theirs = set(one), set(other)
    smallest = sorted(mine | theirs)[:_SKETCH]
    return len(mine.intersection(theirs, smallest)) / len(smallest)


def _known(id: str, how: str) -> tuple[Entry, str] | None:
    found = next(named([id]), None)
    return (found, how) if found is not None else None


class Statements:
    """Notes what each entry speaks of and what it says of that, as numbers, to find which may contradict each other."""

    def __init__(self) -> None:
        self._ids: list[str] = []
        self._owners: dict[str, int] = {}
        self._topics, self._said = array("q"), array("q")
        self._places, self._who = array("L"), array("L")

    def take(self, entry: Entry) -> None:
        """Take the next entry."""
        place, owner = len(self._ids), self._owners.setdefault(entry.owner, len(self._owners))
        self._ids.append(entry.id)
        for topic, statement in _statements(entry):
            self._topics.append(hash(topic))
            self._said.append(hash(_figures(statement)))
            self._places.append(place)
            self._who.append(owner)

    def contradictions(self, *, of: Collection[str] | None) -> Iterator[Pair]:
        """Yield entries with an earlier one that contradicts them; with `of`, only what these have a part in."""
        yield from contradictions(named([self._ids[place] for place in self._candidates(of)]))

    def _candidates(self, of: Collection[str] | None) -> list[int]:
        """Return, in their order, the entries that speak of what another owner's speaks of and say something else."""
        topics, said, places, who = (
            np.array(column, dtype=np.int64) for column in (self._topics, self._said, self._places, self._who)
        )
        chosen: set[int] = set()
        order = np.argsort(topics, kind="stable")
        ends = np.flatnonzero(np.diff(topics[order])) + 1
        for group in np.split(order, ends):
            if len(group) < 2 or len(np.unique(said[group])) < 2 or len(np.unique(who[group])) < 2:
                continue
            members = places[group].tolist()
            if of is None or any(self._ids[place] in of for place in members):
                chosen.update(members)
        return sorted(chosen)[:_MOST_CANDIDATES] if of is None else sorted(chosen)[-_MOST_CANDIDATES:]


def contradictions(entries: Iterable[Entry]) -> Iterator[Pair]:
    """Yield entries with an earlier one that says the same of something with another number, or denies it."""
    said: dict[frozenset[str], list[tuple[Entry, Figures]]] = defaultdict(list)
    told: set[tuple[str, str]] = set()
    for entry in entries:
        for topic, statement in _statements(entry):
            figures, earlier = _figures(statement), said[topic]
            for other, before in earlier:
                if other.owner == entry.owner or (entry.id, other.id) in told:
                    continue
                if reason := _contradicts(figures, before):
                    told.add((entry.id, other.id))
                    yield entry, other, reason
            if len(earlier) < _MOST_IN_BUCKET:
                earlier.append((entry, figures))


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


def _figures(text: str) -> Figures:
    """Return the numbers that a text states, and whether it denies."""
    return frozenset(numbers(text)), len(negations(text)) % 2 == 1


def _contradicts(one: Figures, other: Figures) -> str:
    (mine, denied), (theirs, denied_there) = one, other
    if mine and theirs and not (mine <= theirs or theirs <= mine):
        return f"数字不一致：{'、'.join(sorted(mine))} 与 {'、'.join(sorted(theirs))}"
    if mine == theirs and denied != denied_there:
        return "一处肯定，一处否定"
    return ""
