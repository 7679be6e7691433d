"""What clients of the chat rely on at the edges: the way back into a conversation, repeats, older clients' shapes."""

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from django.utils import timezone

from kimono.lib import db
from tests.conversations.talking import Event, parse
from tests.conversations.written import RETURNS
from tests.fixtures.servers import Servers
from tests.fixtures.tenants import tenant_called

SESSIONS = "/api/v1/chat/sessions"
SCENES = "/api/v1/scenes"


@pytest.fixture
def shop(live: Servers) -> Any:
    """`alpha` with a pair, behind a running server."""
    from tests.knowledge.filling import add_pair

    tenant = tenant_called("alpha")
    with db.tenant_scope(tenant):
        add_pair("退货流程是什么？", RETURNS, similar=["怎么退货"], category="售后")
    return tenant


@pytest.fixture
def api(live: Servers, shop: Any, new_key: Callable[..., str]) -> Iterator[httpx.Client]:
    """A client of the platform's host with a key of `alpha`."""
    with live.client(key=new_key(shop, scopes=("chat", "knowledge")), timeout=60) as client:
        yield client


class Listener:
    """Reads the events of a conversation in a thread of its own, until `last` comes."""

    def __init__(self, client: httpx.Client, session_id: str, after_seq: int, last: str) -> None:
        self.seen: list[Event] = []
        self._last = last
        self._thread = threading.Thread(target=self._read, args=(client, session_id, after_seq))
        self._thread.start()

    def _read(self, client: httpx.Client, session_id: str, after_seq: int) -> None:
        path, query = f"{SESSIONS}/{session_id}/events", {"after_seq": after_seq}
        with client.stream("GET", path, params=query, timeout=30) as response:
            buffer = b""
            for chunk in response.iter_bytes():
                *blocks, buffer = (buffer + chunk).split(b"\n\n")
                self.seen += [event for block in blocks if (event := parse(block + b"\n\n")) is not None]
                if any(event.name == self._last for event in self.seen):
                    return

    def first(self, name: str) -> Event:
        """Return the first event of a name, waiting for it."""
        until = time.monotonic() + 25
        while time.monotonic() < until:
            for event in self.seen:
                if event.name == name:
                    return event
            time.sleep(0.05)
        raise AssertionError(f"no {name} among {[event.name for event in self.seen]}")


def test_who_asks_from_beyond_the_end_hears_what_comes(api: httpx.Client) -> None:
    session_id = api.post(SESSIONS).json()["session_id"]
    api.post("/api/v1/chat", json={"message": "怎么退货？", "session_id": session_id})
    listener = Listener(api, session_id, after_seq=999, last="state")
    assert listener.first("ready").data["last_seq"] == 2
    api.post("/api/v1/chat", json={"message": "转人工", "session_id": session_id})
    listener.first("state")
    assert [event.id for event in listener.seen if event.id] == ["3", "4", "5"]


def test_ready_tells_the_number_of_the_conversation(api: httpx.Client) -> None:
    session_id = api.post(SESSIONS).json()["session_id"]
    api.post("/api/v1/chat", json={"message": "怎么退货？", "session_id": session_id})
    for after, missed in ((0, ["1", "2"]), (1, ["2"]), (2, [])):
        listener = Listener(api, session_id, after_seq=after, last="ready")
        assert listener.first("ready").data["last_seq"] == 2
        assert [event.id for event in listener.seen if event.id] == missed


def test_a_suspended_merchants_listeners_are_told_to_stay_away(api: httpx.Client, shop: Any) -> None:
    from tenants.services import lifecycle
    from tenants.services.auditing import SYSTEM

    session_id = api.post(SESSIONS).json()["session_id"]
    listener = Listener(api, session_id, after_seq=0, last="bye")
    listener.first("ready")
    with db.public_scope(), db.platform_scope():
        lifecycle.suspend(tenant_id=shop.public_id, reason="test", by=SYSTEM, now=timezone.now())
    bye = listener.first("bye").data
    assert (bye["reason"], bye["reconnect"]) == ("tenant_suspended", False)


