"""BM25 over the postings of a question: how well each unit matches it, in shares of what the question asks.

Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009). The score is divided by the
idf of all terms of the question, also of those that nothing contains, so that it compares between questions: one is
about "all of it is here, in a text of usual length".
"""

import math
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge.services.postings import Listed, term_key

K1, B = 1.2, 0.75
# Texts that are taken to be there besides, without any of the words: in a collection of a few texts a word that all of
# them have would else tell nothing, and one that none has everything.
SMOOTHING_UNITS = 20


# So many of the best units are put in order; nobody looks further.
MOST_RANKED = 10_000


@dataclass(frozen=True, slots=True)
class Matches:
    """The units of one collection that share a term with the question, by id, and their scores; the best ones in order."""

    units: NDArray[np.int64]
    scores: NDArray[np.float64]
    best: NDArray[np.int64]

    def of(self, units: Collection[int]) -> dict[int, float]:
        """Return the scores of some units; 0 for one that shares nothing."""
        wanted = np.fromiter(units, dtype=np.int64, count=len(units))
        if not len(self.units):
            return dict.fromkeys(wanted.tolist(), 0.0)
        places = np.clip(np.searchsorted(self.units, wanted), 0, len(self.units) - 1)
        scores = np.where(self.units[places] == wanted, self.scores[places], 0.0)
        return dict(zip(wanted.tolist(), scores.tolist(), strict=True))


def idf(frequency: int, units: int) -> float:
    """Return how much a term tells that `frequency` of `units` texts contain; never negative."""
    return math.log(1 + (units + SMOOTHING_UNITS - frequency + 0.5) / (frequency + 0.5))


def mass_of(terms: Collection[str], listed: Listed) -> float:
    """Return the idf of all `terms` together, as a collection has them."""
    frequencies = (listed.frequency.get(term_key(term), 0) for term in set(terms))
    return sum(idf(min(frequency, listed.units), listed.units) for frequency in frequencies)


def match(terms: Collection[str], listed: Listed, *, more_mass: float = 0.0) -> Matches:
    """Score every unit of a collection that shares a term with the question.

    `more_mass` is what else the question asks, in idf, that this collection is not searched for.
    """
    mass = more_mass
    found: list[NDArray[np.uint32]] = []
    weights: list[NDArray[np.float64]] = []
    for term in set(terms):
        key = term_key(term)
        frequency = listed.frequency.get(key, 0)
        worth = idf(min(frequency, listed.units), listed.units)
        postings = listed.postings.get(key)
        if postings is None:
            # A term too common to be read tells next to nothing; one that nothing contains counts in full.
            mass += worth if frequency == 0 else 0.0
            continue
        mass += worth
        count = postings["count"].astype(np.float64)
        norm = K1 * (1 - B + B * postings["length"] / listed.mean_length)
        found.append(postings["unit"])
        weights.append(worth * count * (K1 + 1) / (count + norm))
    if not found:
        nothing = np.empty(0, dtype=np.int64)
        return Matches(nothing, np.empty(0), nothing)
    return _summed(np.concatenate(found).astype(np.int64), np.concatenate(weights), mass)


def _summed(units: NDArray[np.int64], weights: NDArray[np.float64], mass: float) -> Matches:
    first, span = int(units.min()), int(units.max() - units.min()) + 1
    if span <= 8 * len(units) + 100_000:
        sums = np.bincount(units - first, weights=weights, minlength=span)
        distinct = np.flatnonzero(sums)
        scores = sums[distinct]
        distinct = distinct + first
    else:
        distinct, places = np.unique(units, return_inverse=True)
        scores = np.bincount(places, weights=weights)
    leading = np.arange(len(scores))
    if len(scores) > MOST_RANKED:
        leading = np.argpartition(-scores, MOST_RANKED)[:MOST_RANKED]
    leading = leading[np.lexsort((distinct[leading], -scores[leading]))]
    return Matches(distinct, scores / mass, distinct[leading])
