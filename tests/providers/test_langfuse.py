"""Model calls in Langfuse: what is told of each, and what happens when Langfuse does not play along."""

import asyncio
import dataclasses
import logging
import os
import time
from collections.abc import Iterator
from datetime import datetime

import pytest

from kimono.providers import (
    CallRefused,
    ConfigError,
    Entry,
    MemoryMeter,
    Message,
    Prompt,
    ProviderError,
    Refused,
    chat,
    embed,
    entered,
    from_environment,
    install,
    stream_chat,
    tracing,
)
from kimono.providers.langfuse.exporter import LangfuseExporter
from kimono.providers.registry import current
from kimono.providers.standin.modes import Mode
from kimono.providers.standin.server import Standin
from tests.fixtures.langfuse import PATH, LangfuseServer, eventually, langfuse_server

KEYS = {"LANGFUSE_PUBLIC_KEY": "pk-lf-1", "LANGFUSE_SECRET_KEY": "sk-lf-1"}


@pytest.fixture
def langfuse(standin: Standin) -> Iterator[LangfuseServer]:
    """A Langfuse server that every call of the test is exported to."""
    with langfuse_server() as server:
        install(dataclasses.replace(current().config, langfuse=server.access))
        yield server
        tracing.install_exporter(None)


def exporter() -> LangfuseExporter:
    assert isinstance(tracing._exporter, LangfuseExporter)
    return tracing._exporter


async def asked(prompt: Prompt, *, ref: str = "turn-1", scope: str = "t_alpha") -> str:
    return (await chat(prompt, purpose=prompt.name, ref=ref, scope=scope, deadline_seconds=30.0)).text


async def test_a_call_is_told_of_with_everything(
    langfuse: LangfuseServer, prompt: Prompt, meter: MemoryMeter
) -> None:
    with entered(Entry(session_id="sess-1", name="stream_chat", trace_id="trace-1")):
        text = await asked(prompt)
    eventually(langfuse.generations)
    (request,) = langfuse.requests
    assert (request["path"], request["auth"]) == (PATH, ("Basic", "pk-lf-1:sk-lf-1"))
    (trace,), (told,), (record,) = langfuse.traces(), langfuse.generations(), meter.records
    assert (trace["id"], trace["name"], trace["sessionId"]) == ("trace-1", "stream_chat", "sess-1")
    assert (told["traceId"], told["name"], told["model"]) == ("trace-1", "answer_v1", "standin")
    assert told["input"] == [
        {"role": message.role, "content": message.content} for message in prompt.messages
    ]
    assert (told["output"], told["level"]) == (text, "DEFAULT")
    assert told["usage"] == {
        "promptTokens": record.tokens_input,
        "completionTokens": record.tokens_output,
        "totalTokens": record.tokens_input + record.tokens_output,
    }
    took = datetime.fromisoformat(told["endTime"]) - datetime.fromisoformat(told["startTime"])
    assert round(took.total_seconds() * 1000) == record.latency_ms


async def test_contacts_are_masked_in_every_message_and_in_the_answer(
    langfuse: LangfuseServer, standin: Standin
) -> None:
    source = "退货请拨打 13812345678 或写信到 li.lei@example.com 联系我们。"
    sources = f'<source id="1">{source}</source>\n问题：退货请拨打哪个电话？'
    prompt = Prompt(
        "answer", "v1", (Message("system", "店主的电话是 13998765432。"), Message("user", sources))
    )
    text = await asked(prompt)
    assert "13812345678" in text
    eventually(langfuse.generations)
    shown = str(langfuse.events)
    for secret in ("13812345678", "13998765432", "li.lei@example.com"):
        assert secret not in shown
    (told,) = langfuse.generations()
    assert "138****5678" in told["output"] and "139****5432" in told["input"][0]["content"]


async def test_failed_and_repeated_calls_are_told_of(
    langfuse: LangfuseServer, standin: Standin, prompt: Prompt, meter: MemoryMeter
) -> None:
    standin.behave(Mode.SERVER_ERROR)
    with pytest.raises(ProviderError):
        await asked(prompt)
    eventually(lambda: len(langfuse.generations()) == 3)
    assert [told["level"] for told in langfuse.generations()] == ["ERROR"] * 3
    assert {told["statusMessage"] for told in langfuse.generations()} == {"unavailable"}
    assert len({told["id"] for told in langfuse.generations()}) == len(meter.records) == 3
    assert len(langfuse.traces()) == 1
    assert {told["traceId"] for told in langfuse.generations()} == {langfuse.traces()[0]["id"]}


