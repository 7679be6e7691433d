"""What a merchant may set about search (api.md 9, Params): its own values over the defaults, a run's over those."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from typing import Any, Literal

from django.db import transaction
from django.utils import timezone

from kimono.lib.errors import Invalid
from knowledge.models import Fit, TunerParams
from knowledge.services import revisions
from knowledge.services.calibration import PRIOR, Calibration, Curve
from knowledge.services.outcomes import Asked
from knowledge.services.thresholds import (
    FEW,
    LEAST_QUESTIONS,
    SURE_AMONG_FEW,
    Outcomes,
    Threshold,
    choose,
    least_sure,
    measured,
)
from tenants.services import auditing
from tenants.services.auditing import Actor

# Changes with `thresholds.choose`: what another rule chose is chosen again.
_RULE = "refusals of contacts"
# What stands until a merchant sets or fits another.
FIXED = Threshold(0.3)


@dataclass(frozen=True, slots=True)
class Params:
    """The parameters in force. The two weights are None where they follow language and evidence."""

    vector_top_k: int = 25
    bm25_top_k: int = 25
    rerank_top_k: int = 5
    threshold_mode: Literal["auto", "fixed"] = "auto"
    target_accuracy: float = 0.9
    max_refusal: float = 0.1
    similarity_threshold: float = 0.3
    threshold: Threshold = FIXED
    fusion: Literal["score", "rank"] = "score"
    rrf_k: int = 60
    rrf_vector_weight: float | None = None
    rrf_keyword_weight: float | None = None
    calibration: Calibration = PRIOR
    overrides: tuple[str, ...] = ()
    updated_at: datetime | None = None

    def least_answerability(self, among: int) -> float:
        """Return how probable it must be that the first of `among` entries holds an answer, beside its score.

        A merchant's fixed threshold stands alone, and so does one that nothing was fitted for, unless entries are few.
        """
        if self.threshold_mode == "fixed":
            return 0.0
        if among < FEW:
            return SURE_AMONG_FEW
        return self.threshold.sure

    def fingerprint(self) -> str:
        """Return a text that differs when anything differs that may change an answer."""
        shaping = {k: v for k, v in asdict(self).items() if k not in ("overrides", "updated_at")}
        return repr(sorted(shaping.items()))


_RANGES: dict[str, tuple[float, float]] = {
    "vector_top_k": (1, 100),
    "bm25_top_k": (1, 100),
    "rerank_top_k": (1, 20),
    "target_accuracy": (0.5, 1),
    "max_refusal": (0, 1),
    "similarity_threshold": (0, 1),
    "rrf_k": (1, 200),
    "rrf_vector_weight": (0, 1),
    "rrf_keyword_weight": (0, 1),
}
_CHOICES: dict[str, tuple[str, ...]] = {"threshold_mode": ("auto", "fixed"), "fusion": ("score", "rank")}
_WHOLE = frozenset({"vector_top_k", "bm25_top_k", "rerank_top_k", "rrf_k"})
_KNOWN = frozenset(field.name for field in fields(Params))


def effective(overrides: Mapping[str, Any] | None = None) -> Params:
    """Return the parameters in force, with `overrides` (an experiment's, a run's) over the merchant's own.

    Scores and threshold are those fitted on the merchant's own questions, where there are any. Raises `Invalid` for an
    override out of range.
    """
    params = _set(overrides)
    fit = Fit.objects.defer("asked").first()
    if fit is None:
        return replace(params, threshold=Threshold(params.similarity_threshold))
    params = replace(params, calibration=_curves(fit))
    return replace(params, threshold=_threshold(params, fit))


def uncalibrated(overrides: Mapping[str, Any] | None = None) -> Params:
    """Return the parameters as they would be if nothing had been fitted: for whoever fits."""
    params = _set(overrides)
    return replace(params, threshold=Threshold(params.similarity_threshold))


def _set(overrides: Mapping[str, Any] | None) -> Params:
    row = TunerParams.objects.first()
    own = dict(row.overrides) if row is not None else {}
    merged = own | checked(overrides or {})
    return replace(
        Params(), **merged, overrides=tuple(sorted(own)), updated_at=row.updated_at if row else None
    )


def _curves(fit: Fit) -> Calibration:
    return Calibration(
        score=Curve(fit.score_slope, fit.score_offset), answer=Curve(fit.answer_slope, fit.answer_offset)
    )


def _wish(params: Params) -> list[float | str]:
    """Return what a threshold is chosen for, and by which rule."""
    return [
        _RULE,
        params.threshold_mode,
        params.target_accuracy,
        params.max_refusal,
        params.similarity_threshold,
    ]


def _threshold(params: Params, fit: Fit) -> Threshold:
    if fit.chosen.get("for") == _wish(params):
        stored = fit.chosen["threshold"]
        return Threshold(**{**stored, "ci95": tuple(stored["ci95"])})
    return _chosen(params, fit)


def _chosen(params: Params, fit: Fit) -> Threshold:
    """Choose the threshold from what search said to the merchant's own questions."""
    curves = _curves(fit)
    asked = [Asked.of(numbers) for numbers in fit.asked.values()]
    own = [each for each in asked if each.decisive is not None]
    fixed = params.threshold_mode == "fixed"
    evidence = [each.evidence or 0.0 for each in own]
    judged = not fixed and len(own) >= LEAST_QUESTIONS
    sure = curves.answer.at(least_sure(evidence, params.max_refusal)) if judged else 0.0

    def score(decisive: float | None, evidence: float | None) -> float:
        given = curves.answer.at(evidence or 0.0) >= sure
        return curves.score.at(decisive or 0.0) if given else 0.0

    outcomes = Outcomes(
        scores=[score(each.decisive, each.evidence) for each in own],
        right=[each.right for each in own],
        strangers=[score(each.stranger, each.without) for each in asked],
    )
    if fixed:
        return measured(Threshold(params.similarity_threshold), outcomes)
    chosen = choose(
        outcomes,
        target=params.target_accuracy,
        most_refused=params.max_refusal,
        floor=params.similarity_threshold,
    )
    return replace(chosen, sure=sure)


