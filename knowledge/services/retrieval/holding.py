"""Which entries hold what a question is about, told from the postings alone."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from knowledge.services.postings import COLLECTIONS, QUESTIONS, Listed, term_key
from knowledge.services.ranking import USUALLY_MISSING, Owner
from knowledge.services.scoring import idf
from knowledge.services.topics import LETTERS_SHARE, Key

# A code in more units than this, and in more than this share of them, is a word like any other.
_RARE_UNITS, _RARE_SHARE = 8, 0.01


Flags = NDArray[np.bool_]


class Held(NamedTuple):
    """What an entry holds of a question: see `Scored`."""

    missing: float = USUALLY_MISSING
    coded: bool = False
    uncoded: float = 0.0


class Topic:
    """The keys of a question, weighed by how rare they are in the knowledge."""

    def __init__(self, keys: Sequence[Key], listed: Mapping[str, Listed]) -> None:
        self._listed = listed
        self._rows = sum(collection.units for collection in listed.values())
        self._numbers: dict[str, int] = {}
        self._keys = {key: key.weight * self._worth(key.terms) for key in keys}

    def held(self, owners: Mapping[int, Owner]) -> dict[Owner, Held]:
        """Return what each owner holds; `owners` names the owner of every unit there is of them."""
        if not self._keys or not owners:
            return dict.fromkeys(owners.values(), Held())
        entries = _Entries(owners)
        count = len(entries.names)
        missing, uncoded = np.zeros(count), np.zeros(count)
        coded = np.zeros(count, dtype=np.bool_)
        for key, worth in self._keys.items():
            having = self._having(key.terms, entries, COLLECTIONS)
            lacking = worth * ~having
            if key.is_code:
                uncoded += lacking
                if self._is_rare(key):
                    coded |= having
            missing += lacking
            if key.letters and lacking.any():
                missing -= lacking * self._letters(key, entries) * LETTERS_SHARE
        total = sum(self._keys.values())
        each = zip((missing / total).tolist(), coded.tolist(), (uncoded / total).tolist(), strict=True)
        return dict(zip(entries.names, map(Held._make, each), strict=True))

    def coded_units(self, *, limit: int) -> list[int]:
        """Return units that hold a rare code of the question, `limit` at most."""
        found: list[int] = []
        for key in self._keys:
            if key.is_code and self._is_rare(key):
                for name in COLLECTIONS:
                    postings = self._listed[name].postings.get(self._number(key.terms[0]))
                    found += postings["unit"].tolist() if postings is not None else []
        return found[:limit]

    def _number(self, term: str) -> int:
        number = self._numbers.get(term)
        if number is None:
            number = self._numbers[term] = term_key(term)
        return number

    def _frequency(self, term: str) -> int:
        number = self._number(term)
        return sum(collection.frequency.get(number, 0) for collection in self._listed.values())

    def _worth(self, terms: Sequence[str]) -> float:
        rarest = min(self._frequency(term) for term in terms)
        return idf(min(rarest, self._rows), self._rows)

    def _is_rare(self, key: Key) -> bool:
        return 0 < self._frequency(key.terms[0]) <= max(_RARE_UNITS, _RARE_SHARE * self._rows)

    def _having(self, terms: Sequence[str], entries: "_Entries", names: Sequence[str]) -> Flags:
        """Return which entries have a unit that holds all of `terms`."""
        units = np.ones(len(entries.units), dtype=np.bool_)
        for term in terms:
            number = self._number(term)
            holding = np.zeros(len(entries.units), dtype=np.bool_)
            for name in names:
                listed = self._listed[name]
                if (postings := listed.postings.get(number)) is not None:
                    entries.mark(holding, postings["unit"])
                elif number in listed.frequency:
                    # Too common to have been read: everything is taken to hold it.
                    holding[:] = True
            units &= holding
        return entries.with_any(units)

    def _letters(self, key: Key, entries: "_Entries") -> NDArray[np.float64]:
        """Return the share of a Chinese word's letters, by their rarity, that each entry has in its questions."""
        worths = {letter: self._worth((letter,)) for letter in key.letters}
        shares = np.zeros(len(entries.names))
        for letter, worth in worths.items():
            shares += worth * self._having((letter,), entries, (QUESTIONS,))
        return shares / sum(worths.values())


class _Entries:
    """Owners and their units, by places in arrays."""

    def __init__(self, owners: Mapping[int, Owner]) -> None:
        self.names = list(dict.fromkeys(owners.values()))
        places = {owner: place for place, owner in enumerate(self.names)}
        ordered = sorted(owners)
        self.units = np.array(ordered, dtype=np.int64)
        self._owners = np.array([places[owners[unit]] for unit in ordered], dtype=np.int64)

    def mark(self, flags: Flags, units: NDArray[np.uint32]) -> None:
        """Set the flags of those of `units` that are there."""
        places = self.units.searchsorted(units)
        places[places == len(self.units)] = 0
        flags[places[self.units[places] == units]] = True

    def with_any(self, flags: Flags) -> Flags:
        """Return which owners have a unit with its flag set."""
        found = np.zeros(len(self.names), dtype=np.bool_)
        found[self._owners[flags]] = True
        return found