async def test_a_stream_that_is_left_is_told_of_with_what_came(
    langfuse: LangfuseServer, standin: Standin, prompt: Prompt, meter: MemoryMeter
) -> None:
    standin.state.token_delay = 0.2
    async with stream_chat(prompt, purpose="answer", ref="t", scope="a", deadline_seconds=60.0) as deltas:
        async for _ in deltas:
            break
    eventually(langfuse.generations)
    (told,), (record,) = langfuse.generations(), meter.records
    assert record.cancelled and told["level"] == "WARNING" and told["statusMessage"] == "cancelled"
    assert told["output"] == deltas.text != ""
    assert told["usage"]["completionTokens"] == record.tokens_output > 0
    assert told["completionStartTime"] >= told["startTime"]


async def test_calls_outside_of_an_entry_have_a_trace_for_each_purpose(
    langfuse: LangfuseServer, prompt: Prompt
) -> None:
    for name in ("recognize_intent", "query_rewrite"):
        with entered(Entry(session_id="sess-9")):
            await asked(dataclasses.replace(prompt, name=name))
    eventually(lambda: len(langfuse.generations()) == 2)
    assert [(trace["name"], trace["sessionId"]) for trace in langfuse.traces()] == [
        ("recognize_intent", "sess-9"),
        ("query_rewrite", "sess-9"),
    ]
    assert [told["name"] for told in langfuse.generations()] == ["recognize_intent_v1", "query_rewrite_v1"]


async def test_two_tenants_with_the_same_ids_have_traces_of_their_own(
    langfuse: LangfuseServer, prompt: Prompt
) -> None:
    await asyncio.gather(asked(prompt, scope="t_alpha"), asked(prompt, scope="t_beta"))
    eventually(lambda: len(langfuse.generations()) == 2)
    traces = {trace["id"]: trace["metadata"]["tenant"] for trace in langfuse.traces()}
    assert sorted(traces.values()) == ["t_alpha", "t_beta"]
    assert {traces[told["traceId"]]: told["metadata"]["tenant"] for told in langfuse.generations()} == {
        "t_alpha": "t_alpha",
        "t_beta": "t_beta",
    }


async def test_embeddings_are_told_of_and_the_local_encoder_is_not(langfuse: LangfuseServer) -> None:
    await embed(["一", "二"], purpose="search", ref="t", scope="a", kind="query", deadline_seconds=30.0)
    eventually(langfuse.generations)
    (told,) = langfuse.generations()
    assert (told["name"], told["model"]) == ("embedding_search", "standin-embed")
    assert told["input"] == [{"role": "user", "content": "一\n二"}]
    install(dataclasses.replace(current().config, embedding=None))
    await embed(["三"], purpose="search", ref="t", scope="a", kind="query", deadline_seconds=30.0)
    assert exporter().waiting == 0 and exporter()._thread is None


async def test_what_is_refused_was_no_call(
    langfuse: LangfuseServer, prompt: Prompt, meter: MemoryMeter
) -> None:
    meter.refusal = Refused("budget")
    with pytest.raises(CallRefused):
        await asked(prompt)
    assert exporter()._thread is None


@pytest.mark.parametrize("mode", ["slow", "401", "500", "404", "gone"])
async def test_calls_are_not_delayed_and_the_log_says_it_once(
    langfuse: LangfuseServer, prompt: Prompt, mode: str, caplog: pytest.LogCaptureFixture
) -> None:
    langfuse.mode = "ok" if mode == "gone" else mode
    access = langfuse.access
    if mode == "gone":
        access = dataclasses.replace(access, host="http://127.0.0.1:9")
    mine = LangfuseExporter(access, timeout_seconds=0.3, pauses=(0.05,))
    tracing.install_exporter(mine)
    with caplog.at_level(logging.INFO, "kimono.providers.langfuse"):
        for number in range(4):
            began = time.perf_counter()
            await asked(prompt, ref=f"turn-{number}")
            assert time.perf_counter() - began < 5.0
            # Each of them on its own: a request for each.
            eventually(lambda: mine.waiting == 0)
            await asyncio.sleep(0.4)
        eventually(lambda: mine.dropped == 4)
    said = [line for line in caplog.records if line.name.startswith("kimono.providers.langfuse")]
    assert len(said) == 1 and said[0].levelno == logging.WARNING
    assert "sk-lf-1" not in caplog.text


