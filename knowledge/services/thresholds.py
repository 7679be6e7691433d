"""The least score an answer needs: chosen from what search says to the merchant's own questions. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

# Fewer questions than this say too little: the merchant's fixed value stands instead.
LEAST_QUESTIONS = 30
# So many of a merchant's questions are taken to have no answer in its knowledge: one in five.
STRANGERS = 0.2
# An answer that is as likely right as wrong.
LIKELY = 0.5
# Without questions to choose by, so many of the strangers are refused: on public sets that costs up to one in fourteen of
# the questions that have an answer, and lets in one in twenty of those about something else.
LEAST_LIKE = 0.2
# Where scores are fitted, so much has to speak for an answer as well, in logits (`ranking.Ranked.evidence`): a score only
# says which entry is right if one is. By what is known before any fit an answer is then as probable as .18.
SURE = 0.0
# For its sake no more than this share of the questions that may be refused is.
SURE_SHARE = 0.5
# The same where so few entries are found at all that whatever is asked has one which is nearest by far.
SURE_AMONG_FEW = 0.35
FEW = 10
# The odds that a contact's question is refused over those of a merchant's own wording: similar questions are written by
# one hand, one after another, and are nearer to each other than what others ask. Measured on public sets: 0.9 to 1.6.
FREER = 1.5
_Z = 1.96

LimitedBy = Literal["accuracy", "refusal", "data"]


@dataclass(frozen=True, slots=True)
class Threshold:
    """The score an answer needs, and what it does to the merchant's own questions.

    `expected_accuracy` is the share of right first answers among those given, also to questions without an answer, with
    its 95 % interval; `refused_share` the share of the merchant's own questions that stay without one. `limited_by` says
    what set it: the accuracy that was wanted, the share that may be refused at most, or that there are too few questions.
    `sure` is the least probability, besides, that there is an answer at all.
    """

    value: float
    expected_accuracy: float = 0.0
    ci95: tuple[float, float] = (0.0, 1.0)
    refused_share: float = 0.0
    limited_by: LimitedBy = "data"
    sure: float = 0.0


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What search says to questions: the score of each first entry, and whether it is right.

    A score of 0 is that of an entry which is not given for another reason. A `stranger` is a question without an answer:
    whatever is found for it is wrong, and refusing it costs nothing.
    """

    scores: Sequence[float]
    right: Sequence[bool]
    strangers: Sequence[float] = ()

    @property
    def enough(self) -> bool:
        """Tell whether there are questions enough to choose by."""
        return len(self.scores) >= LEAST_QUESTIONS

    @property
    def weight(self) -> float:
        """Return what a stranger weighs where one question of the merchant's weighs 1."""
        share = STRANGERS / (1 - STRANGERS)
        return share * len(self.scores) / len(self.strangers) if self.strangers else 0.0

    def at(self, value: float, limited_by: LimitedBy) -> Threshold:
        """Return what a threshold does to them."""
        given = [good for score, good in zip(self.scores, self.right, strict=True) if score >= value]
        let_in = self.weight * sum(score >= value for score in self.strangers)
        low, high = wilson(sum(given), len(given) + let_in)
        return Threshold(
            value=value,
            expected_accuracy=sum(given) / (len(given) + let_in) if given else 0.0,
            ci95=(low, high),
            refused_share=1 - len(given) / len(self.scores),
            limited_by=limited_by,
        )


def choose(outcomes: Outcomes, *, target: float, most_refused: float, floor: float) -> Threshold:
    """Return the lowest threshold that holds the accuracy `target`, unless it refuses more than `most_refused`.

    What contacts ask counts, so fewer of the merchant's own questions may be refused (see `may_refuse`). `floor` is the
    least value for a merchant with too few questions, whose strangers alone can raise it; otherwise the threshold goes
    under it only where it would refuse too many.
    """
    if not outcomes.enough:
        return Threshold(max(floor, _unlike(outcomes.strangers)))
    scores = outcomes.scores
    order = sorted(range(len(scores)), key=lambda place: -scores[place])
    # Questions without an answer count for what is promised, and refuse nothing: a merchant whose wordings are all alike
    # has only sure ones, and contacts, who word things freely, score no higher than strangers.
    holds = _holding(outcomes, order, target)
    least = len(order) - may_refuse(len(order), most_refused)
    above_floor = sum(score >= floor for score in scores)
    answered = max(min(holds, above_floor), least, 1)
    limited_by: LimitedBy = "accuracy" if holds >= answered else "refusal"
    return outcomes.at(_lowest(scores, order, answered, floor), limited_by)


def _lowest(scores: Sequence[float], order: Sequence[int], answered: int, floor: float) -> float:
    """Return the lowest value that refuses all but the first `answered`; the floor where nothing is between."""
    last = scores[order[answered - 1]]
    refused = scores[order[answered]] if answered < len(order) else 0.0
    if refused >= floor:
        return min(math.nextafter(refused, 1.0), last)
    return min(last, floor)


def may_refuse(count: int, most: float) -> int:
    """Return how many of `count` questions of a merchant's own may be refused so that contacts are at most by `most`.

    The share in all such questions may be a standard error larger than the one that is seen.
    """
    share = most / (most + FREER * (1 - most))
    refused = math.floor(share * count)
    while refused and wilson(refused, count, z=1.0)[1] > share:
        refused -= 1
    return refused


def least_sure(evidence: Sequence[float], most_refused: float) -> float:
    """Return what has to speak for an answer beside its score, given what does for the merchant's own questions."""
    spared = int(SURE_SHARE * may_refuse(len(evidence), most_refused))
    return min(SURE, sorted(evidence)[spared])


def _unlike(strangers: Sequence[float]) -> float:
    """Return a score that the strangers which are least like anything do not reach; 0 where there are too few."""
    if len(strangers) < LEAST_QUESTIONS:
        return 0.0
    return min(sorted(strangers)[int(LEAST_LIKE * len(strangers))], LIKELY)


def _holding(outcomes: Outcomes, order: Sequence[int], target: float) -> int:
    """Return how many questions may be answered, the surest first, until less than `target` of the answers is right."""
    hits, holds = 0, 0
    for count, place in enumerate(order, start=1):
        hits += outcomes.right[place]
        if hits >= target * count:
            holds = count
    return holds


def measured(threshold: Threshold, outcomes: Outcomes) -> Threshold:
    """Return what a given threshold does to the questions, when there are enough of them to say."""
    return outcomes.at(threshold.value, threshold.limited_by) if outcomes.enough else threshold


def wilson(hits: int, count: float, *, z: float = _Z) -> tuple[float, float]:
    """Return the interval of a share (Wilson, 1927), that of 95 % where `z` is not given; all of it for no count."""
    if not count:
        return 0.0, 1.0
    share = hits / count
    middle = share + z * z / (2 * count)
    spread = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    scale = 1 + z * z / count
    return max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)
