"""The suggested reply as it is told: what comes, how it ends, and that nobody goes on asking for nobody."""

import asyncio
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator

from agents.services import suggesting
from agents.services.suggesting import Asked, Told
from kimono.providers.standin.modes import Mode
from kimono.providers.standin.server import Standin
from knowledge.services.steps import StepRecord
from tests.conversations.conftest import _model_server, model, shop  # noqa: F401
from tests.conversations.talking import run
from tests.tenants.doors import Caller, at, make_user

QUESTION = Asked("sess-nobody", "振袖清洗费是多少钱？", "zh")


def step(name: str, status: Any = "success") -> StepRecord:
    return StepRecord(name, datetime(2026, 1, 1, tzinfo=UTC), 1, status, "", "", {})


BROKEN = step("generate", "degraded")


@pytest.mark.parametrize(
    ("outcome", "steps", "passed", "end"),
    [
        ("answered", [step("retrieve"), step("answer_from_qa")], True, "own"),
        ("answered", [step("retrieve"), step("generate")], True, "written"),
        ("answered", [step("retrieve"), step("generate"), step("extract")], True, "quoted"),
        ("answered", [step("retrieve"), step("extract")], True, "quoted"),
        ("answered", [BROKEN], True, "unfinished"),
        ("answered", [BROKEN, step("extract")], True, "instead"),
        ("refused", [step("retrieve"), step("refuse")], False, "nothing"),
        ("refused", [BROKEN, step("extract"), step("refuse")], False, "failed"),
        (None, [], True, "unfinished"),
        (None, [], False, "failed"),
    ],
)
def test_how_a_suggestion_ends_is_told_by_what_made_it(
    outcome: Any, steps: list[StepRecord], passed: bool, end: str
) -> None:
    assert suggesting.end_of(outcome, steps, passed=passed) == end


async def told(question: Asked = QUESTION) -> list[Told]:
    return [piece async for piece in suggesting.written(question)]


def test_what_a_model_writes_comes_in_pieces_each_after_its_sources(shop: Any, model: Standin) -> None:  # noqa: F811
    pieces = run(told())
    assert [piece.event for piece in pieces].count("done") == 1
    end = pieces[-1].data
    assert (end["end"], pieces[-1].event) == ("written", "done")
    known: set[int] = set()
    text = ""
    for piece in pieces[:-1]:
        known |= {piece.data["n"]} if piece.event == "source" else set()
        text += piece.data["content"] if piece.event == "text" else ""
        assert all(f"[{n}]" not in text for n in range(1, 9) if n not in known)
    assert text == end["text"]
    assert "260" in text or "二百六十元" in text
    assert run(told(Asked("sess-nobody", "", "zh")))[-1].data["end"] == "unasked"
    nothing = run(told(Asked("sess-nobody", "明天股市怎么样？", "zh")))
    assert [piece.data for piece in nothing] == [{"end": "nothing", "text": ""}]


@pytest.mark.parametrize(
    ("mode", "end"),
    [(Mode.SERVER_ERROR, "instead"), (Mode.TRUNCATED, "unfinished")],
)
def test_a_model_that_fails_leaves_no_half_text_that_looks_whole(
    shop: Any,  # noqa: F811
    model: Standin,  # noqa: F811
    mode: Mode,
    end: str,
) -> None:
    model.state.set_mode(mode)
    pieces = run(told())
    text = "".join(piece.data["content"] for piece in pieces if piece.event == "text")
    assert text and pieces[-1].data == {"end": end, "text": text}


def test_what_breaks_is_said_and_not_raised(shop: Any, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    async def broken(**_: Any) -> None:
        raise RuntimeError("the knowledge is gone")

    monkeypatch.setattr("knowledge.services.answering.answer", broken)
    assert [piece.data for piece in run(told())] == [{"end": "failed", "text": ""}]


def test_whoever_stops_listening_ends_the_models_work(shop: Any, model: Standin) -> None:  # noqa: F811
    model.state.token_delay = 0.2

    async def story() -> None:
        async with aclosing(suggesting.framed(QUESTION)) as events:
            async for _ in events:
                break
        await left_early(model)

    run(story())


async def left_early(model: Standin) -> None:  # noqa: F811
    for _ in range(1000):
        if any(entry["closed_early"] and entry["finished_at"] is None for entry in model.log()):
            return
        await asyncio.sleep(0.01)
    pytest.fail("the model was left to write on")


def test_a_page_that_goes_away_ends_the_models_work(shop: Any, model: Standin, key: Caller) -> None:  # noqa: F811
    from kimono.asgi import application

    said = key.post("chat", {"message": QUESTION.question}).json()
    make_user(shop, "agent", username="li")
    li = at(shop).with_session("li")
    headers = {"host": li.host, "x-csrftoken": li.csrf()["X_CSRFToken"]}
    headers["cookie"] = "; ".join(f"{name}={morsel.value}" for name, morsel in li.browser.cookies.items())
    path = f"/workbench/sessions/{said['session_id']}/draft/"
    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("192.0.2.1", 1),
        "server": (li.host, 80),
        "scheme": "http",
    }
    model.clear()
    model.state.token_delay = 0.2

    async def story() -> None:
        page = ApplicationCommunicator(application, scope)
        await page.send_input({"type": "http.request", "body": b"", "more_body": False})
        start = await page.receive_output(30)
        assert (start["type"], start["status"]) == ("http.response.start", 200), start
        first = await page.receive_output(30)
        assert first["body"].startswith(b"event: text"), first
        await page.send_input({"type": "http.disconnect"})
        await left_early(model)
        await page.wait(10)

    run(story())
