"""A turn in Langfuse: one trace for a stream, with all of its calls as they were recorded."""

import dataclasses
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from conversations.models import Turn
from conversations.services import traces
from conversations.services.turns import stopping
from kimono.lib import db
from kimono.lib.threads import in_thread
from kimono.providers import install, tracing
from kimono.providers.registry import current
from kimono.providers.standin.modes import Mode
from kimono.providers.standin.server import Standin
from tenants.models import UsageRecord
from tests.conversations.talking import AGENT_EYES, begin, events_of, run, say, settled, streamed
from tests.conversations.test_turn_order import take_over
from tests.fixtures.langfuse import LangfuseServer, eventually, langfuse_server
from tests.fixtures.tenants import tenant_called

QUESTION = "振袖清洗费是多少钱？我的电话是 13812345678"


@pytest.fixture
def langfuse(model: Standin) -> Iterator[LangfuseServer]:
    with langfuse_server() as server:
        install(dataclasses.replace(current().config, langfuse=server.access))
        yield server
        tracing.install_exporter(None)


def told_of(langfuse: LangfuseServer, count: int) -> list[dict[str, Any]]:
    eventually(lambda: len(langfuse.generations()) >= count)
    return langfuse.generations()


def usage_of(ref: str) -> list[tuple[str, int, int, int, bool, bool]]:
    rows = UsageRecord.objects.filter(ref=ref).exclude(prompt_name="")
    return sorted(
        (
            f"{row.prompt_name}_{row.prompt_version}",
            row.tokens_input,
            row.tokens_output,
            row.latency_ms,
            row.success,
            row.cancelled,
        )
        for row in rows
    )


def as_usage(told: dict[str, Any]) -> tuple[str, int, int, int, bool, bool]:
    usage = told["usage"]
    assert usage["totalTokens"] == usage["promptTokens"] + usage["completionTokens"]
    return (
        told["name"],
        usage["promptTokens"],
        usage["completionTokens"],
        told["metadata"]["latency_ms"],
        told["level"] == "DEFAULT",
        told["level"] == "WARNING",
    )


def test_a_stream_is_one_trace_with_all_of_its_calls(shop: Any, model: Any, langfuse: LangfuseServer) -> None:
    run(say("你们的和服可以租几天？", "lf-1"))
    tracing.close_exporter(10.0)
    langfuse.requests.clear()
    install(current().config)
    events = run(streamed(QUESTION, "lf-1"))
    meta = events[0].data
    turn = Turn.objects.get(trace_id=meta["trace_id"])
    recorded = usage_of(turn.public_id)
    told = told_of(langfuse, len(recorded))
    streams = [trace for trace in langfuse.traces() if trace["name"] == "stream_chat"]
    assert [(trace["id"], trace["sessionId"]) for trace in streams] == [
        (meta["trace_id"], meta["session_id"])
    ]
    mine = [each for each in told if each["traceId"] == meta["trace_id"]]
    assert sorted(map(as_usage, mine)) == recorded
    assert [each["name"] for each in sorted(mine, key=lambda each: each["name"])] == [
        "answer_grounded_v1",
        "query_rewrite_v1",
        "recognize_intent_v1",
    ]
    for each in mine:
        assert [message["role"] for message in each["input"]] == ["system", "user"]
        assert all(message["content"] for message in each["input"])
    assert "13812345678" not in str(langfuse.events) and "138****5678" in str(langfuse.events)
    shown = traces.get(trace_id=meta["trace_id"], now=timezone.now())
    assert {"recognize_intent", "rewrite_query", "retrieve", "generate"} <= {
        step["name"] for step in shown["steps"]
    }


def test_calls_outside_of_a_stream_have_traces_of_their_own(
    shop: Any, model: Any, langfuse: LangfuseServer
) -> None:
    answered = run(say(QUESTION))
    told = told_of(langfuse, 2)
    assert {trace["name"] for trace in langfuse.traces()} == {"recognize_intent", "answer"}
    assert {trace["sessionId"] for trace in langfuse.traces()} == {answered.response["session_id"]}
    assert {each["traceId"] for each in told} == {trace["id"] for trace in langfuse.traces()}


@pytest.mark.parametrize("how", ["stop", "take_over"])
def test_a_stream_that_is_cut_short_is_accounted_for_and_told_of(
    shop: Any, model: Standin, langfuse: LangfuseServer, how: str
) -> None:
    model.state.token_delay = 0.15

    async def cut() -> str:
        begun = await begin(QUESTION)
        session = begun.conversation.public_id
        cut_short = False
        async for event in events_of(begun):
            if event.name == "token" and not cut_short:
                cut_short = True
                if how == "stop":
                    await stopping.stop(
                        session_id=session, reader=AGENT_EYES, message_id=None, now=timezone.now()
                    )
                else:
                    await in_thread(take_over, session)
        await settled()
        return begun.turn.public_id

    ref = run(cut())
    turn = Turn.objects.get(public_id=ref)
    row = UsageRecord.objects.get(ref=ref, prompt_name="answer_grounded")
    assert row.cancelled and not row.success and row.tokens_input > 50 and row.tokens_output > 0
    assert turn.tokens_output >= row.tokens_output and turn.tokens_input >= row.tokens_input
    eventually(lambda: [each for each in langfuse.generations() if each["level"] == "WARNING"])
    assert sorted(map(as_usage, langfuse.generations())) == usage_of(ref)


def test_failed_calls_are_told_of(shop: Any, model: Standin, langfuse: LangfuseServer) -> None:
    model.behave(Mode.SERVER_ERROR)
    events = run(streamed("振袖清洗费是多少钱？"))
    turn = Turn.objects.get(trace_id=events[0].data["trace_id"])
    recorded = usage_of(turn.public_id)
    assert recorded and not any(row[4] for row in recorded)
    assert sorted(map(as_usage, told_of(langfuse, len(recorded)))) == recorded


@pytest.mark.parametrize("mode", ["slow", "500"])
def test_a_stream_ends_as_soon_as_without_langfuse(
    shop: Any, model: Any, langfuse: LangfuseServer, mode: str
) -> None:
    langfuse.mode, langfuse.seconds = mode, 20.0
    began = time.monotonic()
    events = run(streamed("振袖清洗费是多少钱？"))
    assert time.monotonic() - began < 15.0
    assert events[-1].name == "done" and events[-1].data["data"]["degraded"] is None


def test_two_merchants_never_meet(shop: Any, model: Any, langfuse: LangfuseServer) -> None:
    from tests.knowledge.filling import add_document

    beta = tenant_called("beta")
    with db.tenant_scope(beta):
        add_document("b.md", "贝塔店的浴衣清洗费是八十八元。", title="贝塔店清洗")
    spoken = {}
    for tenant, question in ((shop, "振袖清洗费是多少钱？"), (beta, "贝塔店的浴衣清洗费是多少？")):
        with db.tenant_scope(tenant):
            meta = run(streamed(question))[0].data
            spoken[tenant.schema_name] = (meta["session_id"], meta["trace_id"], question)
    told_of(langfuse, 4)
    assert {trace["metadata"]["tenant"] for trace in langfuse.traces()} == set(spoken)
    for schema, words in spoken.items():
        others = [event["body"] for event in langfuse.events if event["body"]["metadata"]["tenant"] != schema]
        assert others and not any(word in str(body) for word in words for body in others)
