"""Every way a model server can fail, over a real socket, for whole and for streamed answers."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

import pytest

from kimono.providers import MemoryMeter, Prompt, ProviderError, chat, stream_chat
from kimono.providers.config import Patience, ProvidersConfig
from kimono.providers.errors import (
    EmptyAnswer,
    Malformed,
    Misconfigured,
    RateLimited,
    TimedOut,
    Truncated,
    Unavailable,
)
from kimono.providers.registry import current, install
from kimono.providers.standin.modes import Mode
from kimono.providers.standin.server import Standin

pytestmark = pytest.mark.asyncio

GOOD_ANSWER = "Returns are accepted within 14 days of delivery.[2]"
DEADLINE = 8.0


@dataclass(frozen=True)
class Fault:
    mode: Mode
    whole: type[ProviderError]
    streamed: type[ProviderError]
    requests_whole: int
    requests_streamed: int


FAULTS = (
    Fault(Mode.STALL, TimedOut, TimedOut, 3, 3),
    Fault(Mode.STALL_MID, TimedOut, TimedOut, 3, 1),
    Fault(Mode.NEVER, TimedOut, TimedOut, 3, 3),
    Fault(Mode.TRUNCATED, Truncated, Truncated, 1, 1),
    Fault(Mode.HTML, Malformed, Malformed, 1, 1),
    Fault(Mode.BROKEN_JSON, Malformed, Malformed, 1, 1),
    Fault(Mode.ERROR_IN_STREAM, Unavailable, Unavailable, 3, 1),
    Fault(Mode.RESET, Unavailable, Unavailable, 3, 3),
    Fault(Mode.RESET_MID, Unavailable, Unavailable, 3, 1),
    Fault(Mode.RATE_LIMITED, RateLimited, RateLimited, 3, 3),
    Fault(Mode.SERVER_ERROR, Unavailable, Unavailable, 3, 3),
    Fault(Mode.OVERLOADED, Unavailable, Unavailable, 3, 3),
    Fault(Mode.EMPTY_CHOICES, EmptyAnswer, EmptyAnswer, 1, 1),
    Fault(Mode.EMPTY_TEXT, EmptyAnswer, EmptyAnswer, 1, 1),
    Fault(Mode.WRONG_MODEL, Misconfigured, Misconfigured, 1, 1),
    Fault(Mode.OVERLONG, Truncated, Truncated, 1, 1),
)
# Modes in which text comes before the fault.
WITH_PARTIAL = {
    Mode.STALL_MID,
    Mode.TRUNCATED,
    Mode.BROKEN_JSON,
    Mode.ERROR_IN_STREAM,
    Mode.RESET_MID,
    Mode.OVERLONG,
}
fault_by_mode = pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.mode.value)


def impatient_with(mode: Mode) -> None:
    """Notice a stall soon; for other modes, a busy machine keeps its time."""
    if mode in {Mode.STALL, Mode.STALL_MID, Mode.NEVER}:
        install(replace(current().config, patience=Patience(5.0, 0.3, 3)))


async def ask(prompt: Prompt, deadline: float = DEADLINE, max_tokens: int = 1024) -> str:
    answer = await chat(
        prompt, purpose="answer", ref="turn-1", scope="a", deadline_seconds=deadline, max_tokens=max_tokens
    )
    return answer.text


async def ask_streamed(prompt: Prompt, deadline: float = DEADLINE, max_tokens: int = 1024) -> str:
    async with stream_chat(
        prompt, purpose="answer", ref="turn-1", scope="a", deadline_seconds=deadline, max_tokens=max_tokens
    ) as deltas:
        text = "".join([delta async for delta in deltas])
    assert deltas.result.text == deltas.text == text
    return text


either_way = pytest.mark.parametrize("way", [ask, ask_streamed])


@fault_by_mode
async def test_a_fault_of_a_whole_answer_gets_its_name(
    fault: Fault, standin: Standin, prompt: Prompt, meter: MemoryMeter
) -> None:
    standin.behave(fault.mode)
    impatient_with(fault.mode)
    with pytest.raises(fault.whole) as caught:
        await ask(prompt)
    assert type(caught.value) is fault.whole
    assert len(standin.log()) == fault.requests_whole == len(meter.asked)
    assert [record.error_code for record in meter.records] == [fault.whole.code] * fault.requests_whole
    assert not any(record.success or record.cancelled for record in meter.records)


@fault_by_mode
async def test_a_fault_of_a_stream_gets_its_name_and_keeps_the_text(
    fault: Fault, standin: Standin, prompt: Prompt, meter: MemoryMeter
) -> None:
    standin.behave(fault.mode)
    impatient_with(fault.mode)
    seen: list[str] = []
    with pytest.raises(fault.streamed) as caught:
        async with stream_chat(
            prompt, purpose="answer", ref="turn-1", scope="a", deadline_seconds=DEADLINE
        ) as deltas:
            async for delta in deltas:
                seen.append(delta)
    assert type(caught.value) is fault.streamed
    assert caught.value.partial == "".join(seen) == deltas.text
    assert bool(seen) == (fault.mode in WITH_PARTIAL)
    assert len(standin.log()) == fault.requests_streamed == len(meter.asked)
    assert [record.error_code for record in meter.records] == [fault.streamed.code] * fault.requests_streamed
    with pytest.raises(RuntimeError):
        _ = deltas.result


@either_way
async def test_a_good_answer_is_recorded_with_its_usage(
    way: Callable[[Prompt], Awaitable[str]], standin: Standin, prompt: Prompt, meter: MemoryMeter
) -> None:
    assert await way(prompt) == GOOD_ANSWER
    (record,) = meter.records
    assert (record.provider, record.model, record.operation) == ("local", "standin", "chat")
    assert (record.purpose, record.ref, record.prompt_name, record.prompt_version) == (
        "answer",
        "turn-1",
        "answer",
        "v1",
    )
    assert record.success and record.error_code is None and not record.tokens_estimated
    assert record.tokens_input > 20 and record.tokens_output > 5
    assert record.first_token_ms is not None and record.first_token_ms <= record.latency_ms
    assert record.started_at.utcoffset() is not None


@either_way
async def test_usage_that_is_not_reported_is_estimated_and_says_so(
    way: Callable[[Prompt], Awaitable[str]], standin: Standin, prompt: Prompt, meter: MemoryMeter
) -> None:
    await way(prompt)
    standin.behave(Mode.NO_USAGE)
    await way(prompt)
    reported, estimated = meter.records
    assert estimated.tokens_estimated
    assert estimated.tokens_output == reported.tokens_output
    assert abs(estimated.tokens_input - reported.tokens_input) <= 2


@either_way
async def test_a_fault_that_passes_is_retried_until_the_answer_comes(
    way: Callable[[Prompt], Awaitable[str]], standin: Standin, prompt: Prompt, meter: MemoryMeter
) -> None:
    standin.behave(Mode.OVERLOADED, times=2)
    assert await way(prompt) == GOOD_ANSWER
    assert [record.error_code for record in meter.records] == ["unavailable", "unavailable", None]
    assert len(meter.asked) == 3


async def test_a_refused_attempt_costs_no_tokens(
    standin: Standin, prompt: Prompt, meter: MemoryMeter
) -> None:
    standin.behave(Mode.SERVER_ERROR, times=1)
    await ask(prompt)
    assert (meter.records[0].tokens_input, meter.records[0].tokens_output) == (0, 0)


@either_way
async def test_a_wait_that_is_too_long_is_not_waited_for(
    way: Callable[[Prompt], Awaitable[str]], standin: Standin, prompt: Prompt
) -> None:
    standin.state.retry_after = 6.0
    standin.behave(Mode.RATE_LIMITED)
    with pytest.raises(RateLimited) as caught:
        await way(prompt)
    assert caught.value.retry_after == 6.0
    assert len(standin.log()) == 1


@either_way
async def test_a_wait_beyond_the_deadline_is_not_begun(
    way: Callable[[Prompt, float], Awaitable[str]], standin: Standin, prompt: Prompt
) -> None:
    standin.state.retry_after = 4.0
    standin.behave(Mode.RATE_LIMITED)
    with pytest.raises(RateLimited):
        await way(prompt, 3.0)
    assert len(standin.log()) == 1


@either_way
@pytest.mark.parametrize("mode", [Mode.NEVER, Mode.STALL, Mode.SLOW])
async def test_the_deadline_ends_everything(
    way: Callable[[Prompt, float], Awaitable[str]],
    mode: Mode,
    standin: Standin,
    prompt: Prompt,
    meter: MemoryMeter,
) -> None:
    standin.behave(mode)
    async with asyncio.timeout(3.0):
        with pytest.raises(TimedOut):
            await way(prompt, 0.3)
    assert meter.records[-1].error_code == "timed_out"
    assert not meter.records[-1].cancelled


async def test_a_first_token_that_is_late_is_a_time_out(standin: Standin, prompt: Prompt) -> None:
    standin.behave(Mode.STALL, times=3)
    async with asyncio.timeout(6.0):
        with pytest.raises(TimedOut, match="no text within"):
            async with stream_chat(
                prompt,
                purpose="answer",
                ref="t",
                scope="a",
                deadline_seconds=DEADLINE,
                first_token_seconds=0.2,
            ) as deltas:
                async for _ in deltas:
                    pass
    assert len(standin.log()) == 3


async def test_the_limit_for_the_first_token_does_not_end_a_stream_that_has_begun(
    standin: Standin, prompt: Prompt
) -> None:
    standin.behave(Mode.SLOW)
    async with stream_chat(
        prompt, purpose="answer", ref="t", scope="a", deadline_seconds=DEADLINE, first_token_seconds=0.5
    ) as deltas:
        text = "".join([delta async for delta in deltas])
    assert text == GOOD_ANSWER
    assert deltas.result.latency_ms > 500


@either_way
async def test_an_answer_is_read_no_further_than_its_bound(
    way: Callable[[Prompt, float, int], Awaitable[str]], standin: Standin, prompt: Prompt
) -> None:
    standin.behave(Mode.OVERLONG)
    with pytest.raises(Truncated) as caught:
        await way(prompt, DEADLINE, 10)
    assert caught.value.reason == "overlong"
    assert len(caught.value.partial) == 80


@either_way
async def test_a_server_that_is_not_there_is_unavailable(
    way: Callable[[Prompt], Awaitable[str]], standin: Standin, prompt: Prompt, meter: MemoryMeter
) -> None:
    chat_config = current().config.chat
    assert chat_config is not None
    # Port 1 of the loopback is never served.
    gone = type(chat_config)("local", "http://127.0.0.1:1/v1", "standin")
    install(ProvidersConfig(chat=gone, patience=Patience(1.0, 1.0, 2)))
    with pytest.raises(Unavailable):
        await way(prompt)
    assert [(record.error_code, record.tokens_input) for record in meter.records] == [("unavailable", 0)] * 2


@either_way
async def test_a_model_the_server_does_not_know_is_misconfigured(
    way: Callable[[Prompt], Awaitable[str]], standin: Standin, prompt: Prompt
) -> None:
    chat_config = current().config.chat
    assert chat_config is not None
    install(ProvidersConfig(chat=type(chat_config)("local", standin.base_url, "gpt-unknown")))
    with pytest.raises(Misconfigured, match="gpt-unknown"):
        await way(prompt)
