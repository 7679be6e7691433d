"""Judging an answer by rule, and what the judgements add up to."""

import json
from dataclasses import replace
from typing import Any

import pytest

from kimono.lib import tables
from kimono.lib.errors import Invalid, TooLarge, Unsupported
from knowledge.services.answers import Answer, Citation, Outcome
from knowledge.services.evaluation import cases, figures, judging
from knowledge.services.evaluation.cases import Case
from knowledge.services.evaluation.judging import Verdict
from knowledge.services.retrieval import Passage, Scores

PASSAGE = Passage(
    kind="chunk", score=0.9, question="退货政策", answer="", text="签收后 7 天内可申请退货。定制商品不退。", category="",
    qa_id=None, chunk_id="chk-1", doc_id="doc-1", version="v1", source="docs/return_policy.md", title="退货政策",
    section=None, page=None, url="", quote="", scores=Scores(None, 0.0, 0.0), start=0, end=20, language="zh",
)  # fmt: skip
OTHER = replace(
    PASSAGE,
    text="周末十点开门。",
    source="opening.md",
    title="营业",
    question="营业",
    chunk_id="chk-2",
    doc_id="doc-2",
)


def given(
    text: str, *passages: Passage, outcome: Outcome = "answered", cites: Passage | None = None
) -> Answer:
    """Return an answer that cites one passage."""
    cited = (Citation(1, cites, cites.text, 0, len(cites.text)),) if cites else ()
    return Answer(text=text, citations=cited, outcome=outcome, confidence=0.9, passages=passages)


RIGHT = "签收后 7 天内可申请退货。[1]"
JUDGED: list[tuple[str, Case, Answer, dict[str, Any]]] = [
    (
        "the file is named without its folder",
        Case(query="q", expected_sources=("return_policy.md",), expected_answer_keywords=("7天",)),
        given(RIGHT, OTHER, PASSAGE, cites=PASSAGE),
        {"rank": 2, "hit": True, "correct": True, "abstained": False, "unsupported": 0, "relevant": 1},
    ),
    (
        "the keyword is missing",
        Case(query="q", expected_answer_keywords=("15 天",)),
        given(RIGHT, PASSAGE, cites=PASSAGE),
        {"rank": None, "hit": False, "correct": False, "expected": 1, "found": 0},
    ),
    (
        "the reference answer says it in other words",
        Case(query="q", reference_answer="签收后七天内可以申请退货"),
        given(RIGHT, PASSAGE, cites=PASSAGE),
        {"correct": True, "expected": 0},
    ),
    (
        "the reference answer has another number",
        Case(query="q", reference_answer="签收后 30 天内可以申请退货"),
        given(RIGHT, PASSAGE, cites=PASSAGE),
        {"correct": False},
    ),
    (
        "another source is cited than the expected one",
        Case(query="q", expected_sources=("doc-1",)),
        given("周末十点开门。[1]", OTHER, PASSAGE, cites=OTHER),
        {"correct": False, "hit": True, "rank": 2},
    ),
    (
        "a refusal of a question that has no answer",
        Case(query="q", answerable=False),
        given("不知道。", PASSAGE, outcome="refused"),
        {"correct": True, "abstained": True, "fabricated": False, "expected": 0},
    ),
    (
        "an answer to a question that has none",
        Case(query="q", answerable=False),
        given(RIGHT, PASSAGE, cites=PASSAGE),
        {"correct": False, "abstained": False, "fabricated": True},
    ),
    (
        "asking back is no answer",
        Case(query="q", expected_sources=("doc-1",)),
        given("您是想问？", PASSAGE, outcome="asked_back"),
        {"correct": False, "abstained": True, "hit": True},
    ),
    (
        "a sentence that no source bears",
        Case(query="q"),
        given("签收后 7 天内可申请退货。[1]终身保修。", PASSAGE, cites=PASSAGE),
        {"unsupported": 1, "correct": True},
    ),
]


@pytest.mark.parametrize(
    ("case", "answer", "expected"), [row[1:] for row in JUDGED], ids=[row[0] for row in JUDGED]
)
def test_an_answer_is_judged(case: Case, answer: Answer, expected: dict[str, Any]) -> None:
    verdict = judging.of_answer(case, answer)
    stored = verdict.stored()
    assert {name: stored[name] for name in expected} == expected
    assert judging.from_stored(json.loads(json.dumps(stored))).stored() == stored


def test_a_search_answers_rightly_when_its_best_passage_is_relevant() -> None:
    case = Case(query="q", expected_sources=("退货政策",))
    assert judging.of_search(case, [PASSAGE, OTHER], answerable=True).correct
    assert not judging.of_search(case, [OTHER, PASSAGE], answerable=True).correct
    assert not judging.of_search(case, [PASSAGE], answerable=False).correct
    assert judging.of_search(Case(query="q", answerable=False), [PASSAGE], answerable=False).correct


def verdict(**known: Any) -> Verdict:
    """Return a verdict with what matters."""
    usual = {
        "answer": "", "retrieved": ({"source": "s", "score": 1.0},) * 5, "expected": 1, "found": 1, "relevant": 1,
        "rank": 1, "abstained": False, "correct": True, "fabricated": False,
    }  # fmt: skip
    return Verdict(**{**usual, **known})


