"""`manage.py rank_questions`: the product's search asked from files, in a tenant that is gone afterwards."""

import json
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection

from kimono.lib import db
from tenants.models import Tenant

pytestmark = pytest.mark.django_db(transaction=True)

KNOWLEDGE = [
    {"id": "k1", "question": "和服怎么清洗", "similar": ["和服脏了怎么洗", "可以自己洗和服吗"]},
    {"id": "k2", "question": "门店几点关门", "similar": ["晚上营业到什么时候"], "answer": "晚上九点。"},
    {"id": "k3", "question": "押金多少钱"},
]
QUESTIONS = [{"query": "怎么洗和服"}, {"query": "营业到几点"}, {"query": "怎么洗和服"}]


def written(path: Path, rows: list[dict[str, object]]) -> str:
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
