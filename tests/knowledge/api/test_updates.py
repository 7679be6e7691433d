"""Updates from a folder over HTTP, with a real web server and a real worker: UP-01…04."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.conf import settings

from tests.knowledge.api.sending import RESULT_KEYS, ended

UPDATE_KEYS = {
    "mode", "scanned", "added", "updated", "skipped", "deleted", "failed", "duration_seconds", "errors",
}  # fmt: skip


@pytest.fixture
def folder(alpha: Any, beta: Any) -> Iterator[Path]:
    """The folder of alpha, with a document; beta has one of the same name that says something else."""
    root = Path(settings.KNOWLEDGE_ROOT)
    for tenant, hour in ((alpha, "十"), (beta, "七")):
        (root / tenant.slug / "docs/knowledge").mkdir(parents=True)
        (root / tenant.slug / "docs/knowledge/opening.md").write_text(f"# 营业\n\n周末{hour}点开门。\n")
    yield root / alpha.slug
    shutil.rmtree(root)


def post(client: httpx.Client, what: str, **body: Any) -> httpx.Response:
    return client.post(f"/api/v1/update/{what}", json=body)


def test_a_weekly_update(keeper: httpx.Client, folder: Path) -> None:
    status = keeper.get("/api/v1/update/status").json()
    assert status == {"last_update": None, "message": "尚未执行过更新"}
    answer = post(keeper, "incremental", dir_path="docs/knowledge", extensions=[".md"])
    assert answer.status_code == 200, answer.text
    result = answer.json()
    assert set(result) == UPDATE_KEYS
    assert (result["mode"], result["added"], result["updated"]) == ("incremental", 1, 0)
    hits = keeper.post("/api/v1/knowledge/search", json={"query": "周末几点开门"}).json()
    assert "十点" in hits["results"][0]["answer"]
    assert hits["results"][0]["source"] == "docs/knowledge/opening.md"
    status = keeper.get("/api/v1/update/status").json()
    assert status["last_update"] == result
    assert status["message"] == f"最近一次 incremental 更新于 {result['duration_seconds']:.2f}s 内完成"

    (folder / "docs/knowledge/opening.md").unlink()
    accepted = post(keeper, "full", dir_path="docs/knowledge", **{"async": True})
    assert accepted.status_code == 202
    job = ended(keeper, accepted.json()["job_id"])
    assert (job["kind"], job["status"], job["progress"]) == ("update_full", "succeeded", 1.0)
    assert job["result"]["deleted"] == 1
    assert keeper.get("/api/v1/knowledge/documents").json()["total"] == 0


def test_one_file_with_what_is_said_of_it(keeper: httpx.Client, folder: Path) -> None:
    path = "docs/knowledge/opening.md"
    answer = post(
        keeper, "file", file_path=path, metadata={"knowledge_type": "policy", "product_category": "门店"}
    )
    assert answer.status_code == 200, answer.text
    result = answer.json()
    assert set(result) == UPDATE_KEYS | RESULT_KEYS
    assert (result["mode"], result["added"], result["status"], result["source"]) == (
        "file",
        1,
        "success",
        path,
    )
    document = keeper.get(f"/api/v1/knowledge/documents/{result['doc_id']}").json()
    assert (document["knowledge_type"], document["product_category"]) == ("policy", "门店")
    again = post(keeper, "file", file_path=path).json()
    assert (again["skipped"], again["status"]) == (1, "unchanged")
    (folder / path).write_bytes(b"MZ\x90\x00 a program")
    refused = post(keeper, "file", file_path=path)
    assert (refused.status_code, refused.json()["code"]) == (422, "unreadable_file")


def test_what_is_refused(keeper: httpx.Client, folder: Path) -> None:
    (folder / "out").symlink_to(folder.parent)
    answers = [
        post(keeper, "full", dir_path=path) for path in ("/etc", "../", "out", "out/nothing", "docs/../..")
    ]
    assert {answer.status_code for answer in answers} == {422}
    assert {answer.json()["code"] for answer in answers} == {"path_not_allowed"}
    assert {str(answer.json()["detail"]) for answer in answers} == {str(answers[0].json()["detail"])}
    assert post(keeper, "file", file_path="/etc/passwd").json()["code"] == "path_not_allowed"
    assert post(keeper, "incremental", dir_path="docs/none").status_code == 404
    assert post(keeper, "full", dir_path="docs/knowledge/opening.md").status_code == 404
    assert post(keeper, "file", file_path="docs/none.md").status_code == 404
    unknown = post(keeper, "full", dir_path="docs", extensions=[".md", ".exe"])
    assert (unknown.status_code, unknown.json()["code"]) == (422, "validation_error")
    assert post(keeper, "full", dir_path="").status_code == 422
    assert keeper.get("/api/v1/update/status").json()["last_update"] is None
