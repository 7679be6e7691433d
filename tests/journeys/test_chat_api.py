"""A contact, a key and a page talk to the bot over HTTP: CH-01…11, CH-15, scenes and the monitor."""

import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from kimono.lib import db
from tests.conversations.talking import Event, assert_well_formed, parse
from tests.conversations.written import CLEANING, RETURNS, SHIPPING, settings
from tests.fixtures.servers import Servers
from tests.fixtures.tenants import tenant_called

SCOPES = ("chat", "agent", "knowledge", "operations", "analytics")


@pytest.fixture
def alpha_shop(live: Servers) -> Any:
    """`alpha` with a little knowledge, behind a running server."""
    from tests.knowledge.filling import add_document, add_pair

    tenant = tenant_called("alpha")
    with db.tenant_scope(tenant):
        add_pair("退货流程是什么？", RETURNS, similar=["怎么退货"])
        add_pair("运费怎么算？", SHIPPING, similar=["运费多少"])
        add_document("cleaning.md", CLEANING, title="清洗收费标准")
    return tenant


@pytest.fixture
def api(live: Servers, alpha_shop: Any, new_key: Callable[..., str]) -> Iterator[httpx.Client]:
    """A client of the platform's host with a key of `alpha`."""
    with live.client(key=new_key(alpha_shop, scopes=SCOPES), timeout=60) as client:
        yield client


@pytest.fixture
def page(live: Servers, alpha_shop: Any) -> Iterator[httpx.Client]:
    """A page on `alpha`'s own host, without any credential."""
    origin = {"Origin": f"http://{live.host('alpha')}"}
    with live.client("alpha", headers=origin, timeout=60) as client:
        yield client


def chat(client: httpx.Client, message: str, **more: Any) -> httpx.Response:
    return client.post("/api/v1/chat", json={"message": message, **more})


def stream(client: httpx.Client, message: str, headers: Any = None, **more: Any) -> list[Event]:
    body = {"message": message, **more}
    with client.stream("POST", "/api/v1/chat/stream", json=body, headers=headers) as response:
        assert response.status_code == 200
        assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert response.headers["cache-control"] == "no-cache"
        assert response.headers["x-accel-buffering"] == "no"
        raw = b"".join(response.iter_bytes())
    blocks = [parse(block + b"\n\n") for block in raw.split(b"\n\n") if block]
    return [event for event in blocks if event is not None]


def shake(page: httpx.Client, **body: Any) -> dict[str, Any]:
    response = page.post("/api/v1/chat/sessions", json=body)
    assert response.status_code == 201, response.text
    given: dict[str, Any] = response.json()
    page.headers["Authorization"] = f"Bearer {given['visitor_token']}"
    return given


def error_of(response: httpx.Response) -> tuple[int, str]:
    body = response.json()
    assert set(body) >= {"detail", "code", "request_id"}
    return response.status_code, body["code"]


def test_a_whole_answer(api: httpx.Client) -> None:
    response = chat(api, "怎么退货？")
    assert response.status_code == 200
    body = response.json()
    assert body["reply"] == RETURNS + "[1]"
    assert body["data"]["sources"] == body["data"]["citations"]
    assert (body["user_seq"], body["seq"]) == (1, 2)
    assert "sig=" not in body["data"]["sources"][0]["url"]
    assert response.headers["X-RateLimit-Limit"]


def test_a_streamed_answer_is_the_stored_one(api: httpx.Client) -> None:
    events = stream(api, "怎么退货？", session_id="sess-journey")
    assert_well_formed(events)
    items = api.get("/api/v1/chat/sessions/sess-journey/messages").json()["items"]
    assert items[1]["content"] == events[-1].data["answer"]
    assert items[1]["citations"] == events[-1].data["data"]["citations"]
    assert [item["author"] for item in items] == ["visitor", "bot"]


