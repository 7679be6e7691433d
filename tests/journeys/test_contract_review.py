"""What a stranger found at the doors: each of these once answered otherwise than the contract says."""

import uuid
from typing import Any

import httpx
import pytest

from tests.fixtures.servers import Servers

QA = "/api/v1/knowledge/qa-pairs"


def error_of(answer: httpx.Response) -> tuple[int, str]:
    """Return status and code of a refusal."""
    return answer.status_code, answer.json()["code"]


@pytest.mark.parametrize("path", ["auth/me", "auth/users", "api-keys", "settings", "audit-logs"])
def test_open_mode_leaves_shut_what_asks_for_a_person(live: Servers, alpha: Any, path: str) -> None:
    with live.client() as nobody:
        assert nobody.get("/api/v1/chat/sessions").headers["X-Kimono-Open"] == "1"
        answer = nobody.get(f"/api/v1/{path}")
    assert error_of(answer) == (401, "unauthenticated")
    assert answer.headers["WWW-Authenticate"] == "ApiKey"


def test_a_key_is_known_but_no_person(merchant: httpx.Client) -> None:
    assert error_of(merchant.get("/api/v1/auth/me")) == (403, "forbidden")


@pytest.mark.parametrize("body", [None, ""])
def test_a_conversation_is_begun_without_a_body(merchant: httpx.Client, body: str | None) -> None:
    answer = merchant.post("/api/v1/chat/sessions", content=body)
    assert answer.status_code == 201, answer.text
    assert answer.json()["state"] == "bot"


def test_a_body_that_is_missing_is_named_as_the_body(merchant: httpx.Client) -> None:
    for path in ("chat", "knowledge/search", "knowledge/qa-pairs"):
        answer = merchant.post(f"/api/v1/{path}")
        assert answer.status_code == 422
        assert [problem["loc"] for problem in answer.json()["detail"]] == [["body"]]


def test_categories_come_in_pages(merchant: httpx.Client) -> None:
    for number in range(3):
        pair = {"question": f"问题{number}？", "answer": "答案。", "category": f"类{number}"}
        assert merchant.post(QA, json=pair).status_code == 201
    page = merchant.get("/api/v1/knowledge/categories", params={"page": 2, "page_size": 2}).json()
    assert (page["total"], page["page"], page["page_size"], page["total_pages"]) == (3, 2, 2, 2)
    assert [set(item) for item in page["items"]] == [{"category", "qa_count", "document_count"}]


@pytest.mark.parametrize("field, value", [
    ("priority", True), ("priority", "5"), ("priority", 1.0), ("enabled", "off"), ("enabled", 0),
])  # fmt: skip
def test_a_pair_is_not_made_from_wrong_types(merchant: httpx.Client, field: str, value: Any) -> None:
    pair = {"question": "几点开门？", "answer": "十点。"}
    answer = merchant.post(QA, json={**pair, field: value})
    assert error_of(answer) == (422, "validation_error")
    assert answer.json()["detail"][0]["loc"] == ["body", field]
    made = merchant.post(QA, json=pair).json()
    assert merchant.put(f"{QA}/{made['id']}", json={field: value}).status_code == 422


def test_true_is_no_rating(merchant: httpx.Client) -> None:
    session_id = f"cust-{uuid.uuid4().hex[:8]}"
    assert merchant.post("/api/v1/chat", json={"message": "你好", "session_id": session_id}).is_success
    feedback = f"/api/v1/chat/sessions/{session_id}/feedback"
    assert error_of(merchant.post(feedback, json={"rating": True})) == (422, "validation_error")
    assert merchant.post(feedback, json={"rating": 1}).status_code == 200


def test_a_number_goes_to_the_scene_that_asked_for_it(merchant: httpx.Client) -> None:
    def scene(name: str, slot: str, title: str) -> dict[str, Any]:
        form = {"type": "string", "pattern": r"^[A-Z]{3}-\d+$", "title": title}
        schema = {"type": "object", "required": [slot, "phone"], "properties": {slot: form}}
        schema["properties"]["phone"] = {"type": "string", "format": "phone", "title": "电话"}  # type: ignore[index]
        return {"name": name, "intent": "business_query", "trigger_examples": [f"我要查{title}"],
                "schema": schema, "then": "retrieve"}  # fmt: skip

    for each in (scene("订单", "order_no", "订单号"), scene("包裹", "parcel", "包裹编号")):
        assert merchant.post("/api/v1/scenes", json=each).status_code == 201
    asked = merchant.post("/api/v1/chat", json={"message": "我要查包裹编号"}).json()
    assert asked["data"]["missing_slots"] == ["parcel", "phone"]
    told = merchant.post(
        "/api/v1/chat", json={"message": "ABC-123", "session_id": asked["session_id"]}
    ).json()
    assert told["data"]["slots"] == {"parcel": "ABC-123"}
    assert told["data"]["missing_slots"] == ["phone"]
    assert told["reply"] == told["data"]["follow_up_question"]


def test_a_message_that_is_too_long_is_refused_in_the_words_of_the_contract(merchant: httpx.Client) -> None:
    answer = merchant.post("/api/v1/chat", json={"message": f" {'😀' * 2001} "})
    assert error_of(answer) == (422, "validation_error")
    assert answer.json()["detail"] == [
        {
            "loc": ["body", "message"],
            "msg": "String should have at most 2000 characters",
            "type": "string_too_long",
        }
    ]
    empty = merchant.post("/api/v1/chat", json={"message": "\u200b \u3000"}).json()
    assert empty["detail"][0]["type"] == "string_too_short"
