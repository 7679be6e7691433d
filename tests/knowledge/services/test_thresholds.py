"""The threshold a merchant's own questions ask for."""

import pytest

from knowledge.services.thresholds import (
    SURE,
    Outcomes,
    Threshold,
    choose,
    least_sure,
    may_refuse,
    measured,
    wilson,
)


def chosen(scores: list[float], right: list[bool], target: float = 0.9, most: float = 0.1) -> Threshold:
    return choose(Outcomes(scores, right), target=target, most_refused=most, floor=0.3)


def test_too_few_questions_leave_the_merchants_own_value() -> None:
    assert chosen([0.9] * 29, [True] * 29) == Threshold(0.3)


def test_the_lowest_that_holds_the_accuracy() -> None:
    # Those under .45 are wrong: two of them may pass, for 2 of 57 is less than a twentieth.
    scores = [place / 100 for place in range(40, 100)]
    found = chosen(scores, [score >= 0.45 for score in scores], target=0.95, most=0.3)
    assert found.limited_by == "accuracy"
    assert 0.42 < found.value <= 0.43
    assert found.expected_accuracy >= 0.95
    assert found.ci95[0] < found.expected_accuracy < found.ci95[1]
    assert found.refused_share == pytest.approx(3 / 60)


def test_where_the_accuracy_would_refuse_too_many_the_refusals_decide() -> None:
    scores = [place / 100 for place in range(100)]
    found = chosen(scores, [place % 2 == 0 for place in range(100)])
    assert found.limited_by == "refusal"
    # Contacts are refused more often than the merchant's own wordings: a tenth of them is less of these.
    assert found.refused_share == pytest.approx(0.04)
    assert found.expected_accuracy == pytest.approx(0.5, abs=0.02)


def test_where_all_are_right_the_floor_stands_unless_it_refuses_too_many() -> None:
    # Nothing of the merchant's lies between .05 and .9; what contacts ask may.
    assert chosen([0.05, *[0.9] * 99], [True] * 100).value == 0.3
    low = chosen([0.1] * 50 + [0.9] * 50, [True] * 100)
    assert low.refused_share == 0.0
    assert low.value == pytest.approx(0.1)


def test_questions_without_an_answer_lower_what_is_promised_and_refuse_nothing() -> None:
    own = [0.4 + place / 200 for place in range(100)]
    alone = choose(Outcomes(own, [True] * 100), target=0.9, most_refused=0.5, floor=0.3)
    near = choose(Outcomes(own, [True] * 100, [0.9] * 100), target=0.9, most_refused=0.5, floor=0.3)
    assert (alone.value, alone.expected_accuracy) == (0.3, 1.0)
    assert near.value == 0.3
    assert near.expected_accuracy == pytest.approx(100 / 125)


def test_without_own_questions_strangers_alone_raise_the_floor_up_to_a_half() -> None:
    def at(*strangers: float) -> Threshold:
        return choose(Outcomes((), (), strangers), target=0.9, most_refused=0.1, floor=0.3)

    assert at(*[0.4] * 29).value == 0.3
    assert at(*(place / 100 for place in range(0, 100, 2))).value == 0.3
    assert at(*(0.3 + place / 200 for place in range(100))) == Threshold(0.4)
    assert at(*[0.9] * 100).value == 0.5


def test_a_fixed_value_is_measured() -> None:
    found = measured(Threshold(0.5), Outcomes([0.4, 0.6] * 20, [False, True] * 20))
    assert (found.value, found.expected_accuracy, found.refused_share) == (0.5, 1.0, 0.5)


def test_the_interval_narrows_with_the_count() -> None:
    few, many = wilson(8, 10), wilson(800, 1000)
    assert few[0] < many[0] < 0.8 < many[1] < few[1]
    assert wilson(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("count", "most", "refused"),
    [(30, 0.1, 0), (100, 0.1, 4), (385, 0.1, 21), (2000, 0.1, 126), (100, 1.0, 100), (100, 0.0, 0)],
)
def test_fewer_own_questions_are_refused_than_contacts_may_be(count: int, most: float, refused: int) -> None:
    assert may_refuse(count, most) == refused


def test_being_sure_of_an_answer_costs_half_of_what_may_be_refused() -> None:
    assert least_sure([place / 100 - 3 for place in range(385)], 0.1) == pytest.approx(-2.9)
    assert least_sure([2.0] * 385, 0.1) == SURE
