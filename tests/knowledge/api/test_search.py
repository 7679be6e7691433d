"""KB-17, KB-18 and KB-19 at the door."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from kimono.lib.db import tenant_scope
from tenants.models import Tenant
from tests.knowledge.filling import add_document, add_pair, add_version

pytestmark = pytest.mark.django_db(transaction=True)
SEARCH = "/api/v1/knowledge/search"


@pytest.fixture
def call(alpha: Tenant, new_key: Callable[..., str]) -> Callable[..., tuple[int, Any]]:
    """Return a function that calls `alpha` with a key of the given scopes."""
    keys: dict[tuple[str, ...], str] = {}

    def send(
        method: str, path: str, body: Any = None, *, scopes: tuple[str, ...] = ("knowledge",)
    ) -> tuple[int, Any]:
        key = keys.setdefault(scopes, new_key(alpha, scopes=scopes))
        response = Client(headers={"x-api-key": key, "host": "alpha.localhost"}).generic(
            method, path, body if isinstance(body, str) else json.dumps(body), "application/json"
        )
        return response.status_code, response.json()

    return send


@pytest.fixture
def filled(alpha: Tenant) -> dict[str, str]:
    """A pair and a document, with a staged version, at `alpha`."""
    with tenant_scope(alpha):
        pair = add_pair("如何退货？", "签收后 7 天内可申请。", category="售后")
        document = add_document("policy.md", "退货的运费由顾客承担。", title="退换货政策")
        add_version(document, "退货的运费由我们承担。", status="staged")
        return {"qa": pair.public_id, "doc": document.public_id}


def test_hits_have_every_key_of_the_contract(call: Any, filled: dict[str, str]) -> None:
    status, hits = call("POST", SEARCH, {"query": " 如何退货？ "})
    assert status == 200
    assert hits.keys() >= {
        "query", "results", "total", "threshold", "answerable", "answerability", "knowledge_version", "took_ms",
    }  # fmt: skip
    assert (hits["query"], hits["total"], hits["answerable"]) == ("如何退货？", 2, True)
    first, second = hits["results"]
    assert first.keys() >= {
        "n", "kind", "score", "question", "answer", "category", "content", "qa_id", "chunk_id", "doc_id", "source",
        "title", "page", "section", "quote", "url", "scores",
    }  # fmt: skip
    assert (first["n"], first["kind"], first["qa_id"], first["doc_id"]) == (1, "qa", filled["qa"], None)
    assert first["source"] == first["title"] == first["question"] == "如何退货？"
    assert (second["n"], second["kind"], second["question"]) == (2, "chunk", "退换货政策")
    assert second["answer"] == second["content"] == "退货的运费由顾客承担。"
    assert first["scores"] is None


def test_explain_shows_what_a_score_is_made_of(call: Any, filled: dict[str, str]) -> None:
    _, hits = call("POST", SEARCH, {"query": "如何退货？", "explain": True})
    assert hits["results"][0]["scores"].keys() == {"vector", "keyword", "rrf", "rerank"}
    assert hits["results"][0]["scores"]["vector"] > 0.9


def test_filters_and_limits(call: Any, filled: dict[str, str]) -> None:
    def kinds(**body: Any) -> list[str]:
        return [hit["kind"] for hit in call("POST", SEARCH, {"query": "退货", **body})[1]["results"]]

    assert set(kinds()) == {"qa", "chunk"}
    assert kinds(kind="qa") == ["qa"]
    assert kinds(doc_id=filled["doc"]) == ["chunk"]
    assert kinds(category="售后") == ["qa"]
    assert len(kinds(top_k=1)) == 1
    assert kinds(min_score=1.0) == []


def test_a_staged_version_is_found_by_who_manages_knowledge_and_by_nobody_else(
    call: Any, filled: dict[str, str]
) -> None:
    body = {"query": "退货的运费", "doc_id": filled["doc"], "version": "v2"}
    status, hits = call("POST", SEARCH, body)
    assert status == 200
    assert [hit["content"] for hit in hits["results"]] == ["退货的运费由我们承担。"]
    status, error = call("POST", SEARCH, body, scopes=("chat",))
    assert (status, error["code"], error["required_scope"]) == (403, "insufficient_scope", "knowledge")
    assert call("POST", SEARCH, {"query": "退货的运费"}, scopes=("chat",))[0] == 200


BAD: list[tuple[Any, str]] = [
    ({}, "query"),
    ({"query": "   "}, "query"),
    ({"query": "问" * 2001}, "query"),
    ({"query": 5}, "query"),
    ({"query": "a", "top_k": 0}, "top_k"),
    ({"query": "a", "top_k": 21}, "top_k"),
    ({"query": "a", "top_k": "5"}, "top_k"),
    ({"query": "a", "kind": "other"}, "kind"),
    ({"query": "a", "min_score": 2}, "min_score"),
]


@pytest.mark.parametrize(("body", "field"), BAD)
def test_bad_input_names_its_field(call: Any, body: Any, field: str) -> None:
    status, error = call("POST", SEARCH, body)
    assert (status, error["code"]) == (422, "validation_error")
    assert error["detail"][0]["loc"] == ["body", field]


def test_broken_json_and_missing_scope(call: Any) -> None:
    assert call("POST", SEARCH, "{")[1]["code"] == "invalid_json"
    assert call("POST", SEARCH, {"query": "a"}, scopes=("operations",))[0] == 403
    assert call("GET", "/api/v1/knowledge/stats", scopes=("chat",))[0] == 403


def test_stats_count_what_can_be_found(call: Any, filled: dict[str, str], alpha: Tenant) -> None:
    status, stats = call("GET", "/api/v1/knowledge/stats")
    assert status == 200
    assert {
        name: stats[name] for name in ("total_documents", "total_chunks", "total_sources", "total_qa_pairs")
    } == {
        "total_documents": 1,
        "total_chunks": 1,
        "total_sources": 1,
        "total_qa_pairs": 1,
    }
    assert (stats["vector_store_size"], stats["bm25_index_size"], stats["embedding_dim"]) == (2, 2, 384)
    assert (stats["collection_name"], stats["persist_dir"]) == (alpha.schema_name, "")
    assert stats["knowledge_version"].startswith("kv-")
    assert stats["last_updated"].endswith("Z")


def test_categories(call: Any, filled: dict[str, str]) -> None:
    status, page = call("GET", "/api/v1/knowledge/categories")
    assert status == 200
    assert page == {
        "items": [
            {"category": "unknown", "qa_count": 0, "document_count": 1},
            {"category": "售后", "qa_count": 1, "document_count": 0},
        ],
        "total": 2,
        "page": 1,
        "page_size": 20,
        "total_pages": 1,
    }


def test_a_merchant_without_knowledge(call: Any) -> None:
    status, hits = call("POST", SEARCH, {"query": "如何退货？"})
    assert (status, hits["results"], hits["total"], hits["answerable"]) == (200, [], 0, False)
    assert call("GET", "/api/v1/knowledge/stats")[1]["total_chunks"] == 0
    assert call("GET", "/api/v1/knowledge/categories")[1]["items"] == []
