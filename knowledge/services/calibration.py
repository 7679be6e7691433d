"""From what speaks for an entry to probabilities: that it is the right one, and that there is an answer at all.

Pure. The curves are logistic, so they rise strictly and never change an order. `PRIOR` serves every merchant until there
are questions to fit on; a fit starts from it and leaves it as far as the questions say.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# The prior weighs as much as so many questions.
PRIOR_QUESTIONS = 40.0
LEAST_SLOPE = 0.1
_MOST_STEPS = 50


@dataclass(frozen=True, slots=True)
class Curve:
    """A logistic curve over the evidence."""

    slope: float
    offset: float

    def at(self, evidence: float) -> float:
        """Return the probability, in (0, 1)."""
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, self.slope * evidence + self.offset))))


@dataclass(frozen=True, slots=True)
class Calibration:
    """`score` over evidence and lead: is it the right entry, if there is one; `answer` over evidence: is there one."""

    score: Curve
    answer: Curve


# Fitted once by hand on public question sets in Chinese and English, each left out in turn, and rounded.
PRIOR = Calibration(score=Curve(0.75, -0.95), answer=Curve(0.75, -1.5))


def fitted(
    prior: Curve, evidence: Sequence[float], truth: Sequence[bool], weights: Sequence[float] | None = None
) -> Curve:
    """Return the curve that explains `truth` best while it stays near `prior` (Platt scaling with a prior).

    The prior counts as `PRIOR_QUESTIONS` questions spread like the given ones that say what it says. The slope never
    falls under `LEAST_SLOPE`.
    """
    if not len(evidence):
        return prior
    at = np.asarray(evidence, dtype=np.float64)
    right = np.asarray(truth, dtype=np.float64)
    weight = np.ones(len(at)) if weights is None else np.asarray(weights, dtype=np.float64)
    expected = _sigmoid(prior.slope * at + prior.offset)
    share = PRIOR_QUESTIONS / len(at)
    target = (weight * right + share * expected) / (weight + share)
    slope, offset = _newton(at, target, weight + share, prior)
    if slope < LEAST_SLOPE:
        offset += (slope - LEAST_SLOPE) * float(np.average(at, weights=weight))
        slope = LEAST_SLOPE
    return Curve(float(slope), float(offset))


def _newton(at: Floats, target: Floats, weight: Floats, start: Curve) -> tuple[float, float]:
    design = np.stack([at, np.ones(len(at))], axis=1)
    theta = np.array([start.slope, start.offset])
    for _ in range(_MOST_STEPS):
        expected = _sigmoid(design @ theta)
        gradient = design.T @ (weight * (expected - target))
        curvature = (design * (weight * expected * (1 - expected))[:, None]).T @ design + 1e-6 * np.eye(2)
        step = np.clip(np.linalg.solve(curvature, gradient), -1.0, 1.0)
        theta = theta - step
        if float(np.abs(step).max()) < 1e-6:
            break
    return float(theta[0]), float(theta[1])


def _sigmoid(values: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(values, -30, 30))), dtype=np.float64)
