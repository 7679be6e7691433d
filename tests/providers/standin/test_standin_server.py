"""The stand-in as a server: its protocol, its log, its steering, and its own process."""

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from kimono.providers.standin.modes import Mode
from kimono.providers.standin.server import Standin, running

ROOT = Path(__file__).parents[3]
ASK: dict[str, object] = {"model": "standin", "messages": [{"role": "user", "content": "Hello"}]}


@pytest.fixture
def client(model_server: Standin) -> Iterator[httpx.Client]:
    model_server.clear()
    with httpx.Client(
        base_url=model_server.base_url.removesuffix("/v1"), timeout=10.0, trust_env=False
    ) as made:
        yield made


def modes(client: httpx.Client) -> list[str]:
    return [entry["mode"] for entry in client.get("/__log").json()]


def test_models_are_listed(client: httpx.Client) -> None:
    rows = client.get("/v1/models").json()["data"]
    assert [row["id"] for row in rows] == [
        "standin",
        "standin-small",
        "standin-embed",
        "standin-rerank",
        "standin-vision",
    ]


def test_a_stream_is_events_with_usage_before_the_end(client: httpx.Client) -> None:
    body = ASK | {"stream": True, "stream_options": {"include_usage": True}}
    answer = client.post("/v1/chat/completions", json=body)
    assert answer.headers["content-type"].startswith("text/event-stream")
    *events, last = [line.removeprefix("data: ") for line in answer.text.split("\n\n") if line]
    assert last == "[DONE]"
    chunks = [json.loads(event) for event in events]
    assert chunks[-1]["choices"] == [] and chunks[-1]["usage"]["completion_tokens"] > 0
    assert chunks[-2]["choices"][0]["finish_reason"] == "stop"
    text = "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks[:-1])
    assert text == "Hello, how can I help you?"


def test_usage_is_sent_only_when_it_is_asked_for(client: httpx.Client) -> None:
    assert '"usage"' not in client.post("/v1/chat/completions", json=ASK | {"stream": True}).text


def test_the_log_tells_what_was_asked_and_when(client: httpx.Client) -> None:
    before = time.time()
    client.post("/v1/chat/completions", json=ASK | {"stream": True})
    (entry,) = client.get("/__log").json()
    assert (entry["method"], entry["path"], entry["mode"]) == ("POST", "/v1/chat/completions", "ok")
    assert entry["body"]["messages"] == ASK["messages"]
    assert before <= entry["received_at"] <= entry["first_token_at"] <= entry["finished_at"]
    assert not entry["closed_early"]
    client.delete("/__log")
    assert client.get("/__log").json() == []


def test_the_model_name_chooses_a_mode_for_one_request(client: httpx.Client) -> None:
    assert client.post("/v1/chat/completions", json=ASK | {"model": "standin:500"}).status_code == 500
    assert client.post("/v1/chat/completions", json=ASK).status_code == 200
    assert client.post("/v1/chat/completions", json=ASK | {"model": "standin:nonsense"}).status_code == 404
    assert modes(client) == ["500", "ok", "ok"]


def test_control_sets_a_mode_for_some_requests_or_for_good(client: httpx.Client) -> None:
    assert client.post("/__control", json={"mode": "503", "times": 2}).status_code == 200
    statuses = [client.post("/v1/chat/completions", json=ASK).status_code for _ in range(3)]
    assert statuses == [503, 503, 200]
    client.post("/__control", json={"mode": "429", "retry_after": 7})
    answer = client.post("/v1/chat/completions", json=ASK)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")


@pytest.mark.parametrize("body", ["", "[]", '{"mode": "nonsense"}', '{"token_delay": "soon"}'])
def test_control_refuses_what_it_does_not_understand(body: str, client: httpx.Client) -> None:
    assert client.post("/__control", content=body).status_code == 400


@pytest.mark.parametrize("body", ["", "no json", "[]", "{}", '{"model": 5}'])
def test_bad_requests_are_refused(body: str, client: httpx.Client) -> None:
    answer = client.post("/v1/chat/completions", content=body)
    assert (answer.status_code, answer.json()["error"]["type"]) == (400, "invalid_request_error")


def test_other_paths_do_not_exist(client: httpx.Client) -> None:
    assert client.get("/v1/chat/completions").status_code == 404


def test_a_reset_is_a_reset(client: httpx.Client) -> None:
    with pytest.raises(httpx.ReadError) as caught:
        client.post("/v1/chat/completions", json=ASK | {"model": "standin:reset"})
    causes = []
    error: BaseException | None = caught.value
    while error is not None:
        causes.append(type(error))
        error = error.__cause__ or error.__context__
    assert ConnectionResetError in causes


def test_a_whole_server_can_misbehave() -> None:
    with running(Mode.OVERLOADED) as server:
        answer = httpx.post(f"{server.base_url}/chat/completions", json=ASK, trust_env=False)
    assert answer.status_code == 503


def test_it_runs_as_a_process_of_its_own() -> None:
    command = [sys.executable, "-m", "kimono.providers.standin", "--port", "0", "--mode", "no_citations"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        found = re.fullmatch(r"standin (http://127\.0\.0\.1:\d+/v1)", process.stdout.readline().strip())
        assert found
        asked = '<source id="1">Parking is free.</source>Is parking free?'
        answer = httpx.post(
            f"{found.group(1)}/chat/completions",
            json=ASK | {"messages": [{"role": "user", "content": asked}]},
            timeout=30.0,
            trust_env=False,
        )
        assert answer.json()["choices"][0]["message"]["content"] == "Parking is free."
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) is not None
        assert process.stdout is not None
        process.stdout.close()
