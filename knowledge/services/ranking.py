"""Which entry a question means: units to entries, two legs to one order, and the order to a probability.

An entry is a QA pair or a chunk. Pure functions; nothing here knows the database.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from knowledge.services.calibration import PRIOR, Calibration
from knowledge.services.looking import USUAL, Look

# Of the mean over an entry's wordings, added to its best one: an entry that is near in all of its wordings beats one
# that is near in a single one. Words say so more than vectors do.
WORDS_MEAN_SHARE = 3.0
VECTORS_MEAN_SHARE = 0.75
# Of what the answer's text shares with the question, added to what the wordings share.
ANSWER_SHARE = 0.15
# The share of a question's topic that an entry lacks when nothing is known of it. Paraphrases lack up to as much, other
# subjects a little more.
USUALLY_MISSING = 0.6
# An entry with a rare code of the question (E118) is as near as this at least, however little else it shares.
CODE_LEVEL = 0.45
# Above this a keyword score tells no more: the text repeats words of the question, or is shorter than usual.
MOST_LEXICAL = 1.6
# An entry one of whose wordings is the question itself comes before all that only come near.
SAME_LEVEL = 0.4
# So many of the first entries are looked at a second time.
LOOKED_AT = 12


class Owner(NamedTuple):
    """What a unit belongs to: a pair or a chunk, by primary key."""

    kind: Literal["qa", "chunk"]
    pk: int


class Scored(NamedTuple):
    """A unit with what the two legs say of it; `vector` is None where it has no vector of the encoder in use.

    `missing` is the share of what the question is about that nothing of the unit's entry holds, `uncoded` that of codes
    alone; `coded` whether the entry holds a rare code of the question. They are the same for all units of an entry.
    `place` counts the wordings of a pair: 0 its question, 1 the first similar one.
    """

    owner: Owner
    role: str
    lexical: float
    vector: float | None
    missing: float = USUALLY_MISSING
    coded: bool = False
    uncoded: float = 0.0
    place: int = 0


@dataclass(frozen=True, slots=True)
class Weights:
    """Of the score fusion; they are used in proportion."""

    vector: float
    keyword: float


# The local encoder sees words and letters, as BM25 does, and only corrects it. A model sees meaning.
LOCAL_WEIGHTS = Weights(vector=0.38, keyword=0.62)
MODEL_WEIGHTS = Weights(vector=0.8, keyword=0.2)


@dataclass(frozen=True, slots=True)
class Shares:
    """What goes into the order besides the fused legs, in their unit, and how many logits that unit is worth."""

    missing: float
    order: float
    kinds: float
    logits: float


# Of two entries that are worded alike (情侣套餐多少钱, 家庭套餐多少钱) the one comes first that names what was asked for,
# then the one that says it in the same order, then the one that wants to know the same kind of thing.
LOCAL_SHARES = Shares(missing=0.35, order=0.12, kinds=0.045, logits=13.0)
# A model's vectors know other words for the same, so the words themselves count less.
MODEL_SHARES = Shares(missing=0.12, order=0.03, kinds=0.012, logits=25.0)
# A lead, in logits, tells no more above this: nothing else may be near because nothing is.
MOST_LEAD = 3.0
MOST_LAG = 6.0
# The lead counts for this much more when the question is which entry is right than when it is whether there is one.
LEAD_IN_SCORE = 0.2
# What a rare code of the question does to the evidence: an entry that has it, one that lacks it, by its share.
_CODED, _UNCODED = 3.0, 6.0
_SAME = 6.0
# What a wording that asks the same of another thing loses: of thousands of right ones on public sets none does.
_REPLACED = 3.0


class Ranked(NamedTuple):
    """An entry in the order of a question.

    `nearest` is the best of its vectors, `wording` the place of the wording that fits best; `missing`, `coded` and
    `uncoded` are those of its units. `evidence` says, in logits, how much speaks for an answer here, `lead` how far it
    is before the next entry (behind the first, for all others). `answerable` is the probability that something this near
    holds an answer at all; `score` that this is the right entry if there is one.
    """

    owner: Owner
    lexical: float
    vector: float | None
    fused: float
    missing: float = USUALLY_MISSING
    coded: bool = False
    uncoded: float = 0.0
    nearest: float | None = None
    wording: int | None = None
    look: Look | None = None
    evidence: float = 0.0
    lead: float = 0.0
    answerable: float = 0.0
    score: float = 0.0

    @property
    def decisive(self) -> float:
        """Return what the score is made from."""
        return self.evidence + LEAD_IN_SCORE * self.lead


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
    units: Iterable[Scored],
    *,
    weights: Weights,
    local: bool,
    rank_k: int | None = None,
    look_at: Callable[[Sequence[Ranked]], Mapping[Owner, Look]] | None = None,
    calibration: Calibration = PRIOR,
) -> list[Ranked]:
    """Return the entries of `units`, best first, each with its score.

    `look_at` gives the second look at the first entries. With `rank_k` the order is that of weighted reciprocal ranks
    (Cormack et al., SIGIR 2009) instead of that of the fused scores; the scores then follow that order.
    """
    shares = LOCAL_SHARES if local else MODEL_SHARES
    entries = [_entry(owner, group, weights, shares) for owner, group in _grouped(units).items()]
    entries.sort(key=_by_fused)
    if look_at is not None and entries:
        entries = _looked(entries, look_at(entries[:LOOKED_AT]), shares)
    if rank_k is not None:
        entries = _by_rank(entries, weights, rank_k)
    return calibrated(entries, local=local, calibration=calibration)


def _by_fused(entry: Ranked) -> tuple[float, Owner]:
    return -entry.fused, entry.owner


def _looked(entries: Sequence[Ranked], looks: Mapping[Owner, Look], shares: Shares) -> list[Ranked]:
    first = [
        entry._replace(look=looks[entry.owner], fused=entry.fused + _worth(looks[entry.owner], shares))
        if entry.owner in looks
        else entry
        for entry in entries[:LOOKED_AT]
    ]
    first.sort(key=_by_fused)
    lowest = first[-1].fused
    return [*first, *(entry._replace(fused=min(entry.fused, lowest)) for entry in entries[LOOKED_AT:])]


def _worth(look: Look, shares: Shares) -> float:
    same = SAME_LEVEL if look.is_same else 0.0
    return shares.order * (look.order - USUAL.order) + shares.kinds * (look.kinds - USUAL.kinds) + same


def calibrated(entries: Sequence[Ranked], *, local: bool, calibration: Calibration = PRIOR) -> list[Ranked]:
    """Return `entries`, which are in order, with their scores: strictly falling, in (0, 1)."""
    shares = LOCAL_SHARES if local else MODEL_SHARES
    found: list[Ranked] = []
    ceiling = 1.0
    for place, entry in enumerate(entries):
        rival = entries[1 if place == 0 else 0].fused if len(entries) > 1 else 0.0
        lead = max(-MOST_LAG, min(MOST_LEAD, shares.logits * (entry.fused - rival)))
        weighed = entry._replace(evidence=_evidence(entry, lead, local=local), lead=lead)
        score = min(calibration.score.at(weighed.decisive), ceiling)
        ceiling = score * (1 - 1e-9)
        found.append(weighed._replace(answerable=calibration.answer.at(weighed.evidence), score=score))
    return found


def _evidence(entry: Ranked, lead: float, *, local: bool) -> float:
    """Return how much speaks for an answer in this entry, in logits: about 2 is as much for as against."""
    look = entry.look or USUAL
    if entry.owner.kind == "chunk":
        # No wording to look at: words and topic alone speak for a chunk.
        worded = 6.7 * entry.lexical - 4.0 * entry.missing + 0.8 * lead - 3.0
    else:
        nearest = entry.lexical if entry.nearest is None else entry.nearest
        worded = 2.0 * min(nearest, 1.0) + 1.5 * look.covered + look.order - 2.0 * entry.missing + 0.3 * lead
        worded -= 0.3 * look.contradicts + _REPLACED * look.replaced
    evidence = worded if local else 10.9 * entry.fused + 0.3 * lead - 4.5
    if look.is_same:
        evidence = max(evidence, _SAME)
    if entry.coded:
        evidence = max(evidence, _CODED)
    return evidence - _UNCODED * entry.uncoded


def _grouped(units: Iterable[Scored]) -> dict[Owner, list[Scored]]:
    groups: dict[Owner, list[Scored]] = {}
    for unit in units:
        groups.setdefault(unit.owner, []).append(unit)
    return groups


def _entry(owner: Owner, units: Sequence[Scored], weights: Weights, shares: Shares) -> Ranked:
    wordings = [unit for unit in units if unit.role != "answer"]
    lexical = _best_and_mean([unit.lexical for unit in wordings], WORDS_MEAN_SHARE)
    lexical += ANSWER_SHARE * max((unit.lexical for unit in units if unit.role == "answer"), default=0.0)
    lexical = min(lexical, MOST_LEXICAL)
    known = [max(unit.vector, 0.0) for unit in wordings if unit.vector is not None]
    vector = _best_and_mean(known, VECTORS_MEAN_SHARE) if known else None
    missing, coded, uncoded = units[0].missing, units[0].coded, units[0].uncoded
    fused = max(_fused(lexical, vector, weights), CODE_LEVEL if coded else 0.0)
    fused += shares.missing * (USUALLY_MISSING - missing)
    best = max(wordings, key=lambda unit: _fused(unit.lexical, unit.vector, weights), default=None)
    return Ranked(
        owner,
        lexical,
        vector,
        fused,
        missing,
        coded,
        uncoded,
        nearest=max(known, default=None),
        wording=best.place if best is not None else None,
    )


def _best_and_mean(values: Sequence[float], share: float) -> float:
    if not values:
        return 0.0
    return (max(values) + share * sum(values) / len(values)) / (1 + share)


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