def test_a_repeat_is_the_same_to_the_byte(api: httpx.Client) -> None:
    key = str(uuid.uuid4())

    def send(_: int) -> httpx.Response:
        return httpx.post(
            f"{api.base_url}/api/v1/chat",
            json={"message": "怎么退货？"},
            headers={**api.headers, "Idempotency-Key": key},
            timeout=60,
        )

    with ThreadPoolExecutor(10) as pool:
        responses = list(pool.map(send, range(20)))
    assert {response.status_code for response in responses} == {200}
    assert len({response.content for response in responses}) == 1
    replays = [response.headers.get("Idempotent-Replay") for response in responses]
    assert replays.count("true") == 19
    other = api.post("/api/v1/chat", json={"message": "别的"}, headers={"Idempotency-Key": key})
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
def test_bad_input_names_the_field(api: httpx.Client, body: dict[str, Any], loc: list[str]) -> None:
    for path in ("/api/v1/chat", "/api/v1/chat/stream"):
        response = api.post(path, json=body)
        assert error_of(response) == (422, "validation_error")
        assert response.json()["detail"][0]["loc"] == loc
    assert api.get("/api/v1/chat/sessions").json()["total"] == 0


def test_what_no_column_holds_is_cleaned_not_a_crash(api: httpx.Client) -> None:
    raw = (
        '{"message": "退\\u0000货\\ud800？", "user_id": "u\\u0000", "client_message_id": "c\\u0000",'
        ' "metadata": {"a\\u0000": "b\\u0000"}, "slots": {"x": "\\u0000"}}'
    )
    response = api.post("/api/v1/chat", content=raw, headers={"Content-Type": "application/json"})
    assert response.status_code == 200
    assert error_of(
        api.post("/api/v1/chat", content="{bad", headers={"Content-Type": "application/json"})
    ) == (
        422,
        "invalid_json",
    )
    nan = api.post(
        "/api/v1/chat",
        content='{"message": "好", "metadata": {"a": NaN}}',
        headers={"Content-Type": "application/json"},
    )
    assert nan.status_code == 422
    for path in ("%00", "..%2f..", "sess-%E4%BD%A0", "x" * 300):
        assert api.get(f"/api/v1/chat/sessions/{path}").status_code == 404
        assert api.post(f"/api/v1/chat/sessions/{path}/escalate", json={}).status_code == 404
    assert api.get("/api/v1/chat/sessions", params={"q": "\x00", "user_id": "\x00"}).status_code == 200
    assert api.get("/api/v1/monitor/traces/%00").status_code == 404


def test_longest_message_is_taken(api: httpx.Client) -> None:
    assert chat(api, " " + "字" * 2000 + " ").status_code == 200


def test_the_gateway_names_its_channel(api: httpx.Client) -> None:
    body = {"message": "怎么退货？", "channel": "wechat"}
    answer = api.post("/api/v1/gateway", json=body).json()
    assert (answer["data"]["channel"], answer["data"]["original_message"]) == ("wechat", "怎么退货？")
    missing = api.post("/api/v1/gateway", json={"message": "怎么退货？"})
    assert missing.json()["detail"][0]["loc"] == ["body", "channel"]


def test_a_visitor_of_the_page(page: httpx.Client, live: Servers) -> None:
    given = shake(page, language="zh")
    assert given["state"] == "bot"
    assert given["greeting"] == "您好，请问有什么可以帮您？"
    assert given["user_verified"] is False
    answer = chat(page, "怎么退货？").json()
    assert answer["session_id"] == given["session_id"]
    assert "sig=" in answer["data"]["sources"][0]["url"]
    session = page.get(f"/api/v1/chat/sessions/{given['session_id']}").json()
    assert (session["last_seq"], session["turn_count"]) == (2, 1)
    for path in ("", "/messages", "/events"):
        assert page.get(f"/api/v1/chat/sessions/sess-somebody{path}").status_code == 404
    assert chat(page, "怎么退货？", session_id="sess-somebody").status_code == 404
    assert error_of(page.get("/api/v1/chat/sessions")) == (403, "forbidden")
    assert error_of(page.get("/api/v1/monitor/overview")) == (403, "forbidden")
    other_host = live.client("beta", headers={"Authorization": page.headers["Authorization"]})
    assert chat(other_host, "怎么退货？").status_code == 401
    forged = live.client("alpha", headers={"Authorization": page.headers["Authorization"] + "x"})
    assert chat(forged, "怎么退货？").status_code == 401
    on_platform = live.client(headers={"Authorization": page.headers["Authorization"]})
    assert chat(on_platform, "运费多少").json()["session_id"] == given["session_id"]