def test_the_figures_are_those_of_their_definitions() -> None:
    answerable, unanswerable = Case(query="a", category="退货"), Case(query="u", answerable=False)
    nothing = {"expected": 0, "found": 0, "relevant": 0, "rank": None}
    found = figures.summary(
        [
            (answerable, verdict()),
            (answerable, verdict(expected=2, found=1, relevant=2, rank=2, correct=False)),
            (answerable, verdict(found=0, relevant=0, rank=None, abstained=True, correct=False)),
            (unanswerable, verdict(**nothing, abstained=True)),
            (unanswerable, verdict(**nothing, fabricated=True, correct=False, unsupported=1)),
        ]
    )
    assert (found["total_queries"], found["answers"]) == (5, 3)
    assert found["recall_at_k"] == pytest.approx((1 + 0.5 + 0) / 3, abs=1e-4)
    assert found["precision_at_k"] == pytest.approx((0.2 + 0.4 + 0) / 3, abs=1e-4)
    assert found["hit_rate"] == pytest.approx(2 / 3, abs=1e-4)
    assert found["mrr"] == pytest.approx((1 + 0.5 + 0) / 3, abs=1e-4)
    assert found["recall"] == 0.5
    assert found["accuracy"] == pytest.approx(1 / 3, abs=1e-4)
    assert found["hallucination_rate"] == pytest.approx(1 / 3, abs=1e-4)
    assert (found["abstention"]["precision"], found["abstention"]["recall"]) == (0.5, 0.5)
    assert found["fabrication_rate"] == 0.5
    assert found["by_category"]["退货"]["total_queries"] == 3
    assert found["gate"] == {"passed": False, "accuracy_min": 0.9, "recall_min": 0.7}


def test_nothing_is_zero_and_known_to_be_nothing() -> None:
    found = figures.summary([])
    assert (found["accuracy"], found["accuracy_ci"], found["mrr_ci"]) == (0.0, [0.0, 1.0], [0.0, 1.0])


def test_intervals() -> None:
    # The example of the contract, and the published table of Wilson's interval (Newcombe 1998, 81 of 263).
    assert figures.wilson(28, 30) == [0.7868, 0.9815]
    assert figures.wilson(81, 263) == [0.2553, 0.3662]
    assert figures.wilson(0, 0) == [0.0, 1.0]
    ranks = [1.0, 0.5, 1.0, 0.0, 0.25, 1.0] * 10
    low, high = figures.bootstrap(ranks, seed=3)
    assert [low, high] == figures.bootstrap(ranks, seed=3)
    assert low < sum(ranks) / len(ranks) < high


def test_two_runs_are_compared_case_by_case() -> None:
    def row(query: str, correct: bool) -> dict[str, Any]:
        return {"query": query, "correct": correct, "abstained": False, "rank": 1, "answer": ""}

    before = ({"accuracy": 0.5, "mrr": 0.4}, [row("甲？", True), row("乙", False), row("丙", True)])
    after = ({"accuracy": 0.75, "mrr": 0.3}, [row("甲?", False), row("乙", True), row("新", False)])
    found = figures.regression(before, after)
    assert [one["query"] for one in found["fixed"]] == ["乙"]
    assert [one["query"] for one in found["broken"]] == ["甲?"]
    assert found["broken"][0]["before"]["correct"] is True
    assert (found["deltas"], found["compared"]) == ({"accuracy": 0.25, "mrr": -0.1}, 2)


class TestFiles:
    ROWS = (
        "问题,期望来源,答案关键词,可回答,分类\n怎么退货,return.md；b.md,7 天;退货,是,售后\n彩票号码,,,否,\n"
    )
    CASES = (
        Case(
            query="怎么退货",
            expected_sources=("return.md", "b.md"),
            expected_answer_keywords=("7 天", "退货"),
            category="售后",
        ),
        Case(query="彩票号码", answerable=False),
    )

    def test_a_table_in_any_encoding(self) -> None:
        assert tuple(cases.read(self.ROWS.encode("gb18030"), "set.csv")) == self.CASES
        header, *rows = [line.split(",") for line in self.ROWS.splitlines()]
        assert tuple(cases.read(tables.write(header, rows, format="xlsx"), "set.xlsx")) == self.CASES

    def test_lines_of_json(self) -> None:
        lines = "\n\n".join(case.model_dump_json() for case in self.CASES)
        assert tuple(cases.read(lines.encode(), "set.jsonl")) == self.CASES

    def test_what_is_wrong_is_named_row_by_row(self) -> None:
        with pytest.raises(Invalid) as refused:
            cases.read(b'{"query": "a"}\nnonsense\n{"query": ""}\n[1]\n', "set.jsonl")
        said = [fault["msg"] for fault in refused.value.detail]  # type: ignore[index]
        assert [text.split(":")[0] for text in said] == ["row 2", "row 3", "row 4"]
        assert "query" in said[1]
        with pytest.raises(Invalid) as refused:
            cases.read(b"query,answerable\na,maybe\n", "set.csv")
        assert "row 2: answerable" in str(refused.value.detail)

    def test_too_many_or_none_or_something_else(self) -> None:
        with pytest.raises(TooLarge):
            cases.read(b'{"query": "a"}\n' * 2001, "set.jsonl")
        with pytest.raises(TooLarge):
            cases.read(b" " * (cases.MOST_BYTES + 1), "set.jsonl")
        with pytest.raises(Invalid):
            cases.read(b"", "set.jsonl")
        with pytest.raises(Unsupported):
            cases.read(b"%PDF-1.7", "set.pdf")

    def test_the_shipped_set_has_thirty_questions(self) -> None:
        shipped = cases.builtin()
        assert len(shipped) == 30
        assert sum(not case.answerable for case in shipped) >= 5
