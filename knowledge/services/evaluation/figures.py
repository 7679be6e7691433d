"""Numbers over judged cases, each with a 95 % interval: Wilson's for shares, a bootstrap by seed for the mean rank.

Wilson, E. B. (1927), Probable inference, the law of succession, and statistical inference; JASA 22.
"""

import math
import random
from collections.abc import Mapping, Sequence
from typing import Any

from knowledge.services.evaluation.cases import Case
from knowledge.services.evaluation.judging import Verdict
from knowledge.services.folding import fold

# Targets of the contract (api.md 8).
ACCURACY_MIN, RECALL_MIN = 0.9, 0.7
_Z = 1.959963984540054
_RESAMPLES = 1_000
_SEED = 20_240_601
_COMPARED = (
    "recall_at_k", "precision_at_k", "hit_rate", "mrr", "accuracy", "recall", "hallucination_rate", "fabrication_rate",
)  # fmt: skip
# Figures that a bound may be set on.
NAMES = frozenset({*_COMPARED, "abstention_precision", "abstention_recall"})

Judged = tuple[Case, Verdict]
Interval = list[float]


def wilson(successes: int, trials: int) -> Interval:
    """Return Wilson's 95 % interval of a share as `[low, high]`; `[0, 1]` where nothing was tried."""
    if trials == 0:
        return [0.0, 1.0]
    share, square = successes / trials, _Z * _Z
    middle = (share + square / (2 * trials)) / (1 + square / trials)
    reach = _Z * math.sqrt(share * (1 - share) / trials + square / (4 * trials**2)) / (1 + square / trials)
    return [_rounded(max(0.0, middle - reach)), _rounded(min(1.0, middle + reach))]


def bootstrap(values: Sequence[float], *, seed: int = _SEED) -> Interval:
    """Return the 95 % percentile interval of a mean over resamples drawn with `seed`: the same each time."""
    if not values:
        return [0.0, 1.0]
    source = random.Random(seed)
    means = sorted(sum(source.choices(values, k=len(values))) / len(values) for _ in range(_RESAMPLES))
    return [
        _rounded(means[round(0.025 * (_RESAMPLES - 1))]),
        _rounded(means[round(0.975 * (_RESAMPLES - 1))]),
    ]


def named(figures: Mapping[str, Any]) -> dict[str, float]:
    """Return the figures that a bound may be set on, by name."""
    shares = {name: float(figures[name]) for name in _COMPARED}
    abstention = figures["abstention"]
    return shares | {f"abstention_{name}": float(abstention[name]) for name in ("precision", "recall")}


def summary(judged: Sequence[Judged]) -> dict[str, Any]:
    """Return the figures of a Report (api.md 8) with those of each category and whether the targets are met."""
    overall = _of(judged)
    by_category: dict[str, list[Judged]] = {}
    for case, verdict in judged:
        by_category.setdefault(case.category or "", []).append((case, verdict))
    return {
        **overall,
        "by_category": {name: _of(rows) for name, rows in by_category.items() if name},
        "gate": {
            "passed": overall["accuracy"] >= ACCURACY_MIN and overall["recall"] >= RECALL_MIN,
            "accuracy_min": ACCURACY_MIN,
            "recall_min": RECALL_MIN,
        },
    }


def _of(judged: Sequence[Judged]) -> dict[str, Any]:
    looked = [verdict for case, verdict in judged if verdict.expected and case.answerable]
    answers = [verdict for _, verdict in judged if not verdict.abstained]
    right = sum(verdict.correct for verdict in answers)
    found, expected = sum(v.found for v in looked), sum(v.expected for v in looked)
    hits = sum(verdict.hit for verdict in looked)
    ranks = [1 / verdict.rank if verdict.rank else 0.0 for verdict in looked]
    unanswerable = [verdict for case, verdict in judged if not case.answerable]
    fabricated = sum(verdict.fabricated for verdict in unanswerable)
    return {
        "total_queries": len(judged),
        "answers": len(answers),
        "recall_at_k": _mean([verdict.found / verdict.expected for verdict in looked]),
        "precision_at_k": _mean(
            [v.relevant / len(v.retrieved) if v.retrieved else 0.0 for v in looked],
        ),
        "hit_rate": _share(hits, len(looked)),
        "hit_rate_ci": wilson(hits, len(looked)),
        "mrr": _mean(ranks),
        "mrr_ci": bootstrap(ranks),
        "hallucination_rate": _share(sum(bool(v.unsupported) for v in answers), len(answers)),
        "accuracy": _share(right, len(answers)),
        "accuracy_ci": wilson(right, len(answers)),
        "recall": _share(found, expected),
        "recall_ci": wilson(found, expected),
        "abstention": _abstention(judged),
        "fabrication_rate": _share(fabricated, len(unanswerable)),
        "fabrication_ci": wilson(fabricated, len(unanswerable)),
    }


def _abstention(judged: Sequence[Judged]) -> dict[str, Any]:
    abstained = [case for case, verdict in judged if verdict.abstained]
    rightly = sum(not case.answerable for case in abstained)
    unanswerable = sum(not case.answerable for case, _ in judged)
    return {
        "precision": _share(rightly, len(abstained)),
        "precision_ci": wilson(rightly, len(abstained)),
        "recall": _share(rightly, unanswerable),
        "recall_ci": wilson(rightly, unanswerable),
    }


Row = Mapping[str, Any]


def regression(before: tuple[Row, Sequence[Row]], after: tuple[Row, Sequence[Row]]) -> dict[str, Any]:
    """Compare two runs, each its figures and its case rows: which cases became right or wrong, and by how much.

    Cases are the same when they ask the same question, whatever its case or width; `deltas` is after less before.
    """
    was = _by_question(before[1])
    fixed: list[dict[str, Any]] = []
    broken: list[dict[str, Any]] = []
    for question, row in _by_question(after[1]).items():
        earlier = was.get(question)
        if earlier is None or earlier["correct"] == row["correct"]:
            continue
        change = {"query": row["query"], "before": _shown(earlier), "after": _shown(row)}
        (fixed if row["correct"] else broken).append(change)
    return {
        "fixed": fixed,
        "broken": broken,
        "deltas": {
            name: _rounded(after[0][name] - before[0][name])
            for name in _COMPARED
            if name in before[0] and name in after[0]
        },
        "compared": len(was.keys() & _by_question(after[1]).keys()),
    }


def _by_question(rows: Sequence[Row]) -> dict[tuple[str, int], Row]:
    seen: dict[str, int] = {}
    found = {}
    for row in rows:
        key = fold(row["query"])
        seen[key] = seen.get(key, 0) + 1
        found[key, seen[key]] = row
    return found


def _shown(row: Row) -> dict[str, Any]:
    return {name: row[name] for name in ("correct", "abstained", "rank", "answer")}


def _share(part: int, whole: int) -> float:
    return _rounded(part / whole) if whole else 0.0


def _mean(values: Sequence[float]) -> float:
    return _rounded(sum(values) / len(values)) if values else 0.0


def _rounded(value: float) -> float:
    return round(value, 4)
