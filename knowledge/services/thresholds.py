"""The least score an answer needs: chosen from what search says to the merchant's own questions. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

# Fewer questions than this say too little: the merchant's fixed value stands instead.
LEAST_QUESTIONS = 30
_Z = 1.96

LimitedBy = Literal["accuracy", "refusal", "data"]


@dataclass(frozen=True, slots=True)
class Threshold:
    """The score an answer needs, and what it does to the merchant's own questions.

    `expected_accuracy` is the share of right first answers among those given, with its 95 % interval; `refused_share`
    the share of questions that stay without an answer. `limited_by` says what set it: the accuracy that was wanted, the
    share that may be refused at most, or that there are too few questions.
    """

    value: float
    expected_accuracy: float = 0.0
    ci95: tuple[float, float] = (0.0, 1.0)
    refused_share: float = 0.0
    limited_by: LimitedBy = "data"


def choose(
    scores: Sequence[float], right: Sequence[bool], *, target: float, most_refused: float, floor: float
) -> Threshold:
    """Return the lowest threshold that holds the accuracy `target`, unless it refuses more than `most_refused`.

    `floor` is the value of a merchant with too few questions; the threshold goes under it only where it would refuse
    too many.
    """
    if len(scores) < LEAST_QUESTIONS:
        return Threshold(floor)
    order = sorted(range(len(scores)), key=lambda place: -scores[place])
    hits = 0
    holds = 0
    for count, place in enumerate(order, start=1):
        hits += right[place]
        if hits >= target * count:
            holds = count
    least = math.ceil(len(order) * (1 - most_refused))
    above_floor = sum(score >= floor for score in scores)
    answered = max(min(holds, above_floor), least, 1)
    limited_by: LimitedBy = "accuracy" if holds >= answered else "refusal"
    return _at(_between(scores, order, answered), scores, right, limited_by)


def measured(threshold: Threshold, scores: Sequence[float], right: Sequence[bool]) -> Threshold:
    """Return what a given threshold does to the questions, when there are enough of them to say."""
    if len(scores) < LEAST_QUESTIONS:
        return threshold
    return _at(threshold.value, scores, right, threshold.limited_by)


def _between(scores: Sequence[float], order: Sequence[int], answered: int) -> float:
    last = scores[order[answered - 1]]
    if answered == len(order):
        return last
    return (last + scores[order[answered]]) / 2


def _at(value: float, scores: Sequence[float], right: Sequence[bool], limited_by: LimitedBy) -> Threshold:
    given = [good for score, good in zip(scores, right, strict=True) if score >= value]
    low, high = wilson(sum(given), len(given))
    return Threshold(
        value=value,
        expected_accuracy=sum(given) / len(given) if given else 0.0,
        ci95=(low, high),
        refused_share=1 - len(given) / len(scores),
        limited_by=limited_by,
    )


def wilson(hits: int, count: int) -> tuple[float, float]:
    """Return the 95 % interval of a share (Wilson, 1927); all of it when nothing was counted."""
    if not count:
        return 0.0, 1.0
    share = hits / count
    middle = share + _Z * _Z / (2 * count)
    spread = _Z * math.sqrt(share * (1 - share) / count + _Z * _Z / (4 * count * count))
    scale = 1 + _Z * _Z / count
    return max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)
