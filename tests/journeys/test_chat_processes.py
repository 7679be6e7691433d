"""Two web servers before one database: whichever of them a request meets, it is the same conversation."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from kimono.lib import db
from kimono.providers.standin.server import Standin
from tests.conversations.talking import Event, assert_well_formed
from tests.conversations.written import CLEANING
from tests.fixtures.servers import Servers
from tests.journeys.calling import CHAT, reading, watching

QUESTION = "振袖清洗费是多少钱？小纹和服呢？"
SLOW = 0.2


@pytest.fixture
def pair(
    modelled: Servers, live: Servers, alpha: Any, new_key: Callable[..., str]
) -> Iterator[tuple[httpx.Client, httpx.Client]]:
    """A client of the server that writes, with a slow model, and one of the server beside it."""
    from tests.knowledge.filling import add_document

    with db.tenant_scope(alpha):
        add_document("cleaning.md", CLEANING, title="清洗收费标准")
    key = new_key(alpha)
    with modelled.client(key=key, timeout=60) as one, live.client(key=key, timeout=60) as other:
        yield one, other


def test_a_reply_is_stopped_from_beside(pair: tuple[httpx.Client, httpx.Client], model: Standin) -> None:
    writer, beside = pair
    model.state.token_delay = SLOW
    with reading(writer, QUESTION, session_id="sess-beside") as stream:
        stream.until("token")
        stopped = beside.post(f"{CHAT}/sessions/sess-beside/stop").json()
        done = stream.rest()[-1]
    assert stopped == {
        "session_id": "sess-beside",
        "stopped": True,
        "message_id": done.data["message_id"],
    }
    assert done.data["data"]["stopped"] is True


def test_a_broken_stream_is_taken_up_beside(pair: tuple[httpx.Client, httpx.Client], model: Standin) -> None:
    writer, beside = pair
    model.state.token_delay = SLOW
    sent = {"session_id": "sess-broken", "client_message_id": "c-1"}
    with reading(writer, QUESTION, **sent) as stream:
        first = stream.until("token")
    with reading(beside, QUESTION, after=first[-1].id, **sent) as stream:
        rest = stream.rest()
    assert_well_formed([*first, *rest])


def test_who_watches_beside_sees_the_reply_grow(
    pair: tuple[httpx.Client, httpx.Client], model: Standin
) -> None:
    writer, beside = pair
    model.state.token_delay = SLOW
    beside.post(CHAT, json={"message": "你好", "session_id": "sess-watched"})
    seen: list[Event] = []

    def watch() -> None:
        with watching(beside, "sess-watched") as stream:
            while not (seen and seen[-1].name == "message" and seen[-1].data["seq"] == 4):
                seen.append(stream.next())

    watcher = threading.Thread(target=watch)
    watcher.start()
    until = time.monotonic() + 20
    while not any(event.name == "ready" for event in seen) and time.monotonic() < until:
        time.sleep(0.05)
    with reading(writer, QUESTION, session_id="sess-watched") as stream:
        answer = stream.rest()[-1].data["answer"]
    watcher.join(30)
    assert not watcher.is_alive()
    grown = [event.data for event in seen if event.name in ("snapshot", "delta")]
    assert grown
    assert [piece["index"] for piece in grown] == list(range(len(grown)))
    assert answer.startswith("".join(piece["content"] for piece in grown))
    assert len({piece["message_id"] for piece in grown}) == 1
    assert seen[-1].data["message"]["content"] == answer
    assert seen[-1].data["message"]["message_id"] == grown[0]["message_id"]


def test_a_message_beside_waits_for_its_turn(pair: tuple[httpx.Client, httpx.Client], model: Standin) -> None:
    writer, beside = pair
    model.state.token_delay = SLOW
    with reading(writer, QUESTION, session_id="sess-queued") as stream:
        stream.until("token")
        second = beside.post(CHAT, json={"message": "你好", "session_id": "sess-queued"}).json()
        first = stream.rest()[-1].data
    assert (first["seq"], second["seq"]) == (3, 4)