async def test_a_server_that_comes_back_is_sent_what_waits(langfuse: LangfuseServer, prompt: Prompt) -> None:
    langfuse.mode = "503"
    tracing.install_exporter(LangfuseExporter(langfuse.access, pauses=(0.2, 30.0)))
    await asked(prompt)
    eventually(lambda: langfuse.requests)
    langfuse.mode = "ok"
    eventually(lambda: len(langfuse.requests) == 2)
    first, second = langfuse.requests
    assert first["body"] == second["body"], "events keep their ids, so that none counts twice"


async def test_the_queue_is_bounded(
    langfuse: LangfuseServer, prompt: Prompt, caplog: pytest.LogCaptureFixture
) -> None:
    langfuse.mode, langfuse.seconds = "slow", 3.0
    mine = LangfuseExporter(langfuse.access, most_waiting=3)
    tracing.install_exporter(mine)
    await asked(prompt)
    eventually(lambda: langfuse.requests)
    for _ in range(10):
        await asked(prompt)
        assert mine.waiting <= 3
    assert mine.dropped == 7
    assert caplog.text.count("exports to Langfuse") == 1


async def test_what_langfuse_refuses_of_a_request_costs_nothing_else(
    langfuse: LangfuseServer, prompt: Prompt, caplog: pytest.LogCaptureFixture
) -> None:
    langfuse.mode = "refuses_some"
    for _ in range(2):
        await asked(prompt)
        eventually(lambda: exporter().waiting == 0)
        await asyncio.sleep(0.5)
    eventually(lambda: len(langfuse.generations()) == 2)
    assert exporter().dropped == 0 and caplog.text.count("were refused") == 1


async def test_large_prompts_go_in_several_requests(
    langfuse: LangfuseServer, standin: Standin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kimono.providers.langfuse.exporter.MOST_BYTES", 5_000)
    long = Prompt("long", "v1", (Message("user", "多" * 1_000),))
    await asyncio.gather(*(asked(long) for _ in range(4)))
    eventually(lambda: len(langfuse.generations()) == 4)
    assert len(langfuse.requests) == 4
    assert len(langfuse.traces()) == 1


async def test_a_strange_text_is_sent_all_the_same(langfuse: LangfuseServer, standin: Standin) -> None:
    standin.behave(Mode.RESET)
    with pytest.raises(ProviderError):
        await asked(Prompt("odd", "v1", (Message("user", "a\ud800b \x00"),)))
    eventually(langfuse.generations)


async def test_closing_sends_what_waits(langfuse: LangfuseServer, prompt: Prompt) -> None:
    await asked(prompt)
    tracing.close_exporter(10.0)
    assert len(langfuse.generations()) == 1
    await asked(prompt)
    assert exporter().waiting == 0


def test_a_forked_process_sends_its_own(langfuse: LangfuseServer, prompt: Prompt) -> None:
    asyncio.run(asked(prompt))
    eventually(langfuse.generations)
    before = exporter()._thread
    child = os.fork()
    if child == 0:
        os._exit(0 if exporter()._thread is None and exporter().waiting == 0 else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert exporter()._thread is before


@pytest.mark.parametrize(
    "env",
    [
        {},
        KEYS,
        KEYS | {"LANGFUSE_ENABLED": "False"},
        KEYS | {"LANGFUSE_ENABLED": "True", "LANGFUSE_PUBLIC_KEY": ""},
        KEYS | {"LANGFUSE_ENABLED": "True", "LANGFUSE_SECRET_KEY": " "},
    ],
)
def test_without_the_switch_or_a_key_nothing_is_exported(env: dict[str, str]) -> None:
    config = from_environment(env | {"LANGFUSE_HOST": "http://127.0.0.1:9"})
    assert config.langfuse is None
    before = current().config
    install(config)
    assert tracing._exporter is None
    install(before)


def test_the_environment_names_host_and_keys() -> None:
    config = from_environment(KEYS | {"LANGFUSE_ENABLED": "True"}).langfuse
    assert config is not None and config.host == "https://cloud.langfuse.com"
    assert "sk-lf-1" not in repr(config)
    own = from_environment(
        KEYS | {"LANGFUSE_ENABLED": "1", "LANGFUSE_HOST": "http://10.0.0.2:3000/"}
    ).langfuse
    assert own is not None and own.host == "http://10.0.0.2:3000"
    with pytest.raises(ConfigError, match="LANGFUSE_HOST"):
        from_environment(KEYS | {"LANGFUSE_ENABLED": "1", "LANGFUSE_HOST": "langfuse.local"})
