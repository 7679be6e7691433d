"""The one way to a provider: admitted, guarded, timed, retried and recorded."""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from kimono.lib.threads import in_thread
from kimono.providers import breakers, tracing
from kimono.providers.breakers import Guard
from kimono.providers.errors import CallRefused, ProviderError, RateLimited, TimedOut
from kimono.providers.metering import Meter, estimate_tokens, installed_meter
from kimono.providers.shapes import CallRecord, Message

logger = logging.getLogger(__name__)

T = TypeVar("T")

FIRST_RETRY_SECONDS = 0.25
LONGEST_RETRY_AFTER_SECONDS = 5.0
RECORD_WAIT_SECONDS = 2.0

# asyncio keeps only weak references to tasks; a record that outlives its caller must not vanish.
_recording: set[asyncio.Task[None]] = set()


_booked_as: ContextVar[str] = ContextVar("booked_as", default="")


@contextmanager
def booked(operation: str) -> Iterator[None]:
    """Book the calls of the block under `operation`: what is done to measure is no answer that a customer had."""
    token = _booked_as.set(operation)
    try:
        yield
    finally:
        _booked_as.reset(token)


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be done and by whom, the same for every attempt.

    `breaker` names the breaker of the provider. Work that is `free`, done in this process at no cost, is recorded
    but needs no admission: a merchant without budget can still search. What no model does is not `told` to the exporter.
    """

    provider: str
    model: str
    operation: str
    breaker: str
    prompt_name: str = ""
    prompt_version: str = ""
    attempts: int = 3
    free: bool = False
    told: bool = True


class Tally:
    """What one attempt used so far; the adapter fills it in, the record is made from it."""

    def __init__(
        self, *, input_text: str = "", deadline: float = float("inf"), messages: tuple[Message, ...] = ()
    ) -> None:
        self.deadline = deadline
        self.messages = messages
        self.started_at = datetime.now(UTC)
        self.output: list[str] = []
        self.first_token_ms: int | None = None
        self.usage: tuple[int, int] | None = None
        self._input_text = input_text
        self._began = time.perf_counter()

    @property
    def estimated(self) -> bool:
        """Tell whether the token counts are ours, for want of the provider's."""
        return self.usage is None

    @property
    def tokens(self) -> tuple[int, int]:
        """Return tokens in and out, as reported or else estimated from the texts."""
        if self.usage is not None:
            return self.usage
        return estimate_tokens(self._input_text), estimate_tokens("".join(self.output))

    @property
    def elapsed_ms(self) -> int:
        """Return the milliseconds since the attempt began."""
        return round((time.perf_counter() - self._began) * 1000)

    def received(self, text: str) -> None:
        """Note text that has come; the first stops the clock of the first token."""
        if self.first_token_ms is None:
            self.first_token_ms = self.elapsed_ms
        self.output.append(text)


@dataclass(frozen=True, slots=True)
class _Outcome:
    success: bool
    error_code: str | None
    cancelled: bool = False


async def call(
    purpose: str,
    ref: str,
    *,
    work: Work,
    scope: str,
    deadline_seconds: float,
    attempt: Callable[[Tally], Awaitable[T]],
    input_text: str = "",
    messages: tuple[Message, ...] = (),
) -> T:
    """Run `attempt` until it succeeds, may not be repeated, or `deadline_seconds` are over.

    Before each attempt the meter is asked, then the breaker of (`scope`, `work.breaker`); after each the meter is
    told, also when it failed or was cancelled. An attempt is repeated only while it has received no text. `scope` is
    the tenant's key, `input_text` what is sent, for estimating its tokens; `messages` are the same for the export, where
    it is a prompt. Raises ProviderError, nothing of a vendor's.
    """
    meter = installed_meter()
    deadline = asyncio.get_running_loop().time() + deadline_seconds
    number = 1
    while True:
        if not work.free:
            await _admit(meter, purpose, deadline)
        tally = Tally(
            input_text=input_text,
            deadline=deadline,
            messages=messages or (Message("user", input_text),),
        )
        try:
            return await _attempt_once(meter, purpose, ref, work, scope, tally, attempt)
        except ProviderError as error:
            delay = _delay_before_retry(error, tally, number=number, most=work.attempts)
            if delay is None or asyncio.get_running_loop().time() + delay >= deadline:
                raise
        await asyncio.sleep(delay)
        number += 1


