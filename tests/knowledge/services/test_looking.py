"""What a second look sees: order, what is covered, the kind of thing that is asked; and the curves over evidence."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.services.asking import asking_part, kinds
from knowledge.services.calibration import LEAST_SLOPE, PRIOR, Curve, fitted
from knowledge.services.looking import look


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("为什么还没发货", "cause"),
        ("寄到要多久", "duration"),
        ("一套多少钱", "price"),
        ("振袖怎么保养", "care"),
        ("你们店在哪里", "where"),
        ("能带宠物吗", "may"),
        ("Why was I charged twice?", "cause"),
        ("how long does it take", "duration"),
        ("Where is my parcel", "where"),
    ],
)
def test_the_kind_of_thing_that_is_asked_is_told(question: str, kind: str) -> None:
    assert kind in kinds(question)


def test_a_name_alone_asks_nothing() -> None:
    assert kinds("静安店") == frozenset()


@pytest.mark.parametrize(
    ("question", "wording", "replaced"),
    [
        ("汉服能租吗", "小朋友能租吗？", True),
        ("小孩能租吗", "小朋友能租吗？", False),
        ("汉服能租吗", "汉服能租吗？", False),
        ("振袖能改短吗", "振袖能租吗", False),
        ("振袖怎么处理", "振袖怎么办", False),
        # English intents are told by their frame, whatever is put in it.
        ("what does hegemony mean", "what does ajar mean", False),
        ("", "汉服能租吗", False),
    ],
)
def test_the_same_is_asked_of_another_thing(question: str, wording: str, replaced: bool) -> None:
    assert look(question, wording).replaced is replaced


def test_the_same_words_with_another_question_contradict() -> None:
    same = look("租振袖多少钱", "振袖租金的价格")
    other = look("租振袖多少钱", "租振袖在哪里")
    assert (same.contradicts, other.contradicts) == (False, True)
    assert same.kinds > other.kinds


def test_what_the_wording_says_and_the_question_does_not_is_uncovered() -> None:
    assert (
        look("押金什么时候退", "押金什么时候退还").covered
        > look("押金什么时候退", "儿童套餐押金什么时候退").covered
    )
    assert look("a second monitor", "can I get a refund").covered == 0.0


def test_order_counts() -> None:
    assert look("猫怕狗吗", "猫怕狗吗").order == 1.0
    assert look("猫怕狗吗", "狗怕猫吗").order < 1.0
    assert look("怎么退货？", "怎么退货").is_same
    assert not look("怎么退货", "怎么换货").is_same


@given(st.text(max_size=80), st.text(max_size=80))
def test_a_look_stays_between_0_and_1(question: str, wording: str) -> None:
    seen = look(question, wording)
    assert all(0 <= value <= 1 for value in (seen.order, seen.covered, seen.kinds))


def test_without_questions_the_prior_stands_and_a_few_hardly_move_it() -> None:
    assert fitted(PRIOR.score, [], []) == PRIOR.score
    moved = fitted(PRIOR.score, [3.0, 3.0], [False, False])
    assert abs(moved.at(3.0) - PRIOR.score.at(3.0)) < 0.1


def test_many_questions_overrule_the_prior() -> None:
    draw = np.random.default_rng(7)
    evidence = draw.normal(2.0, 2.0, 3000)
    truth = Curve(1.2, -3.0)
    right = [draw.random() < truth.at(value) for value in evidence]
    found = fitted(PRIOR.score, evidence.tolist(), right)
    assert all(abs(found.at(value) - truth.at(value)) < 0.05 for value in (0.0, 2.0, 4.0))


def test_a_curve_rises_even_where_the_questions_say_the_contrary() -> None:
    evidence = [float(value) for value in range(200)]
    found = fitted(PRIOR.score, evidence, [value < 100 for value in range(200)])
    assert found.slope >= LEAST_SLOPE


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("我上周租了一套，归还时要交回哪些物品？谢谢", "归还时要交回哪些物品？"),
        ("振袖清洗费是多少钱？我的电话是 13812345678", "振袖清洗费是多少钱？"),
        ("My parcel came today. How long may I keep it?", "How long may I keep it?"),
        ("你好，怎么退货？运费谁出？", "怎么退货？运费谁出？"),
        ("怎么退货？", ""),
        ("退货，换货", ""),
        ("", ""),
    ],
)
def test_what_a_text_asks_stands_alone(text: str, part: str) -> None:
    assert asking_part(text) == part


@given(st.text("abc", max_size=70), st.text("abc", max_size=70))
def test_order_is_the_longest_common_subsequence(first: str, second: str) -> None:
    one, other = first[:60], second[:60]
    lengths = np.zeros((len(one) + 1, len(other) + 1), dtype=int)
    for row, mine in enumerate(one):
        for column, theirs in enumerate(other):
            kept = max(lengths[row, column + 1], lengths[row + 1, column])
            lengths[row + 1, column + 1] = lengths[row, column] + 1 if mine == theirs else kept
    found = look(" ".join(first), " ".join(second)).order
    assert found == pytest.approx(2 * lengths[-1, -1] / max(len(one) + len(other), 1))
