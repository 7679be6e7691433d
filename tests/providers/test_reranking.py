"""Rerankers over a real socket: what they say, and every way in which they can fail."""

import dataclasses
from typing import Any

import pytest

from kimono.providers import MemoryMeter, NotConfigured, ProviderError, current, install, rerank
from kimono.providers.breakers import get, reset
from kimono.providers.config import ConfigError, Patience, RerankEndpoint, from_environment
from kimono.providers.errors import (
    BreakerOpen,
    EmptyAnswer,
    Malformed,
    Misconfigured,
    RateLimited,
    TimedOut,
    Unavailable,
)
from kimono.providers.openai_compatible.reranking import _scores
from kimono.providers.standin.modes import Mode
from kimono.providers.standin.server import Standin

TEXTS = ["Parking is free.", "Returns are accepted within 14 days.", "Returns need the receipt."]
QUERY = "Within how many days are returns accepted?"

FAULTS = [
    (Mode.STALL, TimedOut, 3),
    (Mode.NEVER, TimedOut, 3),
    (Mode.TRUNCATED, Malformed, 1),
    (Mode.HTML, Malformed, 1),
    (Mode.BROKEN_JSON, Malformed, 1),
    (Mode.ERROR_IN_STREAM, Unavailable, 3),
    (Mode.RESET, Unavailable, 3),
    (Mode.RESET_MID, Unavailable, 3),
    (Mode.RATE_LIMITED, RateLimited, 3),
    (Mode.SERVER_ERROR, Unavailable, 3),
    (Mode.OVERLOADED, Unavailable, 3),
    (Mode.EMPTY_CHOICES, EmptyAnswer, 1),
    (Mode.WRONG_MODEL, Misconfigured, 1),
    (Mode.WRONG_DIMENSIONS, Malformed, 1),
    (Mode.INVALID_DATA, Malformed, 1),
]


@pytest.fixture(params=["http", "standin"])
def served(request: Any, standin: Standin) -> Standin:
    base_url = standin.base_url if request.param == "http" else "standin:"
    use(base_url)
    return standin


def use(base_url: str, *, read_seconds: float = 10.0) -> None:
    install(
        dataclasses.replace(
            current().config,
            rerank=RerankEndpoint("local", base_url, "standin-rerank"),
            patience=Patience(connect_seconds=5.0, read_seconds=read_seconds, attempts=3),
        )
    )


async def asked(seconds: float = 30.0) -> list[float]:
    return await rerank(
        QUERY, TEXTS, purpose="search", ref="turn-1", scope="t_alpha", deadline_seconds=seconds
    )


async def test_scores_come_in_the_order_of_the_texts(served: Standin, meter: MemoryMeter) -> None:
    scores = await asked()
    assert scores[1] > scores[2] > scores[0] and all(0.0 <= score <= 1.0 for score in scores)
    (record,) = meter.records
    assert (record.operation, record.purpose, record.ref) == ("rerank", "search", "turn-1")
    assert (record.provider, record.model) == ("local", "standin-rerank")
    assert record.success and record.tokens_input > 10 and not record.tokens_estimated
    assert record.tokens_output == 0 and meter.asked == ["search"]


@pytest.mark.parametrize(("mode", "kind", "requests"), FAULTS, ids=[mode for mode, _, _ in FAULTS])
async def test_faults(
    standin: Standin, meter: MemoryMeter, mode: Mode, kind: type[ProviderError], requests: int
) -> None:
    use(standin.base_url, read_seconds=0.3 if kind is TimedOut else 10.0)
    standin.behave(mode)
    with pytest.raises(kind) as failed:
        await asked()
    assert type(failed.value) is kind
    assert len(standin.log()) == len(meter.records) == requests
    assert {record.error_code for record in meter.records} == {kind.code}


async def test_the_deadline_holds_whatever_the_server_does(standin: Standin, meter: MemoryMeter) -> None:
    use(standin.base_url)
    standin.behave(Mode.STALL_MID)
    with pytest.raises(TimedOut):
        await asked(0.4)
    assert len(meter.records) == 1


async def test_it_has_a_breaker_of_its_own(standin: Standin) -> None:
    use(standin.base_url)
    standin.behave(Mode.BROKEN_JSON)
    for _ in range(5):
        with pytest.raises(Malformed):
            await asked()
    with pytest.raises(BreakerOpen):
        await asked()
    assert get("t_alpha", "rerank").snapshot()["state"] == "open"
    assert get("t_alpha", "llm").snapshot()["state"] == "closed"
    reset("t_alpha", "rerank")


async def test_without_usage_tokens_are_estimated(standin: Standin, meter: MemoryMeter) -> None:
    use(standin.base_url)
    standin.behave(Mode.NO_USAGE)
    await asked()
    assert meter.records[0].tokens_estimated and meter.records[0].tokens_input > 10


async def test_without_a_reranker_there_is_none(standin: Standin) -> None:
    with pytest.raises(NotConfigured):
        await asked()


def test_raw_numbers_become_shares_in_the_same_order() -> None:
    rows = [{"index": 1, "score": 4.2}, {"index": 0, "relevance_score": -7.5}]
    first, second = _scores(rows, 2)
    assert 0.0 < first < 0.01 and 0.98 < second < 1.0
    for wrong in ([{"index": 0, "score": True}], [{"index": 0, "score": "1"}], [{"score": 1}], ["x"], {}):
        with pytest.raises(Malformed):
            _scores(wrong, 1)


def test_the_environment_names_address_model_and_path() -> None:
    named = {"KIMONO_RERANK_BASE_URL": "https://api.jina.ai/v1", "KIMONO_RERANK_MODEL": "jina-reranker-v3"}
    found = from_environment(named).rerank
    assert found is not None and (found.path, found.provider) == ("/rerank", "api.jina.ai")
    other = from_environment(named | {"KIMONO_RERANK_PATH": "/reranks"}).rerank
    assert other is not None and other.path == "/reranks"
    with pytest.raises(ConfigError, match="KIMONO_RERANK_PATH"):
        from_environment(named | {"KIMONO_RERANK_PATH": "reranks"})