def test_opening_the_page_twice_with_one_key_is_one_conversation(page: httpx.Client) -> None:
    key = {"Idempotency-Key": str(uuid.uuid4())}
    ids = {page.post("/api/v1/chat/sessions", json={}, headers=key).json()["session_id"] for _ in range(3)}
    assert len(ids) == 1


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("own", 201),
        ("https://shop.example.com", 201),
        ("http://shop.example.com", 403),
        ("https://shop.example.com.evil.example", 403),
        ("https://evil.example", 403),
        ("null", 403),
        (None, 403),
    ],
)
def test_who_may_open_a_conversation_without_a_key(
    live: Servers, alpha_shop: Any, origin: str | None, status: int
) -> None:
    settings(alpha_shop, widget={"allowed_origins": ["https://shop.example.com"]})
    time.sleep(0.3)
    sent = f"http://{live.host('alpha')}" if origin == "own" else origin
    client = live.client("alpha", headers={"Origin": sent} if sent else {})
    response = client.post("/api/v1/chat/sessions", json={})
    assert response.status_code == status
    if status == 403:
        assert response.json()["code"] == "origin_not_allowed"
    same_site = live.client("alpha", headers={"Sec-Fetch-Site": "same-origin"})
    assert same_site.post("/api/v1/chat/sessions", json={}).status_code == 201
    platform = live.client(headers={"Origin": f"http://{live.host('alpha')}", "X-Forwarded-For": "10.1.1.1"})
    assert platform.post("/api/v1/chat/sessions", json={}).status_code in (201, 401)


def test_a_person_is_asked_for_and_the_conversation_closed(api: httpx.Client) -> None:
    chat(api, "怎么退货？", session_id="sess-person", user_id="u_9")
    sessions = "/api/v1/chat/sessions/sess-person"
    first = api.post(f"{sessions}/escalate", json={"reason": "想谈赔偿", "priority": "medium"}).json()
    assert (first["state"], first["queue_position"], first["in_working_hours"]) == ("pending", 1, True)
    assert first["escalation_card"]["priority"] == "normal"
    assert first["escalation_card"]["escalate_reason"] == "用户主动要求转人工"
    assert api.post(f"{sessions}/escalate").json()["escalation_card"] == first["escalation_card"]
    human = chat(api, "在吗", session_id="sess-person").json()
    assert (human["status"], human["reply"], human["message_id"], human["seq"]) == ("human", "", None, None)
    closed = api.post(f"{sessions}/close").json()
    assert api.post(f"{sessions}/close", json={"reason": "x"}).json() == closed
    assert error_of(chat(api, "在吗", session_id="sess-person")) == (409, "session_closed")
    assert error_of(api.post(f"{sessions}/escalate")) == (409, "session_closed")
    assert api.get(sessions).json()["agent_status"] == "pending"


def test_votes_replace_one_another_and_two_bad_ones_bring_a_person(api: httpx.Client) -> None:
    first = chat(api, "怎么退货？", session_id="sess-votes").json()
    path = "/api/v1/chat/sessions/sess-votes/feedback"
    up = api.post(path, json={"rating": "up"}).json()
    assert (up["success"], up["applied"], up["status"]) == (True, False, "pending")
    down = api.post(path, json={"rating": "down", "message_id": first["message_id"]}).json()
    assert down["feedback_id"] == up["feedback_id"]
    assert api.get("/api/v1/chat/sessions/sess-votes").json()["state"] == "bot"
    chat(api, "运费多少", session_id="sess-votes")
    api.post(path, json={"rating": 1, "comment": "不对"})
    assert api.get("/api/v1/chat/sessions/sess-votes").json()["state"] == "pending"
    assert error_of(api.post(path, json={"rating": 6})) == (422, "validation_error")
    assert api.post(path, json={"rating": "up", "message_id": "msg-none"}).status_code == 404


def test_a_conversation_is_read_in_parts(api: httpx.Client) -> None:
    for text in ("怎么退货？", "运费多少", "转人工"):
        chat(api, text, session_id="sess-parts1")
    path = "/api/v1/chat/sessions/sess-parts1/messages"
    everything = api.get(path).json()
    assert [item["seq"] for item in everything["items"]] == [1, 2, 3, 4, 5, 6]
    assert (everything["total"], everything["last_seq"], everything["has_more"]) == (6, 7, False)
    part = api.get(path, params={"after_seq": 2, "limit": 2}).json()
    assert ([item["seq"] for item in part["items"]], part["has_more"]) == ([3, 4], True)
    back = api.get(path, params={"before_seq": 5, "limit": 2}).json()
    assert ([item["seq"] for item in back["items"]], back["has_more"]) == ([3, 4], True)
    events = api.get(path, params={"include": "events"}).json()["items"]
    assert [event["type"] for event in events] == ["message"] * 6 + ["state"]
    assert api.get(path, params={"limit": 201}).status_code == 422


