"""Nothing reaches a provider unasked, and nothing that reached one goes unrecorded."""

import asyncio
import dataclasses
import time

import pytest

from kimono.providers import (
    CallRecord,
    CallRefused,
    MemoryMeter,
    Prompt,
    ProvidersConfig,
    Refused,
    TimedOut,
    chat,
    embed,
    embed_here,
    install,
    metering,
    stream_chat,
)
from kimono.providers.metering import estimate_tokens
from kimono.providers.standin.modes import Mode
from kimono.providers.standin.server import Standin

pytestmark = pytest.mark.asyncio


async def test_a_refused_call_makes_no_request(standin: Standin, prompt: Prompt, meter: MemoryMeter) -> None:
    meter.refusal = Refused("budget")
    with pytest.raises(CallRefused) as caught:
        await chat(prompt, purpose="answer", ref="t", scope="a", deadline_seconds=5)
    assert caught.value.reason == "budget"
    with pytest.raises(CallRefused):
        async with stream_chat(prompt, purpose="answer", ref="t", scope="a", deadline_seconds=5) as deltas:
            await anext(deltas)
    assert standin.log() == [] and meter.records == []
    assert meter.asked == ["answer", "answer"]


async def test_the_meter_is_asked_before_each_attempt(
    standin: Standin, prompt: Prompt, meter: MemoryMeter
) -> None:
    class OnceOnly(MemoryMeter):
        def admit(self, purpose: str) -> Refused | None:
            super().admit(purpose)
            return Refused("budget") if len(self.asked) > 1 else None

    once = OnceOnly()
    metering.install_meter(once)
    standin.behave(Mode.SERVER_ERROR)
    with pytest.raises(CallRefused):
        await chat(prompt, purpose="answer", ref="t", scope="a", deadline_seconds=5)
    assert len(standin.log()) == 1
    assert [record.error_code for record in once.records] == ["unavailable"]


async def test_without_a_meter_nothing_is_called(
    standin: Standin, prompt: Prompt, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metering, "_meter", None)
    with pytest.raises(RuntimeError, match="no meter"):
        await chat(prompt, purpose="answer", ref="t", scope="a", deadline_seconds=5)
    assert standin.log() == []


async def test_an_answer_is_not_lost_because_it_could_not_be_recorded(
    standin: Standin, prompt: Prompt, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(MemoryMeter):
        def record(self, record: CallRecord) -> None:
            raise OSError("disk full")

    metering.install_meter(Broken())
    answer = await chat(prompt, purpose="answer", ref="t", scope="a", deadline_seconds=5)
    assert answer.text.endswith("[2]")
    assert "could not be recorded" in caplog.text


async def test_vectors_made_in_the_callers_thread_are_recorded_and_not_lost(
    meter: MemoryMeter, caplog: pytest.LogCaptureFixture
) -> None:
    async def awaited() -> list[list[float]]:
        made = await embed(["hello"], purpose="p", ref="t", scope="a", kind="query", deadline_seconds=5)
        return made.vectors

    install(ProvidersConfig())
    assert embed_here(["hello"], purpose="p", ref="t") == await awaited()
    (here, there) = meter.records
    assert dataclasses.replace(here, started_at=there.started_at, latency_ms=there.latency_ms) == there

    class Broken(MemoryMeter):
        def record(self, record: CallRecord) -> None:
            raise OSError("disk full")

    metering.install_meter(Broken())
    assert len(embed_here(["hello"], purpose="p", ref="t")) == 1
    assert "could not be recorded" in caplog.text


async def test_a_slow_meter_counts_against_the_deadline(standin: Standin, prompt: Prompt) -> None:
    class Slow(MemoryMeter):
        def admit(self, purpose: str) -> Refused | None:
            time.sleep(0.5)
            return None

    metering.install_meter(Slow())
    async with asyncio.timeout(10):
        with pytest.raises(TimedOut, match="before the call was admitted"):
            await chat(prompt, purpose="answer", ref="t", scope="a", deadline_seconds=0.05)
    assert standin.log() == []


async def test_a_merchant_without_budget_can_still_search(standin: Standin, meter: MemoryMeter) -> None:
    meter.refusal = Refused("budget")
    result = await embed(["hello"], purpose="search", ref="t", scope="a", kind="query", deadline_seconds=5)
    assert (result.mode, result.error_code, result.degraded) == ("fallback", "refused", True)
    assert standin.log() == []
    (record,) = meter.records
    assert (record.provider, record.success) == ("local", True)


@pytest.mark.parametrize(
    ("text", "tokens"), [("", 0), ("abcd", 1), ("abcde", 2), ("退货", 2), ("退货 ab", 3)]
)
async def test_estimates(text: str, tokens: int) -> None:
    assert estimate_tokens(text) == tokens
