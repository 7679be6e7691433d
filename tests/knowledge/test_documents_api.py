"""Documents over HTTP, with a real web server and a real worker: KB-01, KB-03…15."""

import re
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pytest

from kimono.lib import db
from tests.fixtures.servers import Servers

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
Send = Callable[..., httpx.Response]


@pytest.fixture
def client(live: Servers, alpha: Any, new_key: Callable[..., str]) -> Iterator[httpx.Client]:
    with live.client(key=new_key(alpha, scopes=["knowledge"]), timeout=100) as client:
        yield client


@pytest.fixture
def other(live: Servers, beta: Any, new_key: Callable[..., str]) -> Iterator[httpx.Client]:
    with live.client(key=new_key(beta, scopes=["knowledge"]), timeout=100) as client:
        yield client


def send(
    client: httpx.Client, content: bytes = POLICY, name: str = "rules.md", **data: str
) -> httpx.Response:
    return client.post("/api/v1/knowledge/ingest", files={"file": (name, content)}, data=data)


def ended(client: httpx.Client, job_id: str, seconds: float = 30.0) -> dict[str, Any]:
    until = time.monotonic() + seconds
    while True:
        job: dict[str, Any] = client.get(f"/api/v1/knowledge/jobs/{job_id}").json()
        if job["status"] in ("succeeded", "failed", "cancelled"):
            return job
        assert time.monotonic() < until, job
        time.sleep(0.1)


def documents(client: httpx.Client, **query: Any) -> dict[str, Any]:
    answer = client.get("/api/v1/knowledge/documents", params=query)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_an_upload_answers_when_it_is_indexed(client: httpx.Client) -> None:
    answer = send(client, register="true", validate_quality="true", knowledge_type="policy", note="erste")
    assert answer.status_code == 200
    result = answer.json()
    assert set(result) == RESULT_KEYS
    assert (result["status"], result["version"], result["source"]) == ("success", "v1", "rules.md")
    assert result["chunk_count"] == result["total_chunks"] == result["added_chunks"] == 2
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", result["doc_hash"])
    assert answer.headers["Cache-Control"] == "no-store"
    found = client.post("/api/v1/knowledge/search", json={"query": "可以退货吗"}).json()
    assert found["results"][0]["doc_id"] == result["doc_id"]

    again = send(client).json()
    assert (again["status"], again["added_chunks"], again["chunk_count"], again["job_id"]) == (
        "unchanged",
        0,
        2,
        None,
    )
    newer = send(client, NEWER).json()
    assert (newer["status"], newer["version"], newer["doc_id"]) == ("success", "v2", result["doc_id"])

    detail = client.get(f"/api/v1/knowledge/documents/{result['doc_id']}").json()
    assert set(detail) == DOCUMENT_KEYS | {"versions"}
    assert (detail["current_version"], detail["version_count"], detail["knowledge_type"]) == (
        "v2",
        2,
        "policy",
    )
    assert [(v["version"], v["status"], v["note"]) for v in detail["versions"]] == [
        ("v2", "active", None),
        ("v1", "superseded", "erste"),
    ]


def test_an_asynchronous_upload_answers_with_its_job(client: httpx.Client) -> None:
    answer = send(client, **{"async": "1"})
    assert answer.status_code == 202
    assert set(answer.json()) == JOB_KEYS
    job = ended(client, answer.json()["job_id"])
    assert (job["status"], job["progress"], job["stage"], job["chunk_count"]) == ("succeeded", 1.0, "done", 2)
    assert set(job["result"]) == RESULT_KEYS
    assert job["doc_id"] == job["result"]["doc_id"]


def test_names_keep_their_folders_and_lose_what_leads_out(client: httpx.Client) -> None:
    for name, source in (
        ("a/read.md", "a/read.md"),
        ("b/read.md", "b/read.md"),
        ("../../etc/passwd.md", "etc/passwd.md"),
        ("C:\\docs\\规则.md", "docs/规则.md"),
    ):
        assert send(client, name=name).json()["source"] == source
    assert send(client, name="ignored.md", source="/named/../by me.md").json()["source"] == "named/by me.md"
    assert documents(client)["total"] == 5


def test_twenty_parallel_uploads_are_one_document(client: httpx.Client) -> None:
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: send(client), range(20)))
    assert {answer.status_code for answer in answers} == {200}
    results = [answer.json() for answer in answers]
    assert sorted(result["status"] for result in results) == ["success"] + ["unchanged"] * 19
    assert len({(result["doc_id"], result["version"]) for result in results}) == 1
    assert documents(client)["items"][0]["version_count"] == 1


