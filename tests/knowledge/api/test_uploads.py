"""Files are taken over HTTP and read by a worker, or refused in words: KB-01, KB-03…06."""

import re
import zipfile
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import httpx
import pytest

from tests.knowledge.api.sending import (
    DOCUMENT_KEYS,
    JOB_KEYS,
    NEWER,
    POLICY,
    RESULT_KEYS,
    documents,
    ended,
    send,
)


def test_an_upload_answers_when_it_is_indexed(keeper: httpx.Client) -> None:
    answer = send(keeper, register="true", validate_quality="true", knowledge_type="policy", note="erste")
    assert answer.status_code == 200
    result = answer.json()
    assert set(result) == RESULT_KEYS
    assert (result["status"], result["version"], result["source"]) == ("success", "v1", "rules.md")
    assert result["chunk_count"] == result["total_chunks"] == result["added_chunks"] == 2
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", result["doc_hash"])
    assert answer.headers["Cache-Control"] == "no-store"
    found = keeper.post("/api/v1/knowledge/search", json={"query": "可以退货吗"}).json()
    assert found["results"][0]["doc_id"] == result["doc_id"]

    again = send(keeper).json()
    assert (again["status"], again["added_chunks"], again["chunk_count"], again["job_id"]) == (
        "unchanged",
        0,
        2,
        None,
    )
    newer = send(keeper, NEWER).json()
    assert (newer["status"], newer["version"], newer["doc_id"]) == ("success", "v2", result["doc_id"])

    detail = keeper.get(f"/api/v1/knowledge/documents/{result['doc_id']}").json()
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


def test_an_asynchronous_upload_answers_with_its_job(keeper: httpx.Client) -> None:
    answer = send(keeper, **{"async": "1"})
    assert answer.status_code == 202
    assert set(answer.json()) == JOB_KEYS
    job = ended(keeper, answer.json()["job_id"])
    assert (job["status"], job["progress"], job["stage"], job["chunk_count"]) == ("succeeded", 1.0, "done", 2)
    assert set(job["result"]) == RESULT_KEYS
    assert job["doc_id"] == job["result"]["doc_id"]


def test_names_keep_their_folders_and_lose_what_leads_out(keeper: httpx.Client) -> None:
    for name, source in (
        ("a/read.md", "a/read.md"),
        ("b/read.md", "b/read.md"),
        ("../../etc/passwd.md", "etc/passwd.md"),
        ("C:\\docs\\规则.md", "docs/规则.md"),
    ):
        assert send(keeper, name=name).json()["source"] == source
    assert send(keeper, name="ignored.md", source="/named/../by me.md").json()["source"] == "named/by me.md"
    assert documents(keeper)["total"] == 5


def test_twenty_parallel_uploads_are_one_document(keeper: httpx.Client) -> None:
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: send(keeper), range(20)))
    assert {answer.status_code for answer in answers} == {200}
    results = [answer.json() for answer in answers]
    assert sorted(result["status"] for result in results) == ["success"] + ["unchanged"] * 19
    assert len({(result["doc_id"], result["version"]) for result in results}) == 1
    assert documents(keeper)["items"][0]["version_count"] == 1


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
    keeper: httpx.Client, content: bytes, name: str, status: int, code: str
) -> None:
    answer = send(keeper, content, name)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    if status == 422:
        assert all({"loc", "msg", "type"} == set(entry) for entry in answer.json()["detail"])
        assert answer.json()["detail"][0]["loc"] == ["form", "file"]
    else:
        assert "md" in answer.json()["supported"]
    assert documents(keeper)["total"] == 0


def test_an_archive_bomb_is_refused(keeper: httpx.Client) -> None:
    answer = send(keeper, bomb(), "bomb.docx")
    assert (answer.status_code, answer.json()["code"]) == (422, "archive_bomb")
    assert documents(keeper)["total"] == 0


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
def test_other_kinds_are_read_and_found(keeper: httpx.Client, name: str, content: bytes, kind: str) -> None:
    result = send(keeper, content, name).json()
    assert (result["status"], result["errors"]) == ("success", [])
    document = keeper.get(f"/api/v1/knowledge/documents/{result['doc_id']}").json()
    assert document["file_type"] == kind
    chunks = keeper.get(f"/api/v1/knowledge/documents/{result['doc_id']}/chunks").json()["items"]
    assert "thirty days" in " ".join(chunk["text"] for chunk in chunks)


