"""Which entry a question means: units to entries, two legs to one order, and the order to a probability.

An entry is a QA pair or a chunk. Pure functions; nothing here knows the database.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

# Of the mean over an entry's wordings, added to its best one: an entry that is near in all of its wordings beats one
# that is near in a single one.
MEAN_SHARE = 0.75
# Of what the answer's text shares with the question, added to what the wordings share.
ANSWER_SHARE = 0.15
# The share of a question's topic that an entry lacks when nothing is known of it. Paraphrases lack up to as much, other
# subjects a little more.
USUALLY_MISSING = 0.6
# What lacking more or less than usual does to the order: of two entries that are worded alike (情侣套餐多少钱,
# 家庭套餐多少钱) the one comes first that names what was asked for.
MISSING_IN_ORDER = 0.2
# The same for whether there is an answer.
MISSING_IN_LEVEL = 0.3
# An entry with a rare code of the question (E118) is as near as this at least, however little else it shares.
CODE_LEVEL = 0.45
# Taken from the level of an entry that lacks the codes of the question, by their share of its topic: what E118 means does
# not tell what E999 means.
CODE_MISSING = 0.3
# Above this a keyword score tells no more: the text repeats words of the question, or is shorter than usual.
MOST_LEXICAL = 1.6


class Owner(NamedTuple):
    """What a unit belongs to: a pair or a chunk, by primary key."""

    kind: Literal["qa", "chunk"]
    pk: int


class Scored(NamedTuple):
    """A unit with what the two legs say of it; `vector` is None where it has no vector of the encoder in use.

    `missing` is the share of what the question is about that nothing of the unit's entry holds, `uncoded` that of codes
    alone; `coded` whether the entry holds a rare code of the question. They are the same for all units of an entry.
    """

    owner: Owner
    role: str
    lexical: float
    vector: float | None
    missing: float = USUALLY_MISSING
    coded: bool = False
    uncoded: float = 0.0


@dataclass(frozen=True, slots=True)
class Weights:
    """Of the score fusion; they are used in proportion."""

    vector: float
    keyword: float


# The local encoder sees words and letters, as BM25 does, and only corrects it. A model sees meaning.
LOCAL_WEIGHTS = Weights(vector=0.35, keyword=0.65)
MODEL_WEIGHTS = Weights(vector=0.8, keyword=0.2)


@dataclass(frozen=True, slots=True)
class Step:
    """A logistic step: one half at `middle`, three quarters about one `width` above."""

    middle: float
    width: float

    def at(self, value: float) -> float:
        """Return the height of the step at `value`, in (0, 1)."""
        return 1 / (1 + math.exp(-max(-40.0, min(40.0, (value - self.middle) / self.width))))


# From the lead of an entry over the next one (for all but the first: its lag) to the probability that it is the right
# one of those found. Two entries that are equally near are each wrong a little more often than right. Fitted on the
# similar questions of the demo merchants, each held out in turn; public sets agree within .1.
LEAD = Step(middle=0.02, width=1 / 16)
# From the fused score to the probability that there is an answer at all: the words of other merchants' questions reach
# .27 in one of twenty, a merchant's own paraphrases stay above .37 in nineteen of twenty.
LOCAL_LEVEL = Step(middle=0.28, width=0.035)
# Cosines of sentence encoders: unrelated texts reach .4, paraphrases start at .6.
MODEL_LEVEL = Step(middle=0.5, width=0.05)


class Ranked(NamedTuple):
    """An entry in the order of a question.

    `missing`, `coded` and `uncoded` are those of its units. `answerable` is the probability that something this near
    holds an answer at all; `score` that this is the right entry.
    """

    owner: Owner
    lexical: float
    vector: float | None
    fused: float
    missing: float = USUALLY_MISSING
    coded: bool = False
    uncoded: float = 0.0
    answerable: float = 0.0
    score: float = 0.0


def answerability(entries: Sequence[Ranked]) -> float:
    """Return the probability that the knowledge holds an answer, given all entries that were found, best first."""
    return max((entry.answerable for entry in entries), default=0.0)


def weights_for(encoder_id: str, *, vector: float | None, keyword: float | None) -> Weights:
    """Return the weights of the fusion: as set by the merchant, else those that fit the encoder."""
    usual = LOCAL_WEIGHTS if is_local(encoder_id) else MODEL_WEIGHTS
    return Weights(
        vector=usual.vector if vector is None else vector,
        keyword=usual.keyword if keyword is None else keyword,
    )


def is_local(encoder_id: str) -> bool:
    """Tell whether vectors of this encoder are made from the wording alone."""
    return encoder_id.startswith("local-") or not encoder_id


def rank(
    units: Iterable[Scored], *, weights: Weights, local: bool, rank_k: int | None = None
) -> list[Ranked]:
    """Return the entries of `units`, best first, each with its score.

    With `rank_k` the order is that of weighted reciprocal ranks (Cormack et al., SIGIR 2009) instead of that of the
    fused scores; the scores then follow that order.
    """
    entries = [_entry(owner, group, weights, local=local) for owner, group in _grouped(units).items()]
    if rank_k is None:
        entries.sort(key=lambda entry: (-entry.fused, entry.owner))
    else:
        entries = _by_rank(entries, weights, rank_k)
    return calibrated(entries, local=local)


def calibrated(entries: Sequence[Ranked], *, local: bool) -> list[Ranked]:
    """Return `entries`, which are in order, with their scores: strictly falling, in (0, 1)."""
    found: list[Ranked] = []
    ceiling = 1.0
    for place, entry in enumerate(entries):
        rival = entries[1 if place == 0 else 0].fused if len(entries) > 1 else 0.0
        answerable = _answerable(entry, local=local)
        score = min(LEAD.at(entry.fused - rival) * answerable, ceiling)
        ceiling = score * (1 - 1e-9)
        found.append(entry._replace(answerable=answerable, score=score))
    return found


def _answerable(entry: Ranked, *, local: bool) -> float:
    near = max(_fused(entry.lexical, entry.vector, LOCAL_WEIGHTS), CODE_LEVEL if entry.coded else 0.0)
    near += MISSING_IN_LEVEL * (USUALLY_MISSING - entry.missing) - CODE_MISSING * entry.uncoded
    worded = LOCAL_LEVEL.at(near)
    # Words that agree speak for an entry whatever made the vectors.
    return (
        worded if local else max(worded, MODEL_LEVEL.at(_fused(entry.lexical, entry.vector, MODEL_WEIGHTS)))
    )


def _grouped(units: Iterable[Scored]) -> dict[Owner, list[Scored]]:
    groups: dict[Owner, list[Scored]] = {}
    for unit in units:
        groups.setdefault(unit.owner, []).append(unit)
    return groups


def _entry(owner: Owner, units: Sequence[Scored], weights: Weights, *, local: bool) -> Ranked:
    wordings = [unit for unit in units if unit.role != "answer"]
    lexical = _best_and_mean([unit.lexical for unit in wordings])
    lexical += ANSWER_SHARE * max((unit.lexical for unit in units if unit.role == "answer"), default=0.0)
    lexical = min(lexical, MOST_LEXICAL)
    known = [max(unit.vector, 0.0) for unit in wordings if unit.vector is not None]
    vector = _best_and_mean(known) if known else None
    missing, coded, uncoded = units[0].missing, units[0].coded, units[0].uncoded
    fused = max(_fused(lexical, vector, weights), CODE_LEVEL if coded else 0.0)
    if local:
        # A model's vectors know other words for the same.
        fused *= 1 + MISSING_IN_ORDER * (USUALLY_MISSING - missing)
    return Ranked(owner, lexical, vector, fused, missing, coded, uncoded)


def _best_and_mean(values: Sequence[float]) -> float:
    if not values:
        return 0.0
    return (max(values) + MEAN_SHARE * sum(values) / len(values)) / (1 + MEAN_SHARE)


def _fused(lexical: float, vector: float | None, weights: Weights) -> float:
    total = weights.vector + weights.keyword
    if vector is None or total <= 0:
        return lexical
    return (weights.vector * vector + weights.keyword * lexical) / total


def _by_rank(entries: Sequence[Ranked], weights: Weights, k: int) -> list[Ranked]:
    by_lexical = sorted(entries, key=lambda entry: (-entry.lexical, entry.owner))
    by_vector = sorted(entries, key=lambda entry: (-(entry.vector or 0.0), entry.owner))
    total = dict.fromkeys((entry.owner for entry in entries), 0.0)
    for weight, order in ((weights.keyword, by_lexical), (weights.vector, by_vector)):
        for place, entry in enumerate(order, start=1):
            total[entry.owner] += weight / (k + place)
    return sorted(entries, key=lambda entry: (-total[entry.owner], entry.owner))