async def _admit(meter: Meter, purpose: str, deadline: float) -> None:
    try:
        async with asyncio.timeout_at(deadline) as timer:
            refused = await in_thread(meter.admit, purpose)
    except TimeoutError as error:
        if not timer.expired():
            raise
        raise TimedOut("no time left before the call was admitted") from error
    if refused is not None:
        raise CallRefused(refused.reason)


async def _attempt_once(
    meter: Meter,
    purpose: str,
    ref: str,
    work: Work,
    scope: str,
    tally: Tally,
    attempt: Callable[[Tally], Awaitable[T]],
) -> T:
    with breakers.get(scope, work.breaker).guard() as guard:
        outcome = _Outcome(success=False, error_code="internal")
        try:
            result = await _within_deadline(attempt, tally)
            guard.succeeded()
            outcome = _Outcome(success=True, error_code=None)
            return result
        except asyncio.CancelledError:
            outcome = _Outcome(success=False, error_code="cancelled", cancelled=True)
            raise
        except ProviderError as error:
            _tell(guard, error)
            outcome = _Outcome(success=False, error_code=error.code)
            raise
        finally:
            record = _record_of(purpose, ref, work, tally, outcome)
            if work.told:
                tracing.tell(
                    scope=scope, record=record, messages=tally.messages, output="".join(tally.output)
                )
            await _record(meter, record)


async def _within_deadline(attempt: Callable[[Tally], Awaitable[T]], tally: Tally) -> T:
    try:
        async with asyncio.timeout_at(tally.deadline) as timer:
            return await attempt(tally)
    except TimeoutError as error:
        if not timer.expired():
            raise
        raise TimedOut("the time for the whole call is over", partial="".join(tally.output)) from error


def _tell(guard: Guard, error: ProviderError) -> None:
    if error.outage:
        guard.failed(f"{error.code}: {error.detail}")


def _delay_before_retry(error: ProviderError, tally: Tally, *, number: int, most: int) -> float | None:
    if not error.retryable or tally.first_token_ms is not None or number >= most:
        return None
    if isinstance(error, RateLimited) and error.retry_after is not None:
        return error.retry_after if error.retry_after <= LONGEST_RETRY_AFTER_SECONDS else None
    return FIRST_RETRY_SECONDS * 2.0 ** (number - 1) * random.uniform(0.5, 1.5)


def _record_of(purpose: str, ref: str, work: Work, tally: Tally, outcome: _Outcome) -> CallRecord:
    tokens_input, tokens_output = tally.tokens
    return CallRecord(
        provider=work.provider,
        model=work.model,
        operation=work.operation,
        purpose=purpose,
        ref=ref,
        prompt_name=work.prompt_name,
        prompt_version=work.prompt_version,
        tokens_input=tokens_input,
        tokens_output=tokens_output,
        latency_ms=tally.elapsed_ms,
        first_token_ms=tally.first_token_ms,
        success=outcome.success,
        error_code=outcome.error_code,
        cancelled=outcome.cancelled,
        started_at=tally.started_at,
        tokens_estimated=tally.estimated,
        booked_as=_booked_as.get(),
    )


def done_here(purpose: str, ref: str, *, work: Work, attempt: Callable[[], T], input_text: str) -> T:
    """Run `attempt` in this thread and record it: for free work without a vendor, which cannot fail or be stopped.

    Spares a caller that is in a thread already two changes of threads. What it raises is recorded and goes on.
    """
    meter = installed_meter()
    tally = Tally(input_text=input_text)
    outcome = _Outcome(success=False, error_code="internal")
    try:
        result = attempt()
        outcome = _Outcome(success=True, error_code=None)
        return result
    finally:
        record = _record_of(purpose, ref, work, tally, outcome)
        with _or_logged(record):
            meter.record(record)


async def _record(meter: Meter, record: CallRecord) -> None:
    # A task of its own: a second cancellation stops the waiting, never the recording.
    task = asyncio.create_task(_record_or_log(meter, record))
    _recording.add(task)
    task.add_done_callback(_recording.discard)
    await asyncio.wait({task}, timeout=RECORD_WAIT_SECONDS)


async def _record_or_log(meter: Meter, record: CallRecord) -> None:
    with _or_logged(record):
        await in_thread(meter.record, record)


@contextmanager
def _or_logged(record: CallRecord) -> Iterator[None]:
    try:
        yield
    except Exception:
        # The answer is there and paid for; losing it as well would help nobody.
        logger.exception("a provider call could not be recorded", extra={"call": record})
