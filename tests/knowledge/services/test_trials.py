"""`manage.py rank_questions`: the product's search asked from files, in a tenant that is gone afterwards."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection

from benchmarks.quality import fabrication
from kimono.lib import db
from tenants.models import Tenant

pytestmark = pytest.mark.django_db(transaction=True)

KNOWLEDGE: list[dict[str, object]] = [
    {"id": "k1", "question": "和服怎么清洗", "similar": ["和服脏了怎么洗", "可以自己洗和服吗"]},
    {"id": "k2", "question": "门店几点关门", "similar": ["晚上营业到什么时候"], "answer": "晚上九点。"},
    {"id": "k3", "question": "押金多少钱"},
]
QUESTIONS = [{"query": "怎么洗和服"}, {"query": "营业到几点"}, {"query": "怎么洗和服"}]


def written(path: Path, rows: Sequence[Mapping[str, object]]) -> str:
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    return str(path)


def schemas() -> set[str]:
    with db.public_scope(), connection.cursor() as cursor:
        cursor.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 't\\_%'")
        return {row[0] for row in cursor.fetchall()}


@pytest.mark.parametrize("flags", [[], ["--as-documents"]])
def test_questions_are_ranked_and_nothing_is_left(tmp_path: Path, flags: list[str]) -> None:
    before = schemas()
    out = tmp_path / "predictions.jsonl"
    knowledge, questions = (
        written(tmp_path / "k.jsonl", KNOWLEDGE),
        written(tmp_path / "q.jsonl", QUESTIONS),
    )
    call_command("rank_questions", knowledge, questions, str(out), *flags)
    found = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [each["query"] for each in found] == ["怎么洗和服", "营业到几点"]
    assert found[0]["ranked"][0][0] == "k1"
    for each in found:
        scores = [score for _, score in each["ranked"]]
        assert scores == sorted(scores, reverse=True)
        assert all(0 <= score <= 1 for score in [*scores, each["answerability"]])
        assert len({name for name, _ in each["ranked"]}) == len(scores)
    assert schemas() == before
    with db.public_scope(), db.platform_scope():
        assert not Tenant.objects.filter(slug__startswith="scratch-").exists()


def test_questions_are_answered_by_models_that_mislead_and_nothing_they_made_up_is_said(
    tmp_path: Path,
) -> None:
    text = "振袖租金每天 699 元，可以延期三天。\n归还须在晚上 8 点前，定制款不可以退。"
    trial = fabrication.Trial(
        [{"id": "d1", "question": "租金", "text": text}], ["振袖租金每天多少元", "归还须在几点前"]
    )
    knowledge = written(tmp_path / "k.jsonl", trial.entries)
    questions = written(tmp_path / "q.jsonl", [{"query": query} for query in trial.questions])
    out = tmp_path / "answers.jsonl"
    call_command("answer_questions", knowledge, questions, str(out), "--as-documents")
    tallies = fabrication.tallied(trial, fabrication.read(out.read_text(encoding="utf-8")))
    assert [tally.model for tally in tallies] == list(fabrication.MODELS)
    assert [tally.answers for tally in tallies] == [2, 2, 2]
    assert [tally.unsupported for tally in tallies] == [(), (), ()]
    # They did lie: otherwise nothing has been tried.
    assert [tally.lies > 0 for tally in tallies] == [False, True, True]


def test_what_no_cited_entry_says_is_counted() -> None:
    texts = {"a": "七天内可退。尺码可换；须有发票。运费自理。"}
    cited = [{"n": 1, "entry": "a", "quote": "七天内可退。"}]

    def wrong(text: str, quote: str = "七天内可退。") -> list[str]:
        line = {"text": text, "citations": [{**cited[0], "quote": quote}]}
        return fabrication.unsupported_in(line, texts)

    assert wrong("七天内可退。[1]运费自理。[1]") == []
    assert wrong("尺码可换；运费自理。[1]") == []
    assert wrong("尺码可换；运费包邮。[1]") == ["运费包邮。"]
    assert wrong("九天内可退。[1]") == ["九天内可退。"]
    assert wrong("七天内可退。[1] 欢迎光临。") == ["欢迎光临。"]
    assert wrong("七天内可退。[1]", quote="九天") == ["九天"]