def test_a_repeated_opening_finds_the_conversation_without_its_token(
    api: httpx.Client, live: Servers, shop: Any
) -> None:
    origin = {"Origin": f"http://{live.host('alpha')}"}
    with live.client("alpha", headers=origin, timeout=60) as page:
        for client in (api, page):
            key = {"Idempotency-Key": str(uuid.uuid4())}
            first, again = (client.post(SESSIONS, json={}, headers=key) for _ in range(2))
            assert (first.status_code, again.status_code) == (201, 201)
            assert first.json()["visitor_token"].startswith("vt_")
            assert again.json()["visitor_token"] is None
            assert again.json()["session_id"] == first.json()["session_id"]
            assert again.headers["Idempotent-Replay"] == "true"
            assert "Idempotent-Replay" not in first.headers


def test_what_is_wrong_with_a_scene_comes_before_whether_there_is_one(api: httpx.Client) -> None:
    unknown = f"{SCENES}/scn-unknown"
    for wrong in ({"schema": {"type": "array"}}, {"then": "fly"}, {"max_asks": 9}):
        assert api.put(unknown, json=wrong).status_code == 422, wrong
    assert api.put(unknown, json={"name": "好"}).status_code == 404


@pytest.mark.parametrize(
    "field", ["name", "intent", "trigger_examples", "enabled", "schema", "max_asks", "then"]
)
def test_null_is_no_value_of_a_scene(api: httpx.Client, field: str) -> None:
    whole = {"name": "登记", "schema": {"type": "object", "properties": {"n": {"type": "integer"}}}}
    refused = api.post(SCENES, json={**whole, field: None})
    assert (refused.status_code, refused.json()["code"]) == (422, "validation_error")
    assert refused.json()["detail"][0]["loc"] == ["body", field]
    made = api.post(SCENES, json=whole).json()
    assert (made["intent"], made["max_asks"], made["enabled"]) == ("business_query", 3, True)
    assert api.put(f"{SCENES}/{made['scene_id']}", json={field: None}).status_code == 422


def test_older_clients_are_answered_in_their_shape(api: httpx.Client) -> None:
    body = {"message": "怎么退货？", "conversation_id": "conv-older"}
    key = {"Idempotency-Key": str(uuid.uuid4())}
    answer = api.post("/api/v1/chat/message", json=body, headers=key)
    assert answer.status_code == 200, answer.text
    given = answer.json()
    assert set(given) == {
        "answer", "conversation_id", "message_id", "sources", "model_used", "language", "confidence", "latency_ms",
    }  # fmt: skip
    assert (given["answer"], given["conversation_id"]) == (RETURNS + "[1]", "conv-older")
    source = {"question": "退货流程是什么？", "answer": RETURNS, "category": "售后"}
    assert [{**each, "score": None} for each in given["sources"]] == [{**source, "score": None}]
    assert 0 < given["sources"][0]["score"] <= 1
    again = api.post("/api/v1/chat/message", json=body, headers=key)
    assert (again.json(), again.headers["Idempotent-Replay"]) == (given, "true")

    for message in ("你好", "谢谢"):
        api.post("/api/v1/chat/message", json={"message": message, "conversation_id": "conv-older"})
    past = api.get("/api/v1/chat/history/conv-older").json()
    assert (past["conversation_id"], past["count"]) == ("conv-older", 6)
    assert [message["seq"] for message in past["messages"]] == [1, 2, 3, 4, 5, 6]
    part = api.get("/api/v1/chat/history/conv-older", params={"max_turns": 2}).json()
    assert ([message["seq"] for message in part["messages"]], part["count"]) == ([3, 4, 5, 6], 4)
    assert api.get("/api/v1/chat/history/conv-older", params={"max_turns": 0}).status_code == 422
    assert api.get("/api/v1/chat/history/conv-unknown").status_code == 404

    vote = {"rating": "down", "message_id": given["message_id"]}
    voted = api.post("/api/v1/chat/feedback", json={**vote, "conversation_id": "conv-older"}).json()
    same = api.post(f"{SESSIONS}/conv-older/feedback", json=vote).json()
    assert (voted["success"], voted["feedback_id"]) == (True, same["feedback_id"])
    assert api.post("/api/v1/chat/feedback", json=vote).json()["detail"][0]["loc"] == [
        "body",
        "conversation_id",
    ]
    unknown = api.post("/api/v1/chat/feedback", json={**vote, "conversation_id": "conv-unknown"})
    assert unknown.status_code == 404
