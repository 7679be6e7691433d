"""A contact's socket before a real server: greeting, message, ack, reply, resume."""

import itertools
import json
import socket
from typing import Any

import httpx
import pytest

from tests.conversations.written import RETURNS
from tests.fixtures.servers import Servers
from tests.journeys.calling import messages
from tests.journeys.sockets import opened, refused

CHAT = "/ws/chat/"


@pytest.fixture
def shop(alpha: Any) -> Any:
    from kimono.lib import db
    from tests.knowledge.filling import add_pair

    with db.tenant_scope(alpha):
        add_pair("退货流程是什么？", RETURNS, similar=["怎么退货", "如何申请退货"])
    return alpha


def begun(client: httpx.Client) -> dict[str, Any]:
    """Begin a conversation and return its handshake."""
    answer = client.post("/api/v1/chat/sessions", json={})
    assert answer.status_code == 201, answer.text
    handshake: dict[str, Any] = answer.json()
    return handshake


def test_a_contact_talks_to_the_bot_and_takes_up_the_thread_again(
    live: Servers, shop: Any, merchant: httpx.Client
) -> None:
    hands = begun(merchant)
    protocols = ["kimono.v1", f"bearer.{hands['visitor_token']}"]
    with opened(live, CHAT, shop, subprotocols=protocols) as line:
        assert line.connection.subprotocol == "kimono.v1"
        welcome = line.next()
        assert (welcome["type"], welcome["last_seq"], welcome["heartbeat_seconds"]) == ("welcome", 0, 25.0)
        assert welcome["session"]["session_id"] == hands["session_id"]
        ack = line.say("怎么退货？", "c-1")
        assert (ack["seq"], ack["duplicate"]) == (1, False)
        again = line.say("怎么退货？", "c-1")
        assert again == {**ack, "duplicate": True, "ts": again["ts"]}
        reply = line.saw("message", seq=2)
        assert reply["message"]["author"] == "bot" and reply["stream"] == hands["session_id"]
        own = [each for each in line.seen if each.get("seq") == 1 and each["type"] == "message"]
        assert [each["message"]["client_message_id"] for each in own] == ["c-1"]
        line.send("send", id="f-2", client_message_id="c-1", content="别的")
        assert line.until("error", id="f-2")["code"] == "idempotency_conflict"
        line.send("send", id="f-3", content="")
        assert line.until("error", id="f-3")["code"] == "validation_error"
    with opened(live, f"{CHAT}?session_id={hands['session_id']}", key=merchant.headers["X-API-Key"]) as line:
        assert line.next()["last_seq"] == 2
        line.send("resume", id="r", after_seq=0)
        frames = [line.next(), line.next(), line.next()]
        assert [each.get("seq") for each in frames] == [1, 2, None]
        assert frames[2]["type"] == "resumed" and frames[2]["id"] == "r"
        assert (frames[2]["streams"], frames[2]["count"]) == ({hands["session_id"]: 2}, 2)
        line.send("escalate", id="e", reason="有事")
        assert line.until("ack", id="e")
        assert line.saw("state")["state"] == "pending"
        assert line.saw("queue")["position"] == 1
    assert [each["seq"] for each in messages(merchant, hands["session_id"])] == [1, 2]


