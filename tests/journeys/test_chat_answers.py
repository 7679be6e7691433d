"""A key asks and is answered over HTTP: CH-01…04, and what is refused."""

import json
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.conversations.talking import assert_well_formed
from tests.conversations.written import RETURNS
from tests.fixtures.servers import Servers
from tests.journeys.contacts import chat, error_of, stream


def test_a_whole_answer(keyed_shop: httpx.Client) -> None:
    response = chat(keyed_shop, "怎么退货？")
    assert response.status_code == 200
    body = response.json()
    assert body["reply"] == RETURNS + "[1]"
    assert body["data"]["sources"] == body["data"]["citations"]
    assert (body["user_seq"], body["seq"]) == (1, 2)
    assert "sig=" not in body["data"]["sources"][0]["url"]
    assert response.headers["X-RateLimit-Limit"]


def test_a_streamed_answer_is_the_stored_one(keyed_shop: httpx.Client) -> None:
    events = stream(keyed_shop, "怎么退货？", session_id="sess-journey")
    assert_well_formed(events)
    items = keyed_shop.get("/api/v1/chat/sessions/sess-journey/messages").json()["items"]
    assert items[1]["content"] == events[-1].data["answer"]
    assert items[1]["citations"] == events[-1].data["data"]["citations"]
    assert [item["author"] for item in items] == ["visitor", "bot"]


def test_a_repeat_is_the_same_to_the_byte(keyed_shop: httpx.Client) -> None:
    key = str(uuid.uuid4())

    def send(_: int) -> httpx.Response:
        return httpx.post(
            f"{keyed_shop.base_url}/api/v1/chat",
            json={"message": "怎么退货？"},
            headers={**keyed_shop.headers, "Idempotency-Key": key},
            timeout=60,
        )

    with ThreadPoolExecutor(10) as pool:
        responses = list(pool.map(send, range(20)))
    assert {response.status_code for response in responses} == {200}
    assert len({response.content for response in responses}) == 1
    replays = [response.headers.get("Idempotent-Replay") for response in responses]
    assert replays.count("true") == 19
    other = keyed_shop.post("/api/v1/chat", json={"message": "别的"}, headers={"Idempotency-Key": key})
    assert error_of(other) == (409, "idempotency_conflict")


@pytest.mark.parametrize(
    ("body", "loc"),
    [
        ({"message": ""}, ["body", "message"]),
        ({"message": "  \n "}, ["body", "message"]),
        ({"message": "\u200b\u200b"}, ["body", "message"]),
        ({"message": "字" * 2001}, ["body", "message"]),
        ({"message": 1}, ["body", "message"]),
        ({}, ["body", "message"]),
        ({"message": "好", "session_id": "a b"}, ["body", "session_id"]),
        ({"message": "好", "session_id": "x"}, ["body", "session_id"]),
        ({"message": "好", "channel": "fax"}, ["body", "channel"]),
        ({"message": "好", "language": "fr"}, ["body", "language"]),
        ({"message": "好", "user_id": "u" * 65}, ["body", "user_id"]),
        ({"message": "好", "metadata": {"a": "x" * 4096}}, ["body", "metadata"]),
        ({"message": "好", "slots": []}, ["body", "slots"]),
    ],
)
def test_bad_input_names_the_field(keyed_shop: httpx.Client, body: dict[str, Any], loc: list[str]) -> None:
    for path in ("/api/v1/chat", "/api/v1/chat/stream"):
        response = keyed_shop.post(path, json=body)
        assert error_of(response) == (422, "validation_error")
        assert response.json()["detail"][0]["loc"] == loc
    assert keyed_shop.get("/api/v1/chat/sessions").json()["total"] == 0


def test_what_no_column_holds_is_cleaned_not_a_crash(keyed_shop: httpx.Client) -> None:
    raw = (
        '{"message": "退\\u0000货\\ud800？", "user_id": "u\\u0000", "client_message_id": "c\\u0000",'
        ' "metadata": {"a\\u0000": "b\\u0000"}, "slots": {"x": "\\u0000"}}'
    )
    response = keyed_shop.post("/api/v1/chat", content=raw, headers={"Content-Type": "application/json"})
    assert response.status_code == 200
    assert error_of(
        keyed_shop.post("/api/v1/chat", content="{bad", headers={"Content-Type": "application/json"})
    ) == (
        422,
        "invalid_json",
    )
    nan = keyed_shop.post(
        "/api/v1/chat",
        content='{"message": "好", "metadata": {"a": NaN}}',
        headers={"Content-Type": "application/json"},
    )
    assert nan.status_code == 422
    for path in ("%00", "..%2f..", "sess-%E4%BD%A0", "x" * 300):
        assert keyed_shop.get(f"/api/v1/chat/sessions/{path}").status_code == 404
        assert keyed_shop.post(f"/api/v1/chat/sessions/{path}/escalate", json={}).status_code == 404
    assert keyed_shop.get("/api/v1/chat/sessions", params={"q": "\x00", "user_id": "\x00"}).status_code == 200
    assert keyed_shop.get("/api/v1/monitor/traces/%00").status_code == 404


def test_longest_message_is_taken(keyed_shop: httpx.Client) -> None:
    assert chat(keyed_shop, " " + "字" * 2000 + " ").status_code == 200


def test_the_gateway_names_its_channel(keyed_shop: httpx.Client) -> None:
    body = {"message": "怎么退货？", "channel": "wechat"}
    answer = keyed_shop.post("/api/v1/gateway", json=body).json()
    assert (answer["data"]["channel"], answer["data"]["original_message"]) == ("wechat", "怎么退货？")
    missing = keyed_shop.post("/api/v1/gateway", json={"message": "怎么退货？"})
    assert missing.json()["detail"][0]["loc"] == ["body", "channel"]


def test_limits_of_scopes(live: Servers, alpha_shop: Any, new_key: Callable[..., str]) -> None:
    client = live.client(key=new_key(alpha_shop, scopes=("knowledge",)))
    refused = chat(client, "怎么退货？")
    assert error_of(refused) == (403, "insufficient_scope")
    assert refused.json()["required_scope"] == "chat"
    assert error_of(client.get("/api/v1/monitor/overview"))[1] == "insufficient_scope"
    assert client.get("/api/v1/scenes").status_code == 200
    assert json.loads(client.get("/api/v1/openapi.json").text)["paths"]["/api/v1/chat"]
