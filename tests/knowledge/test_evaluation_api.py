"""Evaluation over HTTP, with a real web server and a real worker: EV-01…13 and TU-01…03."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.fixtures.servers import Servers
from tests.tenants.doors import at, make_user

REPORT_KEYS = {
    "report_id", "dataset_id", "source", "mode", "created_at", "total_queries", "top_k", "recall_at_k", "precision_at_k",
    "hit_rate", "mrr", "hallucination_rate", "accuracy", "accuracy_ci", "recall", "recall_ci", "abstention",
    "fabrication_rate", "by_category", "gate", "params", "knowledge_version", "duration_seconds",
}  # fmt: skip
CASE_KEYS = {"query", "answer", "retrieved", "hit", "rank", "correct", "abstained", "fabricated"}
CASES: list[dict[str, Any]] = [
    {"query": "周末几点开门", "expected_answer_keywords": ["十点"], "category": "营业"},
    {"query": "明天股市怎么样", "answerable": False},
]


@pytest.fixture
def client(live: Servers, alpha: Any, new_key: Callable[..., str]) -> Iterator[httpx.Client]:
    with live.client(key=new_key(alpha), timeout=100) as client:
        client.base_url = client.base_url.join("/api/v1/")
        yield client


def made(answer: httpx.Response, status: int = 200) -> Any:
    """Return the body of an answer of this status."""
    assert answer.status_code == status, answer.text
    return answer.json()


def test_evaluation_from_a_file_to_a_comparison(client: httpx.Client) -> None:
    (builtin,) = made(client.get("evaluation/datasets"))["items"]
    assert (builtin["builtin"], builtin["cases"]) == (True, 30)
    assert builtin["answerable"] + builtin["unanswerable"] == 30
    assert made(client.delete(f"evaluation/datasets/{builtin['dataset_id']}"), 409)["code"] == "in_use"

    pair = {"question": "周末几点开门？", "answer": "上午九点。"}
    qa_id = made(client.post("knowledge/qa-pairs", json=pair), 201)["id"]
    dataset = made(client.post("evaluation/datasets", json={"name": "营业", "cases": CASES}), 201)
    assert (dataset["cases"], dataset["unanswerable"], dataset["categories"]) == (2, 1, ["营业"])
    page = made(client.get(f"evaluation/datasets/{dataset['dataset_id']}", params={"page_size": 1}))
    assert (page["total"], page["total_pages"], page["items"][0]["query"]) == (2, 2, "周末几点开门")
    assert [one["dataset_id"] for one in made(client.get("evaluation/datasets"))["items"]] == [
        dataset["dataset_id"],
        builtin["dataset_id"],
    ]

    asked = {"dataset_id": dataset["dataset_id"], "top_k": 3}
    before = made(client.post("evaluation/run", json=asked))
    assert before.keys() >= REPORT_KEYS | {"cases"}
    assert before["cases"][0].keys() >= CASE_KEYS
    assert (before["accuracy"], before["fabrication_rate"], before["gate"]["passed"]) == (0.0, 0.0, False)
    client.put(f"knowledge/qa-pairs/{qa_id}", json={"answer": "上午十点。"}).raise_for_status()
    job = made(client.post("evaluation/run", json={**asked, "async": True}), 202)
    assert (job["kind"], job["source"]) == ("evaluation", "营业")
    until = time.monotonic() + 30
    while job["status"] not in ("succeeded", "failed") and time.monotonic() < until:
        time.sleep(0.1)
        job = made(client.get(f"knowledge/jobs/{job['job_id']}"))
    assert (job["status"], job["progress"]) == ("succeeded", 1.0)
    after = job["result"]
    assert (after["accuracy"], after["recall"], after["gate"]["passed"]) == (1.0, 1.0, True)
    compared = made(
        client.get(f"evaluation/reports/{after['report_id']}", params={"compare_to": before["report_id"]})
    )
    assert [one["query"] for one in compared["regression"]["fixed"]] == ["周末几点开门"]
    assert compared["regression"]["deltas"]["accuracy"] == 1.0
    listed = made(client.get("evaluation/reports", params={"dataset_id": dataset["dataset_id"]}))
    assert [one["report_id"] for one in listed["items"]] == [after["report_id"], before["report_id"]]
    assert "cases" not in listed["items"][0]
    file = client.get(f"evaluation/reports/{after['report_id']}/export", params={"format": "csv"})
    assert "周末几点开门" in file.content.decode("utf-8-sig")
    assert client.delete(f"evaluation/datasets/{dataset['dataset_id']}").status_code == 204
    assert "regression" not in made(client.get(f"evaluation/reports/{after['report_id']}"))


def test_real_answers_are_drawn_and_judged(client: httpx.Client) -> None:
    pair = {"question": "周末几点开门？", "answer": "上午十点。"}
    made(client.post("knowledge/qa-pairs", json=pair), 201)
    for _ in range(3):
        chat = made(client.post("chat", json={"message": "周末几点开门？"}))
    voted = {"rating": "down", "message_id": chat["message_id"]}
    made(client.post(f"chat/sessions/{chat['session_id']}/feedback", json=voted))
    draw = {"size": 2, "seed": 7}
    sample = made(client.post("evaluation/samples", json=draw), 201)
    assert (sample["size"], sample["population"], sample["seed"], sample["status"]) == (2, 3, 7, "open")
    path = f"evaluation/samples/{sample['sample_id']}"
    for shown in (sample, made(client.get(path)), made(client.get("evaluation/samples"))["items"][0]):
        assert (shown["from"], shown["to"]) == (None, None)
    items = made(client.get(path))["items"]
    again = made(client.post("evaluation/samples", json=draw), 201)
    same = made(client.get(f"evaluation/samples/{again['sample_id']}"))["items"]
    assert [one["message_id"] for one in items] == [one["message_id"] for one in same]
    bad = made(client.post("evaluation/samples", json={"strategy": "negative_feedback"}), 201)
    assert (bad["population"], bad["size"]) == (1, 1)
    made(client.post("evaluation/samples", json={"from": "2099-01-01T00:00:00Z"}), 422)

    found = items[0]["retrieved"][0]
    assert found["content"] == "上午十点。"
    graded = {"correct": True, "grounded": True, "relevant_chunk_ids": [found["chunk_id"]]}
    item = made(client.put(f"{path}/items/{items[0]['item_id']}", json=graded))
    assert item["grade"].items() >= {**graded, "missed_relevant_count": 0, "note": None}.items()
    made(client.put(f"{path}/items/99", json=graded), 404)
    made(client.put(f"{path}/items/2", json={"correct": True, "relevant_chunk_ids": ["chk-x"]}), 422)
    made(client.put(f"{path}/items/2", json={"correct": True}))
    shown = made(client.get(path))
    assert (shown["status"], shown["graded"], shown["accuracy"], shown["passed"]) == ("done", 2, 1.0, True)
    assert client.get(f"{path}/export", params={"format": "xlsx"}).content[:2] == b"PK"


def test_the_tuner(client: httpx.Client) -> None:
    usual = made(client.get("tuner/params"))
    assert (usual["overrides"], usual["threshold_mode"], usual["rrf_vector_weight"] > 0) == ([], "auto", True)
    changed = made(client.put("tuner/params", json={"rerank_top_k": 3, "rrf_keyword_weight": 0.25}))
    assert (changed["rerank_top_k"], changed["overrides"]) == (3, ["rerank_top_k", "rrf_keyword_weight"])
    assert changed["updated_at"].endswith("Z")
    made(client.put("tuner/params", json={"rerank_top_k": 21}), 422)
    assert made(client.post("tuner/reset"))["rerank_top_k"] == usual["rerank_top_k"]


@pytest.mark.django_db(transaction=True)
class TestRefusals:
    """At the doors, without a server."""

    @pytest.fixture
    def caller(self, alpha: Any, new_key: Callable[..., str]) -> Any:
        return at(alpha, X_API_Key=new_key(alpha, scopes=["knowledge"]))

    @pytest.mark.parametrize(
        ("body", "where"),
        [
            ({"cases": CASES}, "name"),
            ({"name": "n", "cases": []}, "cases"),
            ({"name": "n", "cases": [{"query": ""}]}, "query"),
            ({"name": "n", "cases": [{"query": "q", "answerable": "perhaps"}]}, "answerable"),
            ("{broken", ""),
        ],
    )
    def test_a_set_that_is_wrong_is_told_where(self, caller: Any, body: Any, where: str) -> None:
        answer = caller.post("evaluation/datasets", body)
        assert answer.status_code == 422, answer.content
        fault = answer.json()["detail"][0]
        assert fault["loc"][0] == "body"
        assert where in str(fault["loc"])

    def test_a_file_that_is_wrong_is_told_row_by_row(self, caller: Any) -> None:
        from django.core.files.uploadedfile import SimpleUploadedFile

        lines = f"{json.dumps(CASES[0])}\n{{}}\n".encode()
        answer = caller.form(
            "evaluation/datasets", {"name": "n", "file": SimpleUploadedFile("s.jsonl", lines)}
        )
        assert answer.status_code == 422
        assert answer.json()["detail"][0]["msg"].startswith("row 2: query")
        assert caller.form("evaluation/datasets", {"name": "n"}).status_code == 422
        many = {"name": "n", "cases": [{"query": "q"}] * 2001}
        assert caller.post("evaluation/datasets", many).status_code == 413
        assert caller.post("evaluation/datasets", "a", Content_Type="text/plain").status_code == 415

    def test_who_may(self, alpha: Any, caller: Any, new_key: Callable[..., str]) -> None:
        looks = at(alpha, X_API_Key=new_key(alpha, scopes=["analytics"]))
        assert looks.get("evaluation/datasets").status_code == 200
        assert looks.post("evaluation/run", {}).status_code == 403
        assert looks.get("tuner/params").status_code == 403
        make_user(alpha, "viewer", "looker")
        viewer = at(alpha).signed_in("looker")
        assert viewer.get("evaluation/reports").status_code == 200
        assert viewer.post("evaluation/samples", {}).status_code == 403
        for path in ("../beta/x.jsonl", "/etc/passwd"):
            refused = caller.post("evaluation/run", {"testset_path": path, "async": True})
            assert (refused.status_code, refused.json()["code"]) == (422, "path_not_allowed")
        missing = caller.post("evaluation/run", {"testset_path": "none.jsonl", "async": True})
        assert missing.status_code == 404