def bomb() -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "[Content_Types].xml",
            '<Types><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-'
            'officedocument.wordprocessingml.document.main+xml"/></Types>',
        )
        archive.writestr("word/document.xml", bytes(60_000_000))
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "name", "status", "code"),
    [
        (b"", "empty.md", 422, "unreadable_file"),
        (b"%PDF-1.7 nothing of a PDF follows", "broken.pdf", 422, "unreadable_file"),
        (b"MZ\x90\x00\x03" + bytes(200), "program.pdf", 415, "unsupported_media_type"),
        (b"\x7fELF" + bytes(200), "tool", 415, "unsupported_media_type"),
        (b"words", "x" * 256, 422, "validation_error"),
    ],
)
def test_what_cannot_be_taken_is_refused_and_leaves_nothing(
    client: httpx.Client, content: bytes, name: str, status: int, code: str
) -> None:
    answer = send(client, content, name)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    if status == 422:
        assert all({"loc", "msg", "type"} == set(entry) for entry in answer.json()["detail"])
        assert answer.json()["detail"][0]["loc"] == ["form", "file"]
    else:
        assert "md" in answer.json()["supported"]
    assert documents(client)["total"] == 0


def test_an_archive_bomb_is_refused(client: httpx.Client) -> None:
    answer = send(client, bomb(), "bomb.docx")
    assert (answer.status_code, answer.json()["code"]) == (422, "archive_bomb")
    assert documents(client)["total"] == 0


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("rules.rtf", b"{\\rtf1\\ansi Returns within thirty days.\\par}", "rtf"),
        (
            "chat",
            b'{"from": "a", "content": "Returns?"}\n{"from": "b", "content": "Within thirty days."}',
            "jsonl",
        ),
        (
            "mail.eml",
            b"From: a@b.c\r\nTo: d@e.f\r\nSubject: Returns\r\nMIME-Version: 1.0\r\n\r\nWithin thirty days.\r\n",
            "eml",
        ),
    ],
)
def test_other_kinds_are_read_and_found(client: httpx.Client, name: str, content: bytes, kind: str) -> None:
    result = send(client, content, name).json()
    assert (result["status"], result["errors"]) == ("success", [])
    document = client.get(f"/api/v1/knowledge/documents/{result['doc_id']}").json()
    assert document["file_type"] == kind
    chunks = client.get(f"/api/v1/knowledge/documents/{result['doc_id']}/chunks").json()["items"]
    assert "thirty days" in " ".join(chunk["text"] for chunk in chunks)


def test_a_page_that_cannot_be_read_is_named(client: httpx.Client, tmp_path: Path) -> None:
    from tests.providers.parsing.writers import pdf

    answer = send(client, pdf(tmp_path / "scan.pdf", [], unreadable=2).read_bytes(), "scan.pdf")
    assert (answer.status_code, answer.json()["code"]) == (422, "unreadable_file")
    assert "1" in answer.json()["detail"][0]["msg"]
    job = client.get("/api/v1/knowledge/jobs", params={"status": "failed"}).json()["items"][0]
    assert job["errors"][0]["page"] == 1


def test_a_file_read_in_part_names_what_is_missing(client: httpx.Client, tmp_path: Path) -> None:
    from tests.providers.parsing.writers import pdf

    content = pdf(tmp_path / "memo.pdf", [[("Returns within thirty days.", 12, 72, 700)]], unreadable=1)
    result = send(client, content.read_bytes(), "memo.pdf").json()
    assert (result["status"], result["chunk_count"], result["errors"][0]["page"]) == ("partial", 1, 2)
    job = client.get(f"/api/v1/knowledge/jobs/{result['job_id']}").json()
    assert (job["status"], job["errors"]) == ("succeeded", result["errors"])


