"""Documents are listed, changed, taken back and compared over HTTP: KB-07…15."""

from typing import Any

import httpx

from tests.fixtures.servers import Servers
from tests.knowledge.api.sending import DOCUMENT_KEYS, NEWER, POLICY, documents, send


def test_facts_of_a_document_are_shown_listed_and_changed(keeper: httpx.Client) -> None:
    doc_id = send(
        keeper,
        knowledge_type="policy",
        product_category="售后",
        applicable_version="2.0",
        published_at="2026-01-02T03:04:05+08:00",
    ).json()["doc_id"]
    send(keeper, b"# Opening hours\n\nNine to six.\n", "hours.md")
    shown = keeper.get(f"/api/v1/knowledge/documents/{doc_id}").json()
    assert shown["published_at"] == "2026-01-01T19:04:05Z"
    assert (shown["product_category"], shown["applicable_version"], shown["file_type"]) == (
        "售后",
        "2.0",
        "md",
    )
    assert (shown["page_count"], shown["size_bytes"], shown["chunk_count"]) == (1, len(POLICY), 2)
    assert [row["source"] for row in documents(keeper, knowledge_type="policy")["items"]] == ["rules.md"]
    assert [row["source"] for row in documents(keeper, q="OPENING")["items"]] == ["hours.md"]
    assert documents(keeper, product_category="none")["total"] == 0
    changed = keeper.patch(
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
        assert keeper.patch(f"/api/v1/knowledge/documents/{doc_id}", json=wrong).status_code == 422


def test_both_ways_of_paging_are_echoed(keeper: httpx.Client) -> None:
    for number in range(3):
        send(keeper, f"# 第 {number} 篇\n\n正文。\n".encode(), f"{number}.md")
    first = documents(keeper, page=1, page_size=2)
    assert [row["source"] for row in first["items"]] == ["2.md", "1.md"]
    assert {key: first[key] for key in ("total", "page", "page_size", "total_pages", "limit", "offset")} == {
        "total": 3, "page": 1, "page_size": 2, "total_pages": 2, "limit": 2, "offset": 0,
    }  # fmt: skip
    second = documents(keeper, limit=200, offset=2)
    assert [row["source"] for row in second["items"]] == ["0.md"]
    assert (second["limit"], second["offset"]) == (200, 2)
    assert documents(keeper, page=9)["items"] == []
    for wrong in (
        {"limit": 201},
        {"limit": 0},
        {"offset": -1},
        {"page": 0},
        {"page_size": 101},
        {"status": "new"},
    ):
        assert keeper.get("/api/v1/knowledge/documents", params=wrong).status_code == 422


def test_on_and_off_is_effective_in_the_call(keeper: httpx.Client) -> None:
    doc_id = send(keeper).json()["doc_id"]

    def hits() -> int:
        return len(keeper.post("/api/v1/knowledge/search", json={"query": "可以退货吗"}).json()["results"])

    assert hits() > 0
    keeper.patch(f"/api/v1/knowledge/documents/{doc_id}", json={"status": "disabled"})
    assert hits() == 0
    keeper.patch(f"/api/v1/knowledge/documents/{doc_id}", json={"status": "active"})
    assert hits() > 0


def test_delete_and_rollback(keeper: httpx.Client) -> None:
    doc_id = send(keeper).json()["doc_id"]
    send(keeper, NEWER)
    path = f"/api/v1/knowledge/documents/{doc_id}"
    gone = keeper.delete(path)
    assert gone.json() == {"doc_id": doc_id, "deleted_chunks": 2, "success": True, "error": None}
    assert documents(keeper)["total"] == 0
    assert documents(keeper, status="deleted")["total"] == 1
    assert keeper.delete(path).status_code == 404
    back = keeper.post(f"{path}/rollback", json={"target_version": "v1"})
    assert back.json() == {
        "doc_id": doc_id, "target_version": "v1", "rolled_back_to": "v1", "current_version": "v1",
        "chunk_count": 2, "restored_chunks": 2, "success": True, "error": None,
    }  # fmt: skip
    found = keeper.post("/api/v1/knowledge/search", json={"query": "多少天内可以退货"}).json()["results"]
    assert "7 天" in found[0]["answer"]
    assert keeper.post(f"{path}/rollback", json={"target_version": "v9"}).status_code == 404
    versions = keeper.get(f"{path}/versions").json()
    assert [(row["version"], row["status"]) for row in versions["items"]] == [
        ("v2", "superseded"),
        ("v1", "active"),
    ]


def test_diff_and_chunks(keeper: httpx.Client) -> None:
    doc_id = send(keeper).json()["doc_id"]
    send(keeper, NEWER)
    path = f"/api/v1/knowledge/documents/{doc_id}"
    diff = keeper.get(f"{path}/diff", params={"from": "v1", "to": "v2"}).json()
    assert set(diff) == {"doc_id", "from", "to", "stats", "hunks"}
    assert (diff["from"], diff["to"]) == ("v1", "v2")
    assert diff["stats"] == {"added": 0, "removed": 0, "changed": 1, "unchanged": 3}
    change = next(hunk for hunk in diff["hunks"] if hunk["op"] == "change")
    assert set(change) == {"op", "section", "page", "old", "new"}
    assert "30 天" in change["new"]
    assert keeper.get(f"{path}/diff", params={"from": "v1"}).status_code == 422
    assert keeper.get(f"{path}/diff", params={"from": "v1", "to": "v7"}).status_code == 404
    chunks = keeper.get(f"{path}/chunks").json()
    assert [chunk["index"] for chunk in chunks["items"]] == [0, 1]
    assert set(chunks["items"][0]) == {
        "chunk_id", "index", "kind", "page", "section", "text", "attachments", "version",
    }  # fmt: skip
    assert keeper.get(f"{path}/chunks", params={"q": "定制", "version": "v1"}).json()["total"] == 1


def test_a_key_without_the_scope_and_no_key_are_refused(live: Servers, alpha: Any, new_key: Any) -> None:
    with live.client(alpha, key=new_key(alpha, scopes=["chat"])) as chat, live.client(alpha) as nobody:
        refused = send(chat)
        assert (refused.status_code, refused.json()["required_scope"]) == (403, "knowledge")
        assert send(nobody).status_code == 401
        assert nobody.get("/api/v1/knowledge/documents").status_code == 401


def test_another_tenant_cannot_tell_a_foreign_id_from_none(
    keeper: httpx.Client, neighbour: httpx.Client
) -> None:
    result = send(keeper).json()
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
            neighbour.request(
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
        assert neighbour.request(method, f"/api/v1/knowledge/{path}").status_code == 404
    assert documents(neighbour)["total"] == 0
    assert documents(keeper)["total"] == 1