def test_a_page_that_cannot_be_read_is_named(keeper: httpx.Client, tmp_path: Path) -> None:
    from tests.providers.parsing.writers import pdf

    answer = send(keeper, pdf(tmp_path / "scan.pdf", [], unreadable=2).read_bytes(), "scan.pdf")
    assert (answer.status_code, answer.json()["code"]) == (422, "unreadable_file")
    assert "1" in answer.json()["detail"][0]["msg"]
    job = keeper.get("/api/v1/knowledge/jobs", params={"status": "failed"}).json()["items"][0]
    assert job["errors"][0]["page"] == 1


def test_a_file_read_in_part_names_what_is_missing(keeper: httpx.Client, tmp_path: Path) -> None:
    from tests.providers.parsing.writers import pdf

    content = pdf(tmp_path / "memo.pdf", [[("Returns within thirty days.", 12, 72, 700)]], unreadable=1)
    result = send(keeper, content.read_bytes(), "memo.pdf").json()
    assert (result["status"], result["chunk_count"], result["errors"][0]["page"]) == ("partial", 1, 2)
    job = keeper.get(f"/api/v1/knowledge/jobs/{result['job_id']}").json()
    assert (job["status"], job["errors"]) == ("succeeded", result["errors"])


def test_a_file_over_the_limit_is_refused_unread(keeper: httpx.Client) -> None:
    answer = send(keeper, b"a" * (50 * 1024 * 1024 + 1), "large.txt")
    assert (answer.status_code, answer.json()["code"], answer.json()["max_bytes"]) == (
        413,
        "payload_too_large",
        50 * 1024 * 1024,
    )
    assert send(keeper, b"a" * (52 * 1024 * 1024), "large.txt").json()["max_bytes"] == 50 * 1024 * 1024


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
    keeper: httpx.Client, data: dict[str, str], field: str
) -> None:
    answer = send(keeper, **data)
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["form", field]
    assert documents(keeper)["total"] == 0
    assert keeper.get("/api/v1/knowledge/jobs").json()["total"] == 0


def test_a_form_without_a_file_is_refused(keeper: httpx.Client) -> None:
    answer = keeper.post("/api/v1/knowledge/ingest", data={"source": "x"})
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["form", "file"]


def test_empty_form_fields_count_as_left_out(keeper: httpx.Client) -> None:
    empty = dict.fromkeys(
        ("source", "knowledge_type", "product_category", "published_at", "publish", "note", "async"), ""
    )
    result = send(keeper, **empty).json()
    assert (result["status"], result["source"]) == ("success", "rules.md")


def test_jobs_are_listed_cancelled_and_tried_again(keeper: httpx.Client) -> None:
    done = send(keeper).json()
    send(keeper, b"%PDF-1.7 nothing of a PDF follows", "broken.pdf")
    listed = keeper.get("/api/v1/knowledge/jobs").json()
    assert [job["status"] for job in listed["items"]] == ["failed", "succeeded"]
    failed = listed["items"][0]
    assert failed["errors"][0]["code"] == "unreadable_file"
    assert keeper.get("/api/v1/knowledge/jobs", params={"doc_id": done["doc_id"]}).json()["total"] == 1
    assert keeper.get("/api/v1/knowledge/jobs", params={"kind": "sync"}).json()["total"] == 0
    assert keeper.get("/api/v1/knowledge/jobs", params={"kind": "provision"}).status_code == 422
    for path in (f"{done['job_id']}/retry", f"{done['job_id']}/cancel", f"{failed['job_id']}/cancel"):
        refused = keeper.post(f"/api/v1/knowledge/jobs/{path}")
        assert (refused.status_code, refused.json()["code"]) == (409, "invalid_state")
    again = keeper.post(f"/api/v1/knowledge/jobs/{failed['job_id']}/retry")
    assert again.status_code == 202
    assert again.json()["job_id"] != failed["job_id"]
    assert ended(keeper, again.json()["job_id"])["status"] == "failed"
    assert keeper.get("/api/v1/knowledge/jobs/job-unknown").status_code == 404


def test_an_idempotency_key_makes_one_upload_of_two(keeper: httpx.Client) -> None:
    def post() -> httpx.Response:
        return keeper.post(
            "/api/v1/knowledge/ingest",
            files={"file": ("a/rules.md", POLICY)},
            headers={"Idempotency-Key": "one"},
        )

    first, second = post(), post()
    assert first.json() == second.json()
    assert first.json()["source"] == "a/rules.md"
    assert second.headers["Idempotent-Replay"] == "true"
