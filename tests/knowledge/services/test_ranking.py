"""From units to entries, from two legs to one order, from an order to probabilities."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.services.looking import Look, look
from knowledge.services.ranking import (
    LOCAL_WEIGHTS,
    WORDS_MEAN_SHARE,
    Owner,
    Ranked,
    Scored,
    Weights,
    answerability,
    calibrated,
    rank,
    weights_for,
)

LOCAL = "local-hash-v1-384"


def unit(pk: int, lexical: float, vector: float | None = None, role: str = "question") -> Scored:
    return Scored(Owner("qa", pk), role, lexical, vector)


def test_an_entry_near_in_all_its_wordings_beats_one_near_in_a_single_one() -> None:
    first = [unit(1, 0.8, 0.8), unit(1, 0.7, 0.7, "similar")]
    second = [unit(2, 0.8, 0.8), unit(2, 0.0, 0.0, "similar")]
    order = rank([*second, *first], weights=LOCAL_WEIGHTS, local=True)
    assert [entry.owner.pk for entry in order] == [1, 2]
    assert order[0].lexical == pytest.approx((0.8 + WORDS_MEAN_SHARE * 0.75) / (1 + WORDS_MEAN_SHARE))


def test_the_best_wording_still_decides_between_unlike_entries() -> None:
    order = rank(
        [unit(1, 0.9), unit(1, 0.1, role="similar"), unit(2, 0.4), unit(2, 0.4, role="similar")],
        weights=LOCAL_WEIGHTS,
        local=True,
    )
    assert order[0].owner.pk == 1


def test_the_text_of_an_answer_helps_but_less_than_the_question() -> None:
    order = rank([unit(1, 0.5), unit(2, 0.0), unit(2, 0.9, role="answer")], weights=LOCAL_WEIGHTS, local=True)
    assert [entry.owner.pk for entry in order] == [1, 2]
    assert 0 < order[1].lexical < 0.5


def test_scores_are_fused_by_their_weights_and_a_missing_vector_leaves_the_words() -> None:
    order = rank(
        [unit(1, 0.4, 0.9), unit(2, 0.5, None)], weights=Weights(vector=0.8, keyword=0.2), local=False
    )
    assert order[0].fused == pytest.approx(0.8 * 0.9 + 0.2 * 0.4)
    assert order[1].fused == pytest.approx(0.5)


def test_fusion_by_rank_is_used_only_when_asked_for() -> None:
    # Far ahead by words and close behind by vectors: scores say 1, equal ranks say 2.
    units = [unit(1, 1.0, 0.50), unit(2, 0.2, 0.52), unit(3, 0.1, 0.51)]
    by_score = rank(units, weights=Weights(vector=0.6, keyword=0.4), local=True)
    by_rank = rank(units, weights=Weights(vector=0.6, keyword=0.4), local=True, rank_k=1)
    assert by_score[0].owner.pk == 1
    assert by_rank[0].owner.pk == 2


def test_weights_follow_the_encoder_unless_the_merchant_sets_them() -> None:
    assert weights_for(LOCAL, vector=None, keyword=None).keyword > 0.5
    assert weights_for("bge-m3-1024", vector=None, keyword=None).vector > 0.5
    assert weights_for(LOCAL, vector=0.9, keyword=None).vector == 0.9


LEVELS = st.lists(st.floats(0, 1.6, allow_nan=False), min_size=1, max_size=30)


@given(LEVELS, st.booleans())
def test_scores_are_probabilities_that_fall_strictly(levels: list[float], local: bool) -> None:
    levels.sort(reverse=True)
    entries = [Ranked(Owner("qa", pk), level, level, level) for pk, level in enumerate(levels)]
    scores = [entry.score for entry in calibrated(entries, local=local)]
    assert all(0 < score < 1 for score in scores)
    assert all(before > after for before, after in pairwise(scores))


@given(st.floats(0, 1.5), st.floats(0.001, 0.1), st.floats(0, 1.5))
def test_a_nearer_entry_never_scores_less(level: float, more: float, rival: float) -> None:
    def score(fused: float) -> float:
        entries = [Ranked(Owner("qa", 1), fused, fused, fused), Ranked(Owner("qa", 2), rival, rival, rival)]
        entries.sort(key=lambda entry: -entry.fused)
        found = calibrated(entries, local=True)
        return next(entry.score for entry in found if entry.owner.pk == 1)

    assert score(level + more) >= score(level) - 1e-9


def test_a_lead_over_the_next_entry_raises_the_score() -> None:
    def top(rival: float) -> float:
        entries = [Ranked(Owner("qa", 1), 0.6, 0.6, 0.6), Ranked(Owner("qa", 2), rival, rival, rival)]
        return calibrated(entries, local=True)[0].score

    assert top(0.2) > 0.7 > top(0.55) > 0.3


def test_answerability_looks_at_how_near_the_best_entry_is_and_what_it_lacks() -> None:
    def of(level: float, missing: float, look: Look | None) -> float:
        entry = Ranked(Owner("qa", 1), level, level, level, missing, look=look)
        return answerability(calibrated([entry], local=True))

    assert of(0.1, 1.0, Look(order=0.1, covered=0.0, kinds=0.0, contradicts=True)) < 0.1
    assert of(0.6, 0.1, Look(order=0.9, covered=0.9, kinds=1.0)) > 0.8
    assert answerability([]) == 0.0


def test_a_second_look_prefers_the_entry_that_wants_to_know_the_same() -> None:
    units = [unit(1, 0.62, 0.6), unit(2, 0.6, 0.6), unit(3, 0.1, 0.1)]
    looks = {
        Owner("qa", 1): look("振袖租一天多少钱", "振袖租一天怎么保养"),
        Owner("qa", 2): look("振袖租一天多少钱", "租振袖多少钱一天"),
    }
    order = rank(
        units,
        weights=LOCAL_WEIGHTS,
        local=True,
        look_at=lambda first: {e.owner: looks[e.owner] for e in first if e.owner in looks},
    )
    assert [entry.owner.pk for entry in order] == [2, 1, 3]
    assert [entry.owner.pk for entry in rank(units, weights=LOCAL_WEIGHTS, local=True)] == [1, 2, 3]


def test_the_question_itself_comes_first_however_much_else_its_entry_says() -> None:
    many = [unit(1, 1.0, 1.0), *[unit(1, 0.0, 0.0, "similar") for _ in range(20)]]
    order = rank(
        [*many, unit(2, 0.5, 0.6)],
        weights=LOCAL_WEIGHTS,
        local=True,
        look_at=lambda first: {
            entry.owner: look("怎么退货", "怎么退货" if entry.owner.pk == 1 else "退货要多久")
            for entry in first
        },
    )
    assert order[0].owner.pk == 1
    assert order[0].score > 0.9
