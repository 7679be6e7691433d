"""What is measured of predictions, and plain BM25 over characters, pairs of them and words as the number to beat."""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.quality.sets import QuestionSet

Floats = NDArray[np.float64]
_RUN = re.compile(r"[a-z0-9]+|[\u3400-\u9fff]+")
_K1, _B = 1.2, 0.75
_BEST = 10
_Z = 1.96


@dataclass(frozen=True)
class Predicted:
    """What a system says to a question: entries with scores, best first, and how sure it is that there is an answer."""

    ranked: Sequence[tuple[str, float]]
    answerability: float
    answered: bool = True
    cited: Sequence[str] = ()


def measure(chosen: QuestionSet, found: Mapping[str, Predicted]) -> dict[str, float]:
    """Return recall, rank, calibration and refusals.

    `FA@5 kind`: the share of unanswerable questions that a threshold lets in which refuses 5 % of the answerable ones;
    `kept`: right first answers among answerable questions answered at FA@10. `refused`, `accuracy`, `answered kind`: at
    the threshold that the system chose itself. `cited`: the words that answer stand in one of the five spans cited first.
    """
    asked = [found[query] for query, _ in chosen.asked]
    hits = [
        next((place for place, (name, _) in enumerate(each.ranked[:_BEST]) if name in gold), None)
        for each, (_, gold) in zip(asked, chosen.asked, strict=True)
    ]
    out = {f"R@{k}": float(np.mean([hit is not None and hit < k for hit in hits])) for k in (1, 5)}
    out["MRR@10"] = float(np.mean([1 / (hit + 1) if hit is not None else 0 for hit in hits]))
    right = np.array([hit == 0 for hit in hits], dtype=np.float64)
    out["ECE"] = calibration_error(np.array([_top(each) for each in asked]), right)
    sure = np.array([each.answerability for each in asked])
    at5, at10 = np.quantile(sure, 0.05), np.quantile(sure, 0.10)
    out["kept"] = float(right[sure >= at10].mean())
    given = np.array([each.answered for each in asked])
    out["refused"] = float(1 - given.mean())
    out["accuracy"] = float(right[given].mean()) if given.any() else 0.0
    for kind, queries in chosen.negatives.items():
        strangers = np.array([found[query].answerability for query in queries])
        out[f"AUROC {kind}"] = auroc(sure, strangers)
        out[f"FA@5 {kind}"] = float((strangers >= at5).mean())
        out[f"FA@10 {kind}"] = float((strangers >= at10).mean())
        out[f"answered {kind}"] = float(np.mean([found[query].answered for query in queries]))
    if chosen.as_documents and chosen.answers:
        out["cited"] = _share_cited(chosen, found)
    return out


def _share_cited(chosen: QuestionSet, found: Mapping[str, Predicted]) -> float:
    """Return the share of questions whose answer stands, word for word, in one of the spans cited first."""
    told = [query for query, _ in chosen.asked if query in chosen.answers]
    return float(
        np.mean(
            [
                any(answer in span for span in found[query].cited for answer in chosen.answers[query])
                for query in told
            ]
        )
    )


def at_refusal(chosen: QuestionSet, found: Mapping[str, Predicted], refused: float) -> dict[str, float]:
    """Return the share of each kind of unanswerable questions that a threshold lets in which refuses `refused`."""
    sure = np.array([found[query].answerability for query, _ in chosen.asked])
    least = np.quantile(sure, refused)
    return {
        kind: float(np.mean([found[query].answerability >= least for query in queries]))
        for kind, queries in chosen.negatives.items()
    }


def interval(share: float, count: int) -> tuple[float, float]:
    """Return the 95 % interval of a share of `count` (Wilson, 1927)."""
    middle = share + _Z * _Z / (2 * count)
    spread = _Z * math.sqrt(share * (1 - share) / count + _Z * _Z / (4 * count * count))
    scale = 1 + _Z * _Z / count
    return max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)


def calibration_error(scores: Floats, right: Floats) -> float:
    """Return |score - share of right answers|, weighted over ten equal bins of the score."""
    bins = np.clip((scores * 10).astype(int), 0, 9)
    return float(
        sum(
            abs(right[bins == place].mean() - scores[bins == place].mean()) * (bins == place).mean()
            for place in range(10)
            if (bins == place).any()
        )
    )


def reliability(scores: Floats, right: Floats) -> list[tuple[float, float, int]]:
    """Return mean score, share of right answers and count for each of ten bins that holds anything."""
    bins = np.clip((scores * 10).astype(int), 0, 9)
    return [
        (float(scores[bins == place].mean()), float(right[bins == place].mean()), int((bins == place).sum()))
        for place in range(10)
        if (bins == place).any()
    ]


def reliability_of(chosen: QuestionSet, found: Mapping[str, Predicted]) -> list[tuple[float, float, int]]:
    """Return the reliability of the scores over a set's answerable questions."""
    first = [found[query].ranked[:1] for query, _ in chosen.asked]
    scores = np.array([each[0][1] if each else 0.0 for each in first])
    right = [bool(each) and each[0][0] in gold for each, (_, gold) in zip(first, chosen.asked, strict=True)]
    return reliability(scores, np.array(right, dtype=np.float64))


def auroc(positive: Floats, negative: Floats) -> float:
    """Return the chance that one of `positive` exceeds one of `negative`; equal ones count half."""
    below = np.searchsorted(np.sort(negative), positive, side="left").sum()
    not_above = np.searchsorted(np.sort(negative), positive, side="right").sum()
    return float((below + not_above) / 2 / (len(positive) * len(negative)))


def baseline(chosen: QuestionSet) -> dict[str, Predicted]:
    """Return what Okapi BM25 says, its scores divided by the weight of the question's terms."""
    texts = [
        (entry["id"], text) for entry in chosen.knowledge for text in [entry["question"], *entry["similar"]]
    ]
    engine = _BM25([text for _, text in texts])
    found = {}
    for query in chosen.questions:
        scores = engine.scores(query)
        best: dict[str, float] = {}
        for place in np.argsort(-scores, kind="stable"):
            best.setdefault(texts[place][0], float(scores[place]))
            if len(best) == _BEST:
                break
        ranked = tuple(best.items())
        found[query] = Predicted(ranked, ranked[0][1])
    return found


def _top(each: Predicted) -> float:
    return each.ranked[0][1] if each.ranked else 0.0


class _BM25:
    def __init__(self, texts: Sequence[str]) -> None:
        counts = [Counter(_terms(text)) for text in texts]
        lengths = [count.total() for count in counts]
        mean = sum(lengths) / len(lengths)
        self._postings: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for place, count in enumerate(counts):
            for term, many in count.items():
                weight = many * (_K1 + 1) / (many + _K1 * (1 - _B + _B * lengths[place] / mean))
                self._postings[term].append((place, weight))
        self._total = len(texts)

    def scores(self, query: str) -> Floats:
        found, mass = np.zeros(self._total), 1e-9
        for term in set(_terms(query)):
            postings = self._postings.get(term, [])
            idf = math.log(1 + (self._total - len(postings) + 0.5) / (len(postings) + 0.5))
            mass += idf
            for place, weight in postings:
                found[place] += idf * weight
        return found / mass


def _terms(text: str) -> list[str]:
    import jieba

    jieba.setLogLevel(60)
    found: list[str] = []
    for run in _RUN.findall(text.lower()):
        if run[0] < "\u3400":
            found.append(run)
            continue
        found += [*run, *(run[start : start + 2] for start in range(len(run) - 1))]
        found += [word for word in jieba.cut_for_search(run) if len(word) > 2]
    return found