def test_a_file_over_the_limit_is_refused_unread(client: httpx.Client) -> None:
    answer = send(client, b"a" * (50 * 1024 * 1024 + 1), "large.txt")
    assert (answer.status_code, answer.json()["code"], answer.json()["max_bytes"]) == (
        413,
        "payload_too_large",
        50 * 1024 * 1024,
    )
    assert send(client, b"a" * (52 * 1024 * 1024), "large.txt").json()["max_bytes"] == 50 * 1024 * 1024


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"knowledge_type": "novel"}, "knowledge_type"),
        ({"published_at": "yesterday"}, "published_at"),
        ({"publish": "maybe"}, "publish"),
        ({"note": "n" * 501}, "note"),
        ({"product_category": "c" * 101}, "product_category"),
        ({"source": "s" * 256}, "source"),
        ({"source": "../.."}, "source"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_stored(
    client: httpx.Client, data: dict[str, str], field: str
) -> None:
    answer = send(client, **data)
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["form", field]
    assert documents(client)["total"] == 0
    assert client.get("/api/v1/knowledge/jobs").json()["total"] == 0


def test_a_form_without_a_file_is_refused(client: httpx.Client) -> None:
    answer = client.post("/api/v1/knowledge/ingest", data={"source": "x"})
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["form", "file"]


def test_empty_form_fields_count_as_left_out(client: httpx.Client) -> None:
    empty = dict.fromkeys(
        ("source", "knowledge_type", "product_category", "published_at", "publish", "note", "async"), ""
    )
    result = send(client, **empty).json()
    assert (result["status"], result["source"]) == ("success", "rules.md")


def test_facts_of_a_document_are_shown_listed_and_changed(client: httpx.Client) -> None:
    doc_id = send(
        client,
        knowledge_type="policy",
        product_category="售后",
        applicable_version="2.0",
        published_at="2026-01-02T03:04:05+08:00",
    ).json()["doc_id"]
    send(client, b"# Opening hours\n\nNine to six.\n", "hours.md")
    shown = client.get(f"/api/v1/knowledge/documents/{doc_id}").json()
    assert shown["published_at"] == "2026-01-01T19:04:05Z"
    assert (shown["product_category"], shown["applicable_version"], shown["file_type"]) == (
        "售后",
        "2.0",
        "md",
    )
    assert (shown["page_count"], shown["size_bytes"], shown["chunk_count"]) == (1, len(POLICY), 2)
    assert [row["source"] for row in documents(client, knowledge_type="policy")["items"]] == ["rules.md"]
    assert [row["source"] for row in documents(client, q="OPENING")["items"]] == ["hours.md"]
    assert documents(client, product_category="none")["total"] == 0
    changed = client.patch(
        f"/api/v1/knowledge/documents/{doc_id}",
        json={"title": "规则", "published_at": None, "knowledge_type": "faq", "unknown": 1},
    )
    assert changed.status_code == 200
    assert set(changed.json()) == DOCUMENT_KEYS
    assert (changed.json()["title"], changed.json()["published_at"], changed.json()["knowledge_type"]) == (
        "规则",
        None,
        "faq",
    )
    for wrong in ({"title": ""}, {"status": "deleted"}, {"knowledge_type": 3}, {"title": "t" * 256}):
        assert client.patch(f"/api/v1/knowledge/documents/{doc_id}", json=wrong).status_code == 422


def test_both_ways_of_paging_are_echoed(client: httpx.Client) -> None:
    for number in range(3):
        send(client, f"# 第 {number} 篇\n\n正文。\n".encode(), f"{number}.md")
    first = documents(client, page=1, page_size=2)
    assert [row["source"] for row in first["items"]] == ["2.md", "1.md"]
    assert {key: first[key] for key in ("total", "page", "page_size", "total_pages", "limit", "offset")} == {
        "total": 3, "page": 1, "page_size": 2, "total_pages": 2, "limit": 2, "offset": 0,
    }  # fmt: skip
    second = documents(client, limit=200, offset=2)
    assert [row["source"] for row in second["items"]] == ["0.md"]
    assert (second["limit"], second["offset"]) == (200, 2)
    assert documents(client, page=9)["items"] == []
    for wrong in (
        {"limit": 201},
        {"limit": 0},
        {"offset": -1},
        {"page": 0},
        {"page_size": 101},
        {"status": "new"},
    ):
        assert client.get("/api/v1/knowledge/documents", params=wrong).status_code == 422


def test_on_and_off_is_effective_in_the_call(client: httpx.Client) -> None:
    doc_id = send(client).json()["doc_id"]

    def hits() -> int:
        return len(client.post("/api/v1/knowledge/search", json={"query": "可以退货吗"}).json()["results"])

    assert hits() > 0
    client.patch(f"/api/v1/knowledge/documents/{doc_id}", json={"status": "disabled"})
    assert hits() == 0
    client.patch(f"/api/v1/knowledge/documents/{doc_id}", json={"status": "active"})
    assert hits() > 0


def test_delete_and_rollback(client: httpx.Client) -> None:
    doc_id = send(client).json()["doc_id"]
    send(client, NEWER)
    path = f"/api/v1/knowledge/documents/{doc_id}"
    gone = client.delete(path)
    assert gone.json() == {"doc_id": doc_id, "deleted_chunks": 2, "success": True, "error": None}
    assert documents(client)["total"] == 0
    assert documents(client, status="deleted")["total"] == 1
    assert client.delete(path).status_code == 404
    back = client.post(f"{path}/rollback", json={"target_version": "v1"})
    assert back.json() == {
        "doc_id": doc_id, "target_version": "v1", "rolled_back_to": "v1", "current_version": "v1",
        "chunk_count": 2, "restored_chunks": 2, "success": True, "error": None,
    }  # fmt: skip
    found = client.post("/api/v1/knowledge/search", json={"query": "多少天内可以退货"}).json()["results"]
    assert "7 天" in found[0]["answer"]
    assert client.post(f"{path}/rollback", json={"target_version": "v9"}).status_code == 404
    versions = client.get(f"{path}/versions").json()
    assert [(row["version"], row["status"]) for row in versions["items"]] == [
        ("v2", "superseded"),
        ("v1", "active"),
    ]


def test_diff_and_chunks(client: httpx.Client) -> None:
    doc_id = send(client).json()["doc_id"]
    send(client, NEWER)
    path = f"/api/v1/knowledge/documents/{doc_id}"
    diff = client.get(f"{path}/diff", params={"from": "v1", "to": "v2"}).json()
    assert set(diff) == {"doc_id", "from", "to", "stats", "hunks"}
    assert (diff["from"], diff["to"]) == ("v1", "v2")
    assert diff["stats"] == {"added": 0, "removed": 0, "changed": 1, "unchanged": 3}
    change = next(hunk for hunk in diff["hunks"] if hunk["op"] == "change")
    assert set(change) == {"op", "section", "page", "old", "new"}
    assert "30 天" in change["new"]
    assert client.get(f"{path}/diff", params={"from": "v1"}).status_code == 422
    assert client.get(f"{path}/diff", params={"from": "v1", "to": "v7"}).status_code == 404
    chunks = client.get(f"{path}/chunks").json()
    assert [chunk["index"] for chunk in chunks["items"]] == [0, 1]
    assert set(chunks["items"][0]) == {
        "chunk_id", "index", "kind", "page", "section", "text", "attachments", "version",
    }  # fmt: skip
    assert client.get(f"{path}/chunks", params={"q": "定制", "version": "v1"}).json()["total"] == 1


def test_jobs_are_listed_cancelled_and_tried_again(client: httpx.Client) -> None:
    done = send(client).json()
    send(client, b"%PDF-1.7 nothing of a PDF follows", "broken.pdf")
    listed = client.get("/api/v1/knowledge/jobs").json()
    assert [job["status"] for job in listed["items"]] == ["failed", "succeeded"]
    failed = listed["items"][0]
    assert failed["errors"][0]["code"] == "unreadable_file"
    assert client.get("/api/v1/knowledge/jobs", params={"doc_id": done["doc_id"]}).json()["total"] == 1
    assert client.get("/api/v1/knowledge/jobs", params={"kind": "sync"}).json()["total"] == 0
    assert client.get("/api/v1/knowledge/jobs", params={"kind": "provision"}).status_code == 422
    for path in (f"{done['job_id']}/retry", f"{done['job_id']}/cancel", f"{failed['job_id']}/cancel"):
        refused = client.post(f"/api/v1/knowledge/jobs/{path}")
        assert (refused.status_code, refused.json()["code"]) == (409, "invalid_state")
    again = client.post(f"/api/v1/knowledge/jobs/{failed['job_id']}/retry")
    assert again.status_code == 202
    assert again.json()["job_id"] != failed["job_id"]
    assert ended(client, again.json()["job_id"])["status"] == "failed"
    assert client.get("/api/v1/knowledge/jobs/job-unknown").status_code == 404


def test_a_file_is_served_so_that_it_can_do_no_harm(client: httpx.Client, tmp_path: Path) -> None:
    from tests.providers.parsing.writers import pdf

    page = b"<html><body><h1>Hi</h1><p>Some words.</p><script>alert(1)</script></body></html>"
    html = send(client, page, "ordner/seite \u201eeins\u201c.html").json()
    answer = client.get(f"/api/v1/knowledge/documents/{html['doc_id']}/file")
    assert answer.content == page
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Content-Disposition"].startswith("attachment; filename*=utf-8''seite%20")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "sandbox"
    assert answer.headers["Cache-Control"] == "private"
    repeated = client.get(
        f"/api/v1/knowledge/documents/{html['doc_id']}/file",
        headers={"If-None-Match": answer.headers["ETag"]},
    )
    assert (repeated.status_code, repeated.content) == (304, b"")

    memo = pdf(
        tmp_path / "memo.pdf", [[("Returns are accepted within thirty days.", 12, 72, 700)]]
    ).read_bytes()
    doc_id = send(client, memo, "memo.html").json()["doc_id"]
    shown = client.get(f"/api/v1/knowledge/documents/{doc_id}/file")
    assert (shown.headers["Content-Type"], shown.headers["Content-Disposition"]) == (
        "application/pdf",
        'inline; filename="memo.html"',
    )
    saved = client.get(f"/api/v1/knowledge/documents/{doc_id}/file", params={"disposition": "attachment"})
    assert saved.headers["Content-Disposition"].startswith("attachment")
    assert (
        client.get(f"/api/v1/knowledge/documents/{doc_id}/file", params={"version": "v2"}).status_code == 404
    )


def test_a_signed_link_opens_its_own_file_alone(live: Servers, client: httpx.Client, alpha: Any) -> None:
    from knowledge.services import links

    first, second = send(client).json()["doc_id"], send(client, NEWER, "other.md").json()["doc_id"]
    path = f"/api/v1/knowledge/documents/{first}/file"
    with db.tenant_scope(alpha):
        link = links.signed(f"{path}?version=v1")
        late = links.signed(path, now=time.time() - 3700)
    with live.client(alpha) as visitor, live.client("beta") as elsewhere:
        assert visitor.get(link).content == POLICY
        assert visitor.get(path).status_code == 401
        assert visitor.get(link.replace(first, second)).status_code == 404
        assert visitor.get(late).status_code == 404
        assert visitor.get(link.replace("version=v1", "version=v2")).status_code == 404
        assert visitor.get(link.replace("version=v1&", "")).status_code == 404
        assert elsewhere.get(link).status_code == 404
        assert visitor.get(f"/api/v1/knowledge/documents/{first}", params={"sig": "1.x"}).status_code == 401


def test_a_key_without_the_scope_and_no_key_are_refused(live: Servers, alpha: Any, new_key: Any) -> None:
    with live.client(alpha, key=new_key(alpha, scopes=["chat"])) as chat, live.client(alpha) as nobody:
        refused = send(chat)
        assert (refused.status_code, refused.json()["required_scope"]) == (403, "knowledge")
        assert send(nobody).status_code == 401
        assert nobody.get("/api/v1/knowledge/documents").status_code == 401


def test_another_tenant_cannot_tell_a_foreign_id_from_none(client: httpx.Client, other: httpx.Client) -> None:
    result = send(client).json()
    unknown = "doc-aaaaaaaaaaaaaaaa-" + result["doc_id"].rsplit("-", 1)[1]
    for method, path, body in (
        ("GET", "documents/{}", None),
        ("PATCH", "documents/{}", {"title": "x"}),
        ("DELETE", "documents/{}", None),
        ("GET", "documents/{}/versions", None),
        ("GET", "documents/{}/chunks", None),
        ("GET", "documents/{}/file", None),
        ("GET", "documents/{}/diff?from=v1&to=v1", None),
        ("POST", "documents/{}/rollback", {"target_version": "v1"}),
    ):
        answers = [
            other.request(
                method,
                f"/api/v1/knowledge/{path.format(doc_id)}",
                json=body,
                headers={"X-Request-ID": "req-equal"},
            )
            for doc_id in (result["doc_id"], unknown)
        ]
        assert [answer.status_code for answer in answers] == [404, 404], path
        assert answers[0].content == answers[1].content
    for path in (f"jobs/{result['job_id']}", f"jobs/{result['job_id']}/cancel"):
        method = "POST" if path.endswith("cancel") else "GET"
        assert other.request(method, f"/api/v1/knowledge/{path}").status_code == 404
    assert documents(other)["total"] == 0
    assert documents(client)["total"] == 1


def test_an_idempotency_key_makes_one_upload_of_two(client: httpx.Client) -> None:
    def post() -> httpx.Response:
        return client.post(
            "/api/v1/knowledge/ingest",
            files={"file": ("a/rules.md", POLICY)},
            headers={"Idempotency-Key": "one"},
        )

    first, second = post(), post()
    assert first.json() == second.json()
    assert first.json()["source"] == "a/rules.md"
    assert second.headers["Idempotent-Replay"] == "true"
