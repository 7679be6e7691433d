"""Fits scores and threshold to a merchant's own questions, each held out in turn, and to those of contacts whose answer
somebody has looked at; and keeps the fit up to date."""

import time
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from kimono.lib.jobs import JobRun, Result
from knowledge.models import Fit, QAPair
from knowledge.services import calibration, encoders, revisions, tuning
from knowledge.services.calibration import PRIOR, Calibration
from knowledge.services.fitting import holding_out, told
from knowledge.services.fitting.holding_out import Held
from knowledge.services.outcomes import Asked
from knowledge.services.thresholds import LEAST_QUESTIONS
from knowledge.services.tuning import Params
from knowledge.services.visibility import View

JOB = "knowledge.calibrate"
# A change is waited out for so long, and many changes in a row for no longer than the second.
QUIET, LONGEST = timedelta(seconds=60), timedelta(minutes=15)
# When more than this share of the questions is new, all are asked again: the others have changed with their rivals.
_MOST_NEW = 0.2
# A threshold that moves by less changes no answer worth telling caches of.
_MOVED = 0.01


def due(*, now: datetime) -> bool:
    """Tell whether the current tenant's fit is behind its knowledge, and the knowledge has come to rest."""
    fit = Fit.objects.defer("asked").first()
    if fit is None:
        if not QAPair.objects.exists():
            return False
    elif fit.revision == revisions.current():
        return told.since(fit.fitted_at)
    changed = revisions.last_changed()
    behind = now - fit.fitted_at if fit is not None else timedelta(0)
    return changed is None or now - changed >= QUIET or behind >= LONGEST


def fit(run: JobRun | None = None, *, now: datetime | None = None) -> Result:
    """Ask the held-out questions, fit the curves, choose the threshold and store them; return what was done.

    Questions that were asked at the last fit, and are unchanged, are not asked again while they are most. The knowledge
    revision rises only when answers change by it.
    """
    began, now = time.monotonic(), now or timezone.now()
    revision, encoder_id = revisions.current(), encoders.in_force()
    params = tuning.uncalibrated()
    before = Fit.objects.first()
    units = holding_out.chosen(View(unit="", at=now, canary=False))
    heard = told.chosen()
    keys = [*map(str, units), *(each.key for each in heard)]
    known = _known(before, keys, encoder_id)
    new = [unit for unit in units if str(unit) not in known]
    asked = known | _asked(new, params=params, at=now, encoder_id=encoder_id, run=run)
    unheard = [each for each in heard if each.key not in known]
    asked |= told.ask(unheard, at=now, params=params, encoder_id=encoder_id)
    found = [asked[key] for key in keys if key in asked]
    with transaction.atomic():
        moved = _store(found, asked, revision=revision, encoder_id=encoder_id, now=now)
    return {
        "questions": len(found),
        "asked": len(new) + len(unheard),
        "threshold": tuning.effective().threshold.value,
        "moved": moved,
        "seconds": round(time.monotonic() - began, 2),
    }


def _known(before: Fit | None, keys: Sequence[str], encoder_id: str) -> dict[str, Asked]:
    if before is None or before.encoder_id != encoder_id:
        return {}
    known = {key: Asked.of(before.asked[key]) for key in keys if key in before.asked}
    return known if len(keys) - len(known) <= _MOST_NEW * len(keys) else {}


def _asked(
    units: Sequence[int], *, params: Params, at: datetime, encoder_id: str, run: JobRun | None
) -> dict[str, Asked]:
    asked: dict[str, Asked] = {}
    held: Sequence[Held] = list(holding_out.wordings(units))
    for done, each in enumerate(held):
        if run is not None:
            run.progress(done / len(held), stage="asking")
        asked[str(each.unit)] = holding_out.ask(each, at=at, params=params, encoder_id=encoder_id)
    return asked


def calibrated(found: Sequence[Asked]) -> Calibration:
    """Return the curves that fit what was found; the prior where too few questions have an answer."""
    own = [each for each in found if each.decisive is not None]
    if len(own) < LEAST_QUESTIONS:
        return PRIOR
    score = calibration.fitted(
        PRIOR.score, [each.decisive or 0.0 for each in own], [each.right for each in own]
    )
    evidence = [each.evidence or 0.0 for each in own] + [each.without for each in own]
    unanswerable = [each.without for each in found if each.told and each.decisive is None]
    truth = [True] * len(own) + [False] * (len(own) + len(unanswerable))
    answer = calibration.fitted(PRIOR.answer, evidence + unanswerable, truth)
    return Calibration(score=score, answer=answer)


def _store(
    found: Sequence[Asked], asked: dict[str, Asked], *, revision: int, encoder_id: str, now: datetime
) -> bool:
    """Store the fit; return whether it changes what is answered, and raise the revision then."""
    curves = calibrated(found)
    old = tuning.effective()
    Fit.objects.update_or_create(
        id=1,
        defaults={
            "revision": revision,
            "encoder_id": encoder_id,
            "fitted_at": now,
            "questions": len(found),
            "score_slope": curves.score.slope,
            "score_offset": curves.score.offset,
            "answer_slope": curves.answer.slope,
            "answer_offset": curves.answer.offset,
            "asked": {key: each.shown() for key, each in asked.items()},
        },
    )
    tuning.choose_again()
    new = tuning.effective()
    moved = abs(new.threshold.value - old.threshold.value) > _MOVED or _differ(old.calibration, curves)
    if moved:
        revisions.bump(now=now)
        # What this fit itself changed is no reason for another one.
        Fit.objects.update(revision=revision + 1)
    return moved


def _differ(old: Calibration, new: Calibration) -> bool:
    return any(abs(old.score.at(at) - new.score.at(at)) > _MOVED for at in (-1.0, 1.0, 3.0, 5.0))
