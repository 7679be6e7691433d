"""The small question set of our own: better than plain BM25, and sure of itself where it should be."""

import pytest

from benchmarks.quality import measures, sets
from benchmarks.quality.measures import Predicted
from knowledge.services import trials
from tenants.models import Tenant

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_search_beats_plain_bm25_on_our_own_questions(in_alpha: Tenant) -> None:
    chosen = sets.load("own_zh_rental")
    named = trials.add_pairs(chosen.knowledge)
    asked = trials.ask(
        chosen.questions, named=named, params=trials.params_of("fused"), told=lambda _done, _total: None
    )
    found = {each.query: Predicted(each.ranked, each.answerability, each.answered) for each in asked}
    ours, theirs = measures.measure(chosen, found), measures.measure(chosen, measures.baseline(chosen))
    for name in ("R@1", "R@5", "MRR@10"):
        assert ours[name] >= theirs[name], name
    assert ours["R@1"] >= 0.83
    assert ours["FA@5 off_topic"] <= min(theirs["FA@5 off_topic"], 0.3)
    assert ours["AUROC near_miss"] > theirs["AUROC near_miss"]
    assert ours["refused"] <= 0.1
    # So few questions show no finer error.
    assert ours["ECE"] <= 0.25


def test_measures_are_what_they_say() -> None:
    chosen = sets.QuestionSet(
        "s",
        [{"id": name, "question": name, "similar": []} for name in "ab"],
        [("x", ["a"]), ("y", ["b"])],
        {"off_topic": ["z"]},
    )
    found = {
        "x": Predicted([("a", 0.9), ("b", 0.1)], 0.9),
        "y": Predicted([("a", 0.8), ("b", 0.7)], 0.8),
        "z": Predicted([("a", 0.2)], 0.2, answered=False),
    }
    ours = measures.measure(chosen, found)
    assert (ours["R@1"], ours["R@5"], ours["MRR@10"]) == (0.5, 1.0, 0.75)
    assert ours["ECE"] == pytest.approx((0.1 + 0.8) / 2)
    assert (ours["AUROC off_topic"], ours["FA@5 off_topic"], ours["answered off_topic"]) == (1.0, 0.0, 0.0)
    assert (ours["refused"], ours["accuracy"]) == (0.0, 0.5)
    # A threshold under all answerable questions lets in what is as sure as the least of them.
    assert measures.at_refusal(chosen, found, 0.0) == {"off_topic": 0.0}
    assert measures.interval(0.5, 100) == pytest.approx((0.404, 0.596), abs=0.001)