def test_who_may_not_is_told_why(live: Servers, shop: Any, beta: Any, merchant: httpx.Client) -> None:
    token = begun(merchant)["visitor_token"]
    key = merchant.headers["X-API-Key"]
    codes: dict[str, Any] = {
        "a forged token": ({"subprotocols": ["kimono.v1", "bearer.vt_nonsense"], "tenant": shop}, 4401),
        "a foreign host": ({"subprotocols": ["kimono.v1", f"bearer.{token}"], "tenant": beta}, 4401),
        "a key and no session": ({"key": key}, 4404),
        "an unknown session": ({"key": key, "query": "?session_id=sess-nobody"}, 4404),
    }
    for why, (how, code) in codes.items():
        query, tenant = how.pop("query", ""), how.pop("tenant", None)
        with opened(live, CHAT + query, tenant, **how) as line:
            assert line.ended() == code, why
            assert line.seen[-1]["type"] == "bye"
    own = f"http://{live.host(shop)}"
    with opened(live, f"{CHAT}?token={token}", shop, origin=own) as line:
        assert line.next()["type"] == "welcome"
        for _ in range(5):
            line.send("nonsense")
        assert line.ended() == 4400
    with opened(live, CHAT, shop, origin=own) as line:
        line.send("auth", token=token)
        assert line.next()["type"] == "welcome"
        line.connection.send(b"\x00")
        assert line.ended() == 4400
    with opened(live, f"{CHAT}?token={token}", shop, origin=own) as line:
        line.connection.send("x" * 20_000)
        assert line.ended() == 4413


ORIGINS = (
    None, "null", "", "https://evil.example", "http://{host}.evil.example", "https://{host}", "http://{host}",
    "http://{host}:1", "http://{sibling}", "http://user@{host}", "http://{host}/path", "file://",
)  # fmt: skip


@pytest.mark.parametrize("place", ["tenant", "platform"])
def test_only_pages_of_the_house_get_a_socket(
    live: Servers, shop: Any, beta: Any, merchant: httpx.Client, place: str
) -> None:
    token = begun(merchant)["visitor_token"]
    tenant = shop if place == "tenant" else None
    host = live.host(shop) if tenant is not None else f"127.0.0.1:{live.port}"
    allowed = {}
    for origin in ORIGINS:
        shown = origin.format(host=host, sibling=live.host(beta)) if origin else origin
        allowed[origin] = refused(live, f"{CHAT}?token={token}", tenant, origin=shown)
    assert {origin for origin, status in allowed.items() if status is None} == {"http://{host}"}
    assert set(allowed.values()) == {None, 403}


def test_the_server_ends_a_socket_that_is_one_too_many_too_fast_or_its_last(
    web: Any, shop: Any, new_key: Any
) -> None:
    servers = web(KIMONO_DEMO_LIMIT_FACTOR="1")
    with servers.client(key=new_key(shop)) as client:
        protocols = ["kimono.v1", f"bearer.{begun(client)['visitor_token']}"]
    with opened(servers, CHAT, shop, subprotocols=protocols) as first:
        assert first.next()["type"] == "welcome"
        with (
            opened(servers, CHAT, shop, subprotocols=protocols),
            opened(servers, CHAT, shop, subprotocols=protocols),
            opened(servers, CHAT, shop, subprotocols=protocols),
            opened(servers, CHAT, shop, subprotocols=protocols),
            opened(servers, CHAT, shop, subprotocols=protocols) as last,
        ):
            assert first.ended() == 4409
            last.until("welcome")
            for number in itertools.count(1):
                last.send("ping", id=str(number))
                if number == 21:
                    break
            assert last.until("error", id="21")["code"] == "rate_limited"
            last.send("ping")
            assert last.ended() == 4429
    with opened(servers, CHAT, shop, subprotocols=protocols) as line:
        line.until("welcome")
        servers.web.child.ask_to_stop()
        assert line.ended() == 1001
        assert line.seen[-1] | {"reason": "restart", "reconnect": True} == line.seen[-1]


def test_a_handshake_that_is_too_long_to_read_is_refused_and_not_left_open(live: Servers) -> None:
    asked = (
        f"GET {CHAT}?token={'x' * 9000} HTTP/1.1\r\nHost: {live.host('alpha')}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", live.port), timeout=20) as line:
        line.sendall(asked.encode())
        answer = b"".join(iter(lambda: line.recv(4096), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 413 ")
    assert json.loads(body) | {"code": "payload_too_large", "max_bytes": 8192} == json.loads(body)