def test_events_are_replayed_and_then_live(api: httpx.Client, page: httpx.Client) -> None:
    given = shake(page)
    session_id = given["session_id"]
    chat(page, "怎么退货？")
    seen: list[Event] = []
    done = threading.Event()

    def listen() -> None:
        query = {"token": given["visitor_token"], "after_seq": 1}
        path = f"/api/v1/chat/sessions/{session_id}/events"
        bare = {key: value for key, value in page.headers.items() if key != "authorization"}
        with httpx.stream(
            "GET", f"{page.base_url}{path}", params=query, headers=bare, timeout=30
        ) as response:
            assert response.status_code == 200
            buffer = b""
            for chunk in response.iter_bytes():
                buffer += chunk
                while b"\n\n" in buffer:
                    block, buffer = buffer.split(b"\n\n", 1)
                    event = parse(block + b"\n\n")
                    if event is not None:
                        seen.append(event)
                    if event is not None and event.name == "state":
                        return done.set()

    listener = threading.Thread(target=listen)
    listener.start()
    until = time.monotonic() + 20
    while not any(event.name == "ready" for event in seen) and time.monotonic() < until:
        time.sleep(0.05)
    chat(page, "运费多少")
    chat(page, "转人工")
    assert done.wait(20)
    listener.join(5)
    numbered = [(event.id, event.name) for event in seen if event.id is not None]
    assert numbered == [
        ("2", "message"),
        ("3", "message"),
        ("4", "message"),
        ("5", "message"),
        ("6", "message"),
        ("7", "state"),
    ]
    assert seen[1].name == "ready"
    assert seen[1].data["last_seq"] == 2
    assert "sig=" in seen[0].data["message"]["citations"][0]["url"]
    for event in seen:
        assert event.data["session_id"] == session_id
        assert event.data["type"] == event.name


def test_sessions_are_listed_and_found(api: httpx.Client) -> None:
    chat(api, "怎么退货？", session_id="sess-listed", user_id="u_1", channel="app")
    chat(api, "你好", session_id="sess-other1", user_id="u_2")
    chat(api, "转人工", session_id="sess-other1")

    def found(**query: str) -> set[str]:
        return {item["session_id"] for item in api.get("/api/v1/chat/sessions", params=query).json()["items"]}

    assert found() == {"sess-listed", "sess-other1"}
    assert found(user_id="u_1") == {"sess-listed"}
    assert found(state="pending") == {"sess-other1"}
    assert found(channel="app") == {"sess-listed"}
    assert found(q="退货") == {"sess-listed"}
    assert found(**{"from": "2999-01-01T00:00:00Z"}) == set()
    assert found(**{"to": "2999-01-01T00:00:00"}) == {"sess-listed", "sess-other1"}
    assert api.get("/api/v1/chat/sessions", params={"state": "lost"}).status_code == 422


