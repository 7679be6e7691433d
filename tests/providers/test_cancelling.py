"""Whoever stops listening ends the call: the connection closes, the attempt is recorded, nothing hangs."""

import asyncio
import time
from collections.abc import Callable

import pytest

from kimono.providers import MemoryMeter, Prompt, chat, stream_chat
from kimono.providers.completion import ChatStream, StreamClosed
from kimono.providers.standin.modes import Mode
from kimono.providers.standin.server import Standin

pytestmark = pytest.mark.asyncio

# The promise is one second; a busy machine gets ten.
HARD_STOP = 10.0


def opened(prompt: Prompt) -> ChatStream:
    return stream_chat(prompt, purpose="answer", ref="turn-1", scope="a", deadline_seconds=60.0)


async def until(true: Callable[[], object]) -> None:
    for _ in range(int(HARD_STOP / 0.01)):
        if true():
            return
        await asyncio.sleep(0.01)
    pytest.fail("waited in vain")


async def closed_entry(standin: Standin) -> dict[str, object]:
    """Wait until the server has seen its only client leave."""
    await until(lambda: standin.log()[0]["closed_early"])
    (entry,) = standin.log()
    return entry


async def test_leaving_the_block_closes_the_connection_and_records_what_came(
    standin: Standin, prompt: Prompt, meter: MemoryMeter
) -> None:
    standin.state.token_delay = 0.2
    async with opened(prompt) as deltas:
        async for _ in deltas:
            break
        left_at = time.time()
    entry = await closed_entry(standin)
    assert isinstance(entry["closed_at"], float) and entry["closed_at"] - left_at < HARD_STOP
    assert entry["finished_at"] is None
    (record,) = meter.records
    assert record.cancelled and not record.success and record.error_code == "cancelled"
    assert record.tokens_estimated and record.tokens_output >= 1 and record.tokens_input > 20


async def test_cancelling_the_reader_closes_the_connection(
    standin: Standin, prompt: Prompt, meter: MemoryMeter
) -> None:
    standin.behave(Mode.STALL_MID)
    begun = asyncio.Event()

    async def read() -> None:
        async with opened(prompt) as deltas:
            async for _ in deltas:
                begun.set()

    task = asyncio.create_task(read())
    await asyncio.wait_for(begun.wait(), HARD_STOP)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await closed_entry(standin)
    assert [record.cancelled for record in meter.records] == [True]


async def test_cancelling_twice_still_records(standin: Standin, prompt: Prompt, meter: MemoryMeter) -> None:
    standin.behave(Mode.NEVER)
    task = asyncio.create_task(
        chat(prompt, purpose="answer", ref="t", scope="a", deadline_seconds=60.0),
    )
    await until(standin.log)
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await closed_entry(standin)
    await until(lambda: meter.records)
    assert [record.cancelled for record in meter.records] == [True]


async def test_an_error_in_the_reader_closes_the_connection(standin: Standin, prompt: Prompt) -> None:
    standin.state.token_delay = 0.2
    with pytest.raises(ZeroDivisionError):
        async with opened(prompt) as deltas:
            async for _ in deltas:
                raise ZeroDivisionError
    await closed_entry(standin)


async def test_a_stream_that_was_closed_says_so(standin: Standin, prompt: Prompt) -> None:
    standin.behave(Mode.STALL)
    async with opened(prompt) as deltas:
        pass
    with pytest.raises(StreamClosed):
        await anext(deltas)
    with pytest.raises(RuntimeError):
        _ = deltas.result
    await deltas.aclose()


async def test_a_stream_is_entered_before_it_is_read(standin: Standin, prompt: Prompt) -> None:
    with pytest.raises(RuntimeError, match="async with"):
        await anext(opened(prompt))
    assert standin.log() == []


async def test_reading_past_the_end_ends_again(standin: Standin, prompt: Prompt) -> None:
    async with opened(prompt) as deltas:
        assert [delta async for delta in deltas]
        assert [delta async for delta in deltas] == []


async def test_after_the_finish_reason_a_silent_server_is_not_waited_for(
    standin: Standin, prompt: Prompt
) -> None:
    standin.behave(Mode.NO_ENDING)
    async with asyncio.timeout(HARD_STOP), opened(prompt) as deltas:
        text = "".join([delta async for delta in deltas])
    assert deltas.result.text == text and text
    await closed_entry(standin)
