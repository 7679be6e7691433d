"""A page opens a conversation without a key, and talks: who may, what it sees, and what of it is pushed."""

import threading
import time
import uuid
from typing import Any

import httpx
import pytest

from tests.conversations.talking import Event, parse
from tests.conversations.written import settings
from tests.fixtures.servers import Servers
from tests.journeys.contacts import chat, error_of, shake


def test_a_visitor_of_the_page(shop_page: httpx.Client, live: Servers) -> None:
    given = shake(shop_page, language="zh")
    assert given["state"] == "bot"
    assert given["greeting"] == "您好，请问有什么可以帮您？"
    assert given["user_verified"] is False
    answer = chat(shop_page, "怎么退货？").json()
    assert answer["session_id"] == given["session_id"]
    assert "sig=" in answer["data"]["sources"][0]["url"]
    session = shop_page.get(f"/api/v1/chat/sessions/{given['session_id']}").json()
    assert (session["last_seq"], session["turn_count"]) == (2, 1)
    for path in ("", "/messages", "/events"):
        assert shop_page.get(f"/api/v1/chat/sessions/sess-somebody{path}").status_code == 404
    assert chat(shop_page, "怎么退货？", session_id="sess-somebody").status_code == 404
    assert error_of(shop_page.get("/api/v1/chat/sessions")) == (403, "forbidden")
    assert error_of(shop_page.get("/api/v1/monitor/overview")) == (403, "forbidden")
    other_host = live.client("beta", headers={"Authorization": shop_page.headers["Authorization"]})
    assert chat(other_host, "怎么退货？").status_code == 401
    forged = live.client("alpha", headers={"Authorization": shop_page.headers["Authorization"] + "x"})
    assert chat(forged, "怎么退货？").status_code == 401
    on_platform = live.client(headers={"Authorization": shop_page.headers["Authorization"]})
    assert chat(on_platform, "运费多少").json()["session_id"] == given["session_id"]


def test_opening_the_page_twice_with_one_key_is_one_conversation(shop_page: httpx.Client) -> None:
    key = {"Idempotency-Key": str(uuid.uuid4())}
    ids = {
        shop_page.post("/api/v1/chat/sessions", json={}, headers=key).json()["session_id"] for _ in range(3)
    }
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


def test_events_are_replayed_and_then_live(keyed_shop: httpx.Client, shop_page: httpx.Client) -> None:
    given = shake(shop_page)
    session_id = given["session_id"]
    chat(shop_page, "怎么退货？")
    seen: list[Event] = []
    done = threading.Event()

    def listen() -> None:
        query = {"token": given["visitor_token"], "after_seq": 1}
        path = f"/api/v1/chat/sessions/{session_id}/events"
        bare = {key: value for key, value in shop_page.headers.items() if key != "authorization"}
        with httpx.stream(
            "GET", f"{shop_page.base_url}{path}", params=query, headers=bare, timeout=30
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
    chat(shop_page, "运费多少")
    chat(shop_page, "转人工")
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
