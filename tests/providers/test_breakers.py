"""Breakers: when they open, whom they concern, how they close."""

import asyncio

import pytest

from kimono.providers import MemoryMeter, Prompt, breakers, chat
from kimono.providers.breakers import Breaker
from kimono.providers.config import BreakerLimits
from kimono.providers.errors import BreakerOpen, Malformed, Truncated, Unavailable
from kimono.providers.standin.modes import Mode
from kimono.providers.standin.server import Standin

LIMITS = BreakerLimits(failures=3, seconds=10.0, probe_seconds=20.0)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker("llm", LIMITS, clock=clock)


def fail(breaker: Breaker, times: int = 1) -> None:
    for _ in range(times):
        with breaker.guard() as guard:
            guard.failed("boom")


def succeed(breaker: Breaker) -> None:
    with breaker.guard() as guard:
        guard.succeeded()


def test_it_opens_at_the_threshold_and_not_before(breaker: Breaker) -> None:
    fail(breaker, 2)
    assert breaker.snapshot()["state"] == "closed"
    fail(breaker)
    assert breaker.snapshot()["state"] == "open"
    with pytest.raises(BreakerOpen) as caught, breaker.guard():
        pytest.fail("an open breaker let an attempt through")
    assert caught.value.retry_after == 20.0


def test_failures_that_are_long_ago_do_not_count(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, 2)
    clock.now += 11.0
    fail(breaker, 2)
    assert (breaker.snapshot()["state"], breaker.snapshot()["failure_count"]) == ("closed", 2)


def test_after_a_while_one_probe_passes_and_closes_it(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, 3)
    clock.now += 20.0
    assert breaker.snapshot()["state"] == "half_open"
    with breaker.guard() as probe:
        with pytest.raises(BreakerOpen), breaker.guard():
            pytest.fail("a second probe passed")
        probe.succeeded()
    assert (breaker.snapshot()["state"], breaker.snapshot()["failure_count"]) == ("closed", 0)


def test_a_failed_probe_opens_it_again(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, 3)
    clock.now += 20.0
    fail(breaker)
    assert breaker.snapshot()["state"] == "open"
    clock.now += 19.0
    with pytest.raises(BreakerOpen), breaker.guard():
        pytest.fail("the second wait was cut short")


def test_a_probe_that_says_nothing_lets_the_next_one_in(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, 3)
    clock.now += 20.0
    with breaker.guard():
        pass
    assert breaker.snapshot()["state"] == "half_open"
    succeed(breaker)
    assert breaker.snapshot()["state"] == "closed"


def test_a_straggler_does_not_put_off_the_probe(breaker: Breaker, clock: Clock) -> None:
    with breaker.guard() as straggler:
        fail(breaker, 3)
        clock.now += 15.0
        straggler.failed("late")
    clock.now += 5.0
    assert breaker.snapshot()["state"] == "half_open"


def test_a_straggler_that_succeeds_does_not_close_it(breaker: Breaker) -> None:
    with breaker.guard() as straggler:
        fail(breaker, 3)
        straggler.succeeded()
    assert breaker.snapshot()["state"] == "open"


def test_two_successes_can_be_asked_for(clock: Clock) -> None:
    breaker = Breaker("llm", LIMITS, success_threshold=2, clock=clock)
    fail(breaker, 3)
    clock.now += 20.0
    succeed(breaker)
    assert (breaker.snapshot()["state"], breaker.snapshot()["success_count"]) == ("half_open", 1)
    succeed(breaker)
    assert breaker.snapshot()["state"] == "closed"


def test_the_snapshot_tells_the_story(breaker: Breaker) -> None:
    succeed(breaker)
    fail(breaker, 3)
    shown = breaker.snapshot()
    assert (shown["failure_threshold"], shown["recovery_timeout"], shown["success_threshold"]) == (3, 20.0, 1)
    assert (shown["total_failures"], shown["total_successes"], shown["failure_count"]) == (3, 1, 3)
    assert shown["last_failure"] == "boom"
    assert shown["last_opened_at"] and shown["last_failure_at"] and shown["last_success_at"]


def test_reset_closes_one_breaker_and_keeps_its_totals() -> None:
    breakers.configure(LIMITS)
    fail(breakers.get("a", "redis"), 3)
    fail(breakers.get("b", "redis"), 3)
    assert breakers.reset("a", "redis")
    assert breakers.snapshot("a")["redis"]["state"] == "closed"
    assert breakers.snapshot("a")["redis"]["total_failures"] == 3
    assert breakers.snapshot("b")["redis"]["state"] == "open"
    assert not breakers.reset("a", "no_such_breaker")


def test_a_snapshot_names_every_breaker_also_unused_ones() -> None:
    breakers.configure(LIMITS)
    assert set(breakers.snapshot("new")) == {
        "llm",
        "embedding",
        "rerank",
        "vector_store",
        "business_api",
        "redis",
    }
    assert breakers.snapshot("new")["llm"]["failure_threshold"] == 3


async def ask(prompt: Prompt, scope: str) -> None:
    await chat(prompt, purpose="answer", ref="t", scope=scope, deadline_seconds=5)


@pytest.mark.asyncio
async def test_failing_calls_open_the_breaker_of_their_tenant_only(
    standin: Standin, prompt: Prompt, meter: MemoryMeter
) -> None:
    breakers.configure(BreakerLimits(failures=5, seconds=30.0, probe_seconds=30.0))
    standin.behave(Mode.SERVER_ERROR)
    for _ in range(2):
        with pytest.raises((Unavailable, BreakerOpen)):
            await ask(prompt, "a")
    assert len(standin.log()) == 5 == len(meter.records)
    with pytest.raises(BreakerOpen):
        await ask(prompt, "a")
    assert len(standin.log()) == 5 == len(meter.records)
    standin.behave(Mode.OK)
    await ask(prompt, "b")
    assert breakers.snapshot("a")["llm"]["state"] == "open"
    assert breakers.snapshot("b")["llm"]["total_successes"] == 1


@pytest.mark.asyncio
async def test_a_provider_that_recovers_is_used_again(standin: Standin, prompt: Prompt) -> None:
    breakers.configure(BreakerLimits(failures=1, seconds=30.0, probe_seconds=0.001))
    standin.behave(Mode.WRONG_MODEL, times=1)
    with pytest.raises(Unavailable):
        await ask(prompt, "a")
    assert breakers.snapshot("a")["llm"]["total_failures"] == 1
    await asyncio.sleep(0.05)
    await ask(prompt, "a")
    assert breakers.snapshot("a")["llm"]["state"] == "closed"


@pytest.mark.asyncio
async def test_what_is_wrong_with_one_answer_does_not_speak_against_the_provider(
    standin: Standin, prompt: Prompt
) -> None:
    breakers.configure(BreakerLimits(failures=1, seconds=30.0, probe_seconds=30.0))
    standin.behave(Mode.OVERLONG)
    with pytest.raises(Truncated):
        await ask(prompt, "a")
    standin.behave(Mode.INVALID_DATA)
    with pytest.raises(Malformed):
        await chat(
            prompt,
            purpose="intent",
            ref="t",
            scope="a",
            deadline_seconds=5,
            schema={"type": "object", "required": ["intent"]},
        )
    assert breakers.snapshot("a")["llm"]["total_failures"] == 0
