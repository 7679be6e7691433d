"""Vectors from a server, its faults, and the local encoder that stands in."""

from dataclasses import replace

import pytest

from kimono.providers import MemoryMeter, ProvidersConfig, breakers, embed, install
from kimono.providers.config import EmbeddingEndpoint, Patience
from kimono.providers.errors import (
    EmptyAnswer,
    Malformed,
    Misconfigured,
    ProviderError,
    RateLimited,
    TimedOut,
    Unavailable,
)
from kimono.providers.local import LocalEncoder
from kimono.providers.registry import current
from kimono.providers.shapes import Embedded
from kimono.providers.standin.modes import Mode
from kimono.providers.standin.server import Standin

pytestmark = pytest.mark.asyncio

FAULTS: tuple[tuple[Mode, type[ProviderError], int], ...] = (
    (Mode.STALL, TimedOut, 3),
    (Mode.NEVER, TimedOut, 3),
    (Mode.HTML, Malformed, 1),
    (Mode.BROKEN_JSON, Malformed, 1),
    (Mode.RESET, Unavailable, 3),
    (Mode.RESET_MID, Unavailable, 3),
    (Mode.RATE_LIMITED, RateLimited, 3),
    (Mode.SERVER_ERROR, Unavailable, 3),
    (Mode.OVERLOADED, Unavailable, 3),
    (Mode.EMPTY_CHOICES, EmptyAnswer, 1),
    (Mode.WRONG_MODEL, Misconfigured, 1),
    (Mode.WRONG_DIMENSIONS, Misconfigured, 1),
)


def impatient_with(mode: Mode) -> None:
    """Notice a stall soon; for other modes, a busy machine keeps its time."""
    if mode in {Mode.STALL, Mode.STALL_MID, Mode.NEVER}:
        install(replace(current().config, patience=Patience(5.0, 0.3, 3)))


async def vectors(*texts: str, fallback: bool = True, deadline: float = 8.0) -> Embedded:
    return await embed(
        texts,
        purpose="search",
        ref="t",
        scope="a",
        kind="query",
        deadline_seconds=deadline,
        fallback=fallback,
    )


async def test_texts_go_in_batches_and_come_back_in_order(standin: Standin, meter: MemoryMeter) -> None:
    texts = [f"text number {number}" for number in range(10)]
    result = await vectors(*texts)
    assert (result.mode, result.encoder_id, result.degraded) == ("model", "standin-embed-384", False)
    assert result.vectors == LocalEncoder(384).encode(texts)
    assert [record.operation for record in meter.records] == ["embedding"] * 3
    assert all(record.tokens_input > 0 and not record.tokens_estimated for record in meter.records)
    bodies = [entry["body"] for entry in standin.log()]
    assert [len(body["input"]) for body in bodies if isinstance(body, dict)] == [4, 4, 2]


async def test_no_texts_need_no_request(standin: Standin, meter: MemoryMeter) -> None:
    assert (await vectors()).vectors == []
    assert standin.log() == [] and meter.records == []


@pytest.mark.parametrize(("mode", "error", "requests"), FAULTS)
async def test_a_fault_gets_its_name(
    mode: Mode, error: type[ProviderError], requests: int, standin: Standin, meter: MemoryMeter
) -> None:
    standin.behave(mode)
    impatient_with(mode)
    with pytest.raises(error) as caught:
        await vectors("hello", fallback=False)
    assert type(caught.value) is error
    assert len(standin.log()) == requests
    assert [record.error_code for record in meter.records] == [error.code] * requests


@pytest.mark.parametrize(("mode", "error", "requests"), FAULTS)
async def test_the_local_encoder_stands_in_and_says_why(
    mode: Mode, error: type[ProviderError], requests: int, standin: Standin, meter: MemoryMeter
) -> None:
    standin.behave(mode)
    impatient_with(mode)
    result = await vectors("hello")
    assert (result.mode, result.error_code, result.degraded) == ("fallback", error.code, True)
    assert result.encoder_id == LocalEncoder().encoder_id
    assert result.vectors == LocalEncoder().encode(["hello"])
    assert meter.records[-1].provider == "local" and meter.records[-1].success


async def test_an_open_breaker_leads_straight_to_the_local_encoder(standin: Standin) -> None:
    for _ in range(5):
        with breakers.get("a", "embedding").guard() as guard:
            guard.failed("boom")
    assert (await vectors("hello")).error_code == "breaker_open"
    assert standin.log() == []


async def test_without_a_model_the_local_encoder_is_no_degradation(
    standin: Standin, meter: MemoryMeter
) -> None:
    install(ProvidersConfig())
    result = await vectors("hello", "world")
    assert (result.mode, result.error_code, result.degraded) == ("fallback", None, False)
    (record,) = meter.records
    assert (record.provider, record.model, record.operation) == ("local", "local-hash-v1-384", "embedding")
    assert record.success and record.tokens_estimated and record.tokens_input > 0


async def test_shorter_vectors_are_asked_for_only_when_that_is_configured(standin: Standin) -> None:
    shorter = EmbeddingEndpoint(
        "local", standin.base_url, "standin-embed", dimensions=64, send_dimensions=True
    )
    install(ProvidersConfig(embedding=shorter))
    result = await vectors("hello")
    assert (result.mode, len(result.vectors[0]), result.encoder_id) == ("model", 64, "standin-embed-64")
    assert current().encoder.dimensions == 64