def test_scenes_over_the_wire(api: httpx.Client) -> None:
    schema = {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer", "title": "件数"}}}
    made = api.post(
        "/api/v1/scenes", json={"name": "件数登记", "trigger_examples": ["登记件数"], "schema": schema}
    )
    assert made.status_code == 201, made.text
    scene = made.json()
    assert scene["schema"] == schema
    path = f"/api/v1/scenes/{scene['scene_id']}"
    again = api.post("/api/v1/scenes", json={"name": "件数登记", "schema": schema})
    assert error_of(again) == (409, "duplicate_name")
    bad = api.post("/api/v1/scenes", json={"name": "坏", "schema": {"type": "array"}})
    assert (bad.status_code, bad.json()["detail"][0]["loc"][:2]) == (422, ["body", "schema"])
    tried = api.post("/api/v1/scenes/test", json={"message": "登记件数"}).json()
    assert (tried["missing_slots"], tried["scene"]["scene_id"]) == (["n"], scene["scene_id"])
    filled = api.post("/api/v1/scenes/test", json={"message": "登记件数", "slots": {"n": 3}}).json()
    assert (filled["missing_slots"], filled["slots"]) == ([], {"n": 3})
    changed = api.put(path, json={"max_asks": 5, "then": "handoff"}).json()
    assert (changed["max_asks"], changed["then"], changed["name"]) == (5, "handoff", "件数登记")
    assert api.put(path, json={"max_asks": 6}).status_code == 422
    assert api.put(path, json={"then": "fly"}).json()["detail"][0]["loc"] == ["body", "then"]
    assert api.get("/api/v1/scenes").json()["items"][0]["scene_id"] == scene["scene_id"]
    assert api.delete(path).status_code == 204
    assert api.get(path).status_code == api.delete(path).status_code == 404


def test_the_monitor_shows_the_turn(api: httpx.Client) -> None:
    answer = chat(api, "怎么退货？13800138000", session_id="sess-traced").json()
    traces = api.get("/api/v1/monitor/traces", params={"session_id": "sess-traced"}).json()
    assert [trace["trace_id"] for trace in traces] == [answer["data"]["trace_id"]]
    assert "13800138000" not in traces[0]["message"]
    trace = api.get(f"/api/v1/monitor/traces/{answer['data']['trace_id']}").json()
    assert trace["route_path"] == [step["name"] for step in trace["steps"]]
    assert trace["status"] == "success"
    assert trace["final_reply"] == answer["reply"]
    assert {task["agent_name"] for task in trace["sub_tasks"]} >= {"IntentAgent", "KnowledgeAgent"}
    before = api.get("/api/v1/monitor/traces", params={"before": trace["trace_id"]}).json()
    assert before == []
    assert api.get("/api/v1/monitor/traces", params={"before": "yesterday"}).status_code == 422
    overview = api.get("/api/v1/monitor/overview").json()
    assert (overview["total_traces"], overview["success_rate"], overview["active_sessions"]) == (1, 1.0, 1)
    agents = {row["agent"]: row["calls"] for row in api.get("/api/v1/monitor/agents").json()}
    assert agents["BusinessAgent"] == 0
    assert api.get("/api/v1/monitor/sessions").json()[0]["session_id"] == "sess-traced"
    assert api.get("/api/v1/performance/metrics").json()["metrics"]["total_response_samples"] == 1
    assert api.post("/api/v1/performance/cache/invalidate").json()["success"] is True


def test_the_page_is_served_with_its_frame_ancestors(live: Servers, alpha_shop: Any) -> None:
    settings(alpha_shop, widget={"allowed_origins": ["https://shop.example.com"]})
    time.sleep(0.3)
    response = live.client("alpha").get("/chat/")
    assert response.status_code == 200
    assert "您好，请问有什么可以帮您？" in response.text
    policy = response.headers["Content-Security-Policy"]
    assert "frame-ancestors 'self' https://shop.example.com" in policy
    assert "X-Frame-Options" not in response.headers
    assert live.client().get("/chat/").status_code == 404


def test_limits_of_scopes(live: Servers, alpha_shop: Any, new_key: Callable[..., str]) -> None:
    client = live.client(key=new_key(alpha_shop, scopes=("knowledge",)))
    refused = chat(client, "怎么退货？")
    assert error_of(refused) == (403, "insufficient_scope")
    assert refused.json()["required_scope"] == "chat"
    assert error_of(client.get("/api/v1/monitor/overview"))[1] == "insufficient_scope"
    assert client.get("/api/v1/scenes").status_code == 200
    assert json.loads(client.get("/api/v1/openapi.json").text)["paths"]["/api/v1/chat"]


def test_breakers_and_health_are_shown(api: httpx.Client, live: Servers) -> None:
    breakers = api.get("/api/v1/observability/circuit-breakers").json()
    assert set(breakers) >= {"llm", "embedding", "rerank", "vector_store", "business_api", "redis"}
    assert {breaker["state"] for breaker in breakers.values()} == {"closed"}
    reset = "/api/v1/observability/circuit-breakers/llm/reset"
    assert error_of(api.post(reset)) == (403, "forbidden")
    with live.client() as in_open_mode:
        assert in_open_mode.post(reset).json() == {"name": "llm", "reset": True}
        unknown = in_open_mode.post("/api/v1/observability/circuit-breakers/none/reset")
        assert error_of(unknown) == (404, "not_found")
    health = api.get("/api/v1/observability/health").json()
    assert health["status"] == "up"
    assert health["checks"]["database"]["status"] == health["checks"]["redis"]["status"] == "up"
    assert health["checks"]["vector_store"]["size"] > 0
    assert health["checks"]["llm"]["status"] == "not_configured"