def choose_again() -> None:
    """Choose the threshold anew for what the merchant has set, and keep it: after a fit, and after a setting."""
    fit = Fit.objects.first()
    if fit is not None:
        params = _set(None)
        fit.chosen = {"for": _wish(params), "threshold": asdict(_chosen(params, fit))}
        fit.save(update_fields=["chosen"])


def checked(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that may be set. Raises `Invalid` naming the key that is out of its range or of a wrong type."""
    good: dict[str, Any] = {}
    for key, value in values.items():
        if key in _RANGES:
            low, high = _RANGES[key]
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if not number or (key in _WHOLE and not isinstance(value, int)):
                raise Invalid("Input should be a valid number", loc=["body", key], type="number_type")
            if not low <= value <= high:
                raise Invalid(f"Input should be from {low} to {high}", loc=["body", key], type="out_of_range")
            good[key] = value
        elif key in _CHOICES:
            if value not in _CHOICES[key]:
                raise Invalid(f"Input should be {' or '.join(_CHOICES[key])}", loc=["body", key], type="enum")
            good[key] = value
    return good


def put(*, values: Mapping[str, Any], by: Actor, now: datetime | None = None) -> Params:
    """Set some of the merchant's own values and return the parameters in force. The next question uses them."""
    return _store(values=checked(values), by=by, now=now, keep=True)


def reset(*, by: Actor, now: datetime | None = None) -> Params:
    """Forget the merchant's own values and return the parameters in force."""
    return _store(values={}, by=by, now=now, keep=False)


def _store(*, values: dict[str, Any], by: Actor, now: datetime | None, keep: bool) -> Params:
    with transaction.atomic():
        TunerParams.objects.bulk_create([TunerParams()], ignore_conflicts=True)
        row = TunerParams.objects.select_for_update(no_key=True).get()
        row.overrides = (row.overrides | values) if keep else {}
        row.updated_at = now or timezone.now()
        row.save()
        choose_again()
        revisions.bump()
        auditing.record(action="update_params", by=by, target_type="tuner", details={"set": sorted(values)})
    return effective()
