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
        self._keys = {key: key.weight * self._worth(key.terms) for key in keys}

    def held(self, owners: Mapping[int, Owner]) -> dict[Owner, Held]:
        """Return what each owner holds; `owners` names the owner of every unit there is of them."""
        if not self._keys:
            return dict.fromkeys(owners.values(), Held())
        units = np.fromiter(owners, dtype=np.int64, count=len(owners))
        everyone = set(owners.values())
        missing = dict.fromkeys(everyone, 0.0)
        coded: set[Owner] = set()
        uncoded = dict.fromkeys(everyone, 0.0)
        total = sum(self._keys.values())
        for key, worth in self._keys.items():
            having = self._owners(key.terms, units, owners)
            if key.is_code and self._is_rare(key):
                coded |= having
            for owner in everyone - having:
                missing[owner] += worth
                uncoded[owner] += worth * key.is_code
            letters = self._letters(key, units, owners)
            for owner in letters.keys() - having:
                missing[owner] -= worth * letters[owner] * LETTERS_SHARE
        return {
            owner: Held(missing[owner] / total, owner in coded, uncoded[owner] / total) for owner in everyone
        }

    def coded_units(self, *, limit: int) -> list[int]:
        """Return units that hold a rare code of the question, `limit` at most."""
        found: list[int] = []
        for key in self._keys:
            if key.is_code and self._is_rare(key):
                for name in COLLECTIONS:
                    found += self._units(name, key.terms[0]).tolist()
        return found[:limit]

    def _frequency(self, term: str) -> int:
        return sum(collection.frequency.get(term_key(term), 0) for collection in self._listed.values())

    def _worth(self, terms: Sequence[str]) -> float:
        rarest = min(self._frequency(term) for term in terms)
        return idf(min(rarest, self._rows), self._rows)

    def _is_rare(self, key: Key) -> bool:
        return 0 < self._frequency(key.terms[0]) <= max(_RARE_UNITS, _RARE_SHARE * self._rows)

    def _units(self, name: str, term: str) -> NDArray[np.int64]:
        postings = self._listed[name].postings.get(term_key(term))
        return np.empty(0, dtype=np.int64) if postings is None else postings["unit"].astype(np.int64)

    def _has(self, name: str, term: str, units: NDArray[np.int64]) -> NDArray[np.bool_]:
        listed, key = self._listed[name], term_key(term)
        if key in listed.frequency and key not in listed.postings:
            # Too common to have been read: everything is taken to hold it.
            return np.ones(len(units), dtype=np.bool_)
        return np.isin(units, self._units(name, term))

    def _owners(
        self,
        terms: Sequence[str],
        units: NDArray[np.int64],
        owners: Mapping[int, Owner],
        names: Sequence[str] = COLLECTIONS,
    ) -> set[Owner]:
        """Return the owners with a unit that holds all of `terms`."""
        having = np.ones(len(units), dtype=np.bool_)
        for term in terms:
            having &= np.logical_or.reduce([self._has(name, term, units) for name in names])
        return {owners[unit] for unit in units[having].tolist()}

    def _letters(self, key: Key, units: NDArray[np.int64], owners: Mapping[int, Owner]) -> dict[Owner, float]:
        """Return the share of a Chinese word's letters, by their rarity, that each owner has in its questions."""
        shares: dict[Owner, float] = {}
        worths = {letter: self._worth((letter,)) for letter in key.letters}
        total = sum(worths.values())
        for letter, worth in worths.items():
            for owner in self._owners((letter,), units, owners, (QUESTIONS,)):
                shares[owner] = shares.get(owner, 0.0) + worth / total
        return shares
