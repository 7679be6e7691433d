"""A reply while it is being written: stopped, abandoned, taken up again, watched by others."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from kimono.lib import db
from kimono.providers.standin.server import Standin
from tests.conversations.talking import assert_well_formed
from tests.fixtures.servers import Servers
from tests.journeys.calling import (
    CHAT,
    ask,
    at_once,
    eventually,
    messages,
    reading,
    session,
    streamed,
    text_of,
    trace,
    watching,
)

QUESTION = "和服清洗怎么收费？"
DOCUMENT = (
    "和服清洗收费分为三档，小纹和服清洗收费一百二十元，三个工作日后可以到店领取。",
    "振袖和服清洗收费二百六十元，五个工作日后可以到店领取，也可以由我们寄回。",
    "留袖和服清洗收费三百元，七个工作日后可以到店领取，寄回时由顾客承担运费。",
)
# Ten times what is promised: a bound on the outcome, not a measurement.
HARD_STOP_SECONDS = 10.0
SLOW = 0.25


@pytest.fixture
def shop(modelled: Servers, alpha: Any, new_key: Any) -> Iterator[httpx.Client]:
    from tests.knowledge.filling import add_document

    with db.tenant_scope(alpha):
        add_document("cleaning.md", *DOCUMENT, title="清洗收费")
    with modelled.client(key=new_key(alpha)) as client:
        yield client


def asked_for_answers(model: Standin) -> list[dict[str, Any]]:
    """Return the requests for an answer, without those for small helps."""
    return [entry for entry in model.log() if entry["body"].get("stream")]  # type: ignore[attr-defined]


def test_a_model_writes_and_only_what_the_document_says_is_read(shop: httpx.Client, model: Standin) -> None:
    events = streamed(shop, QUESTION)
    done = events[-1].data
    assert done["data"]["model_used"] == "standin" and done["data"]["degraded"] is None
    assert len([event for event in events if event.name == "token"]) > 5
    said = done["answer"].replace("[1]", "").replace("[2]", "").replace("[3]", "")
    assert said and all(part in "".join(DOCUMENT) for part in said.split("。"))
    assert ask(shop, QUESTION)["reply"] == done["answer"]


def test_stop_ends_the_reply_where_it_is_and_hangs_up_on_the_model(
    shop: httpx.Client, modelled: Servers, model: Standin
) -> None:
    model.state.token_delay = SLOW
    with reading(shop, QUESTION) as stream:
        session_id = stream.next().data["session_id"]
        first = stream.next()
        assert first.name == "token"
        with modelled.client(key=shop.headers["X-API-Key"]) as other:
            stopped = other.post(f"{CHAT}/sessions/{session_id}/stop", timeout=30)
        assert stopped.status_code == 200 and stopped.json()["stopped"] is True
        rest = stream.rest()
    done = rest[-1]
    assert done.name == "done" and done.data["data"]["stopped"] is True
    assert done.data["answer"] == text_of([first, *rest])
    assert done.data["message_id"] == stopped.json()["message_id"]
    (entry,) = asked_for_answers(model)
    eventually(lambda: asked_for_answers(model)[0]["closed_early"], seconds=HARD_STOP_SECONDS)
    assert entry["finished_at"] is None
    (stored,) = [each for each in messages(shop, session_id) if each["author"] == "bot"]
    assert (stored["content"], stored["message_id"]) == (done.data["answer"], done.data["message_id"])
    again = shop.post(f"{CHAT}/sessions/{session_id}/stop")
    assert again.json() == {"session_id": session_id, "stopped": False, "message_id": None}
    model.state.token_delay = 0.0
    assert "元" in ask(shop, "小纹和服清洗收费多少？", session_id)["reply"]


def test_stop_before_the_first_word_stores_nothing(
    shop: httpx.Client, modelled: Servers, model: Standin
) -> None:
    session_id = ask(shop, "你好")["session_id"]
    model.behave("stall")

    def stop() -> Any:
        eventually(lambda: asked_for_answers(model), wanted="the request to the model")
        with modelled.client(key=shop.headers["X-API-Key"]) as other:
            return other.post(f"{CHAT}/sessions/{session_id}/stop", timeout=30).json()

    def read() -> Any:
        with modelled.client(key=shop.headers["X-API-Key"]) as own:
            return streamed(own, QUESTION, session_id)

    answer, events = at_once([stop, read])
    assert answer == {"session_id": session_id, "stopped": True, "message_id": None}
    assert (events[-1].name, events[-1].data["answer"]) == ("done", "")
    assert [each["author"] for each in messages(shop, session_id)] == ["visitor", "bot", "visitor"]


def test_a_reply_is_finished_and_kept_though_nobody_listens(shop: httpx.Client, model: Standin) -> None:
    model.state.token_delay = 0.05
    with reading(shop, QUESTION) as stream:
        meta = stream.next().data
        stream.next()
    kept = eventually(
        lambda: [each for each in messages(shop, meta["session_id"]) if each["author"] == "bot"],
        wanted="the reply",
    )
    assert kept[0]["content"] == ask(shop, QUESTION)["reply"]
    found = trace(shop, meta["trace_id"])
    assert found["status"] == "success" and found["final_reply"] == kept[0]["content"]
    assert found["tokens"]["output"] > 0
    assert not [entry for entry in asked_for_answers(model) if entry["closed_early"]]


@pytest.mark.parametrize("when", ["while it runs", "when it has ended"])
def test_a_broken_stream_goes_on_where_it_broke(shop: httpx.Client, model: Standin, when: str) -> None:
    model.state.token_delay = 0.05
    own_id = {"client_message_id": "c-1"}
    with reading(shop, QUESTION, **own_id) as stream:
        seen = [stream.next() for _ in range(3)]
    session_id = seen[0].data["session_id"]
    if when == "when it has ended":
        eventually(lambda: session(shop, session_id)["last_seq"] == 2)
    with reading(shop, QUESTION, after=seen[-1].id, **own_id) as stream:
        assert stream.response.headers["Idempotent-Replay"] == "true"
        rest = stream.rest()
    assert_well_formed([*seen, *rest])
    assert messages(shop, session_id)[-1]["content"] == rest[-1].data["answer"] == text_of([*seen, *rest])
    assert len(asked_for_answers(model)) == 1


def test_who_watches_sees_the_reply_grow_and_then_the_message(
    shop: httpx.Client, modelled: Servers, model: Standin
) -> None:
    session_id = ask(shop, "你好")["session_id"]
    model.state.token_delay = 0.05
    with watching(shop, session_id) as events:
        events.until("ready")
        with modelled.client(key=shop.headers["X-API-Key"]) as other:
            done = streamed(other, QUESTION, session_id)[-1].data
        seen = [*events.until("message"), *events.until("message")]
    drafts = [event for event in seen if event.name in ("snapshot", "delta")]
    assert {event.name for event in drafts} == {"delta"} and len(drafts) > 3
    assert [event.data["index"] for event in drafts] == list(range(len(drafts)))
    assert all(event.id is None for event in drafts)
    grown = "".join(event.data["content"] for event in drafts)
    assert done["answer"].startswith(grown) and len(grown) > 10
    assert seen[-1].data["message"]["content"] == done["answer"]
    assert seen[-1].id == str(done["seq"])
