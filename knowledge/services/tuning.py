"""What a merchant may set about search (api.md 9, Params): its own values over the defaults, a run's over those."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from typing import Any, Literal

from django.db import transaction
from django.utils import timezone

from kimono.lib.errors import Invalid
from knowledge.models import TunerParams
from knowledge.services import revisions
from tenants.services import auditing
from tenants.services.auditing import Actor


@dataclass(frozen=True, slots=True)
class Threshold:
    """The score an answer needs. `limited_by` says what set it: accuracy, refusal, or that there is too little data."""

    value: float
    expected_accuracy: float = 0.0
    ci95: tuple[float, float] = (0.0, 1.0)
    refused_share: float = 0.0
    limited_by: Literal["accuracy", "refusal", "data"] = "data"


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
    threshold: Threshold = Threshold(0.3)
    fusion: Literal["score", "rank"] = "score"
    rrf_k: int = 60
    rrf_vector_weight: float | None = None
    rrf_keyword_weight: float | None = None
    overrides: tuple[str, ...] = ()
    updated_at: datetime | None = None

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

    Raises `Invalid` for an override out of range.
    """
    row = TunerParams.objects.first()
    own = dict(row.overrides) if row is not None else {}
    merged = own | checked(overrides or {})
    params = replace(
        Params(), **merged, overrides=tuple(sorted(own)), updated_at=row.updated_at if row else None
    )
    return replace(params, threshold=_threshold(params))


def _threshold(params: Params) -> Threshold:
    # Without questions to fit on, `auto` stands on its floor too; what it will hold is not known then.
    return Threshold(params.similarity_threshold)


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
        revisions.bump()
        auditing.record(action="update_params", by=by, target_type="tuner", details={"set": sorted(values)})
    return effective()
