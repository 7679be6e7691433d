"""Sending documents to a running server over HTTP, and looking at what became of them."""

import time
from typing import Any

import httpx

POLICY = "# 退货政策\n\n签收后 7 天内可申请退货。\n\n## 例外\n\n定制和服不退不换。\n".encode()
NEWER = POLICY.replace("7 天".encode(), "30 天".encode())
RESULT_KEYS = {
    "doc_id", "source", "version", "status", "chunk_count", "total_chunks", "added_chunks", "deduped_chunks",
    "duration_seconds", "doc_hash", "embedding_mode", "quality_report", "errors", "error", "job_id",
}  # fmt: skip
JOB_KEYS = {
    "job_id", "kind", "status", "progress", "stage", "source", "doc_id", "chunk_count", "errors", "result",
    "created_at", "started_at", "finished_at",
}  # fmt: skip
DOCUMENT_KEYS = {
    "doc_id", "source", "title", "current_version", "status", "version_count", "knowledge_type",
    "product_category", "applicable_version", "published_at", "file_type", "size_bytes", "page_count",
    "chunk_count", "canary", "created_by", "created_at", "updated_at",
}  # fmt: skip


def send(
    client: httpx.Client, content: bytes = POLICY, name: str = "rules.md", **data: str
) -> httpx.Response:
    """Upload a file and return the answer."""
    return client.post("/api/v1/knowledge/ingest", files={"file": (name, content)}, data=data)


def ended(client: httpx.Client, job_id: str, seconds: float = 30.0) -> dict[str, Any]:
    """Wait until a job is over, for so many seconds at the most, and return it."""
    until = time.monotonic() + seconds
    while True:
        job: dict[str, Any] = client.get(f"/api/v1/knowledge/jobs/{job_id}").json()
        if job["status"] in ("succeeded", "failed", "cancelled"):
            return job
        assert time.monotonic() < until, job
        time.sleep(0.1)


def documents(client: httpx.Client, **query: Any) -> dict[str, Any]:
    """Return a page of the list of documents."""
    answer = client.get("/api/v1/knowledge/documents", params=query)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())
