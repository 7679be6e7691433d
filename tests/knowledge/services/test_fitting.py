"""Scores and threshold follow the merchant's own questions, and say so."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from knowledge.models import Feedback, Fit
from knowledge.services import fitting, revisions, tuning, upkeep
from knowledge.services.calibration import PRIOR, Curve
from knowledge.services.evaluation import datasets
from knowledge.services.evaluation.cases import Case
from knowledge.services.fitting import holding_out
from knowledge.services.outcomes import Asked
from knowledge.services.visibility import View
from tenants.models import Tenant
from tenants.services.auditing import SYSTEM
from tests.knowledge.filling import add_pair, encoder_id, search

pytestmark = pytest.mark.django_db(transaction=True)

THINGS = ("振袖", "浴衣", "袴", "访问着", "儿童和服", "男士和服", "草履", "腰带", "发饰", "手提包")
ASKS = ("租{}一天多少钱", "{}的租金是多少", "想租一天{}要花多少钱", "{}租一天的价格")


def fill() -> list[Any]:
    return [
        add_pair(ASKS[0].format(thing), "看价目表。", similar=[ask.format(thing) for ask in ASKS[1:]])
        for thing in THINGS
    ]


def test_a_fit_sets_the_curves_and_the_threshold_and_tells_the_caches(in_alpha: Tenant) -> None:
    pairs = fill()
    before = revisions.current()
    done = fitting.fit()
    assert done is not None
    assert (done["questions"], done["asked"]) == (40, 40)
    assert revisions.current() == before + 1
    params = tuning.effective()
    assert params.calibration != PRIOR
    assert params.threshold.limited_by in ("accuracy", "refusal")
    assert params.threshold.refused_share <= params.max_refusal
    assert params.threshold.ci95[0] <= params.threshold.expected_accuracy <= params.threshold.ci95[1]
    found = search("租振袖多少钱一天")
    assert found.threshold == params.threshold.value
    assert found.passages[0].qa_id == pairs[0].public_id
    # Nothing has changed: nothing is asked again, and no cache is told.
    again = fitting.fit()
    assert again is not None
    assert (again["questions"], again["asked"], again["moved"]) == (40, 0, False)
    # One more pair: its questions alone are asked.
    add_pair(ASKS[0].format("雨伞"), similar=[ASKS[1].format("雨伞")])
    more = fitting.fit()
    assert more is not None
    assert (more["questions"], more["asked"]) == (42, 2)


def test_a_wording_that_is_held_out_is_not_what_its_own_question_is_compared_with(in_alpha: Tenant) -> None:
    add_pair("租振袖一天多少钱", similar=["振袖的租金一天是多少", "想知道租一天振袖的价格"])
    add_pair("草履可以单独买吗", similar=["单买草履行不行"])
    at = timezone.now()
    for held in holding_out.wordings(holding_out.chosen(View(unit="", at=at, canary=False))):
        asked = holding_out.ask(held, at=at, params=tuning.effective(), encoder_id=encoder_id())
        assert asked.evidence is not None
        # More only a wording that is the question itself brings.
        assert asked.evidence < 6.0, held.text


def test_what_the_merchant_wants_moves_the_threshold_at_once(in_alpha: Tenant) -> None:
    fill()
    fitting.fit()
    usual = tuning.effective().threshold
    fixed = tuning.effective({"threshold_mode": "fixed", "similarity_threshold": 0.99}).threshold
    assert (fixed.value, fixed.limited_by) == (0.99, "data")
    assert fixed.refused_share > usual.refused_share
    tuning.put(values={"max_refusal": 0.5, "target_accuracy": 1.0}, by=SYSTEM)
    assert tuning.effective().threshold.expected_accuracy >= usual.expected_accuracy


def test_without_similar_questions_the_prior_stands_and_near_pairs_alone_raise_the_floor(
    in_alpha: Tenant,
) -> None:
    assert not fitting.due(now=timezone.now() + timedelta(hours=1))
    add_pair("怎么退货")
    fitting.fit()
    params = tuning.effective()
    assert params.calibration == PRIOR
    assert (params.threshold.value, params.threshold.limited_by) == (0.3, "data")
    for ask in ASKS[:3]:
        for thing in THINGS:
            add_pair(ask.format(thing))
    fitting.fit()
    raised = tuning.effective()
    assert raised.calibration == PRIOR
    assert raised.threshold.limited_by == "data"
    assert 0.3 < raised.threshold.value <= 0.5


def test_it_is_due_when_the_knowledge_has_come_to_rest(in_alpha: Tenant) -> None:
    add_pair("怎么退货", similar=["退货流程"])
    now = timezone.now()
    assert not fitting.due(now=now)
    assert fitting.due(now=now + fitting.QUIET)
    assert fitting.JOB not in upkeep.start_due()
    fitting.fit(now=now)
    assert Fit.objects.get().revision == revisions.current()
    assert not fitting.due(now=now + timedelta(days=1))
    add_pair("怎么换货")
    assert fitting.due(now=now + fitting.LONGEST)


def test_what_contacts_asked_is_fitted_on_once_somebody_has_looked_at_it(in_alpha: Tenant) -> None:
    pairs = fill()
    fitting.fit()
    usual = Fit.objects.get()
    assert not fitting.due(now=timezone.now())
    cases = [
        Case(query=f"{thing}借一天收多少", expected_sources=(pair.public_id,))
        for thing, pair in zip(THINGS, pairs, strict=True)
    ]
    cases += [Case(query=f"{thing}能寄到月球吗", answerable=False) for thing in THINGS]
    # A wording of the knowledge finds itself and tells nothing.
    cases.append(Case(query=ASKS[1].format("浴衣"), expected_sources=(pairs[1].public_id,)))
    datasets.create(name="真实问题", cases=cases, by=SYSTEM)
    seen: dict[str, Any] = {"question": "腰带借一天怎么算", "answer": "看价目表。", "rating": 5}
    Feedback.objects.create(public_id="fb-1", status="approved", reviewed_at=timezone.now(), **seen)
    Feedback.objects.create(public_id="fb-2", status="pending", **{**seen, "question": "没人看过的"})
    assert fitting.due(now=timezone.now())
    done = fitting.fit()
    assert done is not None
    assert done["questions"] == 61
    heard = [Asked.of(numbers) for key, numbers in Fit.objects.get().asked.items() if key.startswith("told:")]
    assert all(each.told for each in heard)
    assert [each.decisive is None for each in heard].count(True) == 10
    assert sum(each.right for each in heard) >= 9
    # As much that is near and no answer makes an answer less probable.
    assert tuning.effective().calibration.answer.at(1.5) < Curve(usual.answer_slope, usual.answer_offset).at(
        1.5
    )
    assert not fitting.due(now=timezone.now())
