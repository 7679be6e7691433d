"""The second look: a reranker's order, its part in the score, and the order that stands when it fails."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from kimono import providers
from kimono.lib.db import tenant_scope
from kimono.providers import MemoryMeter, Refused, metering
from kimono.providers.config import Patience, ProvidersConfig, RerankEndpoint
from kimono.providers.registry import current, install
from kimono.providers.standin.modes import Mode
from kimono.providers.standin.server import Standin, running
from knowledge.services import retrieval, tuning, visibility
from knowledge.services.retrieval import reranking
from tests.fixtures.tenants import tenant_called
from tests.knowledge.filling import add_document, add_pair

QUESTION = "振袖清洗怎么收费"


@pytest.fixture(scope="module")
def _server() -> Iterator[Standin]:
    with running() as server:
        yield server


@pytest.fixture
def meter() -> Iterator[MemoryMeter]:
    before = metering._meter
    memory = MemoryMeter()
    metering.install_meter(memory)
    yield memory
    metering._meter = before


@pytest.fixture
def model(_server: Standin, meter: MemoryMeter) -> Iterator[Standin]:
    before = current().config
    _server.clear()
    endpoint = RerankEndpoint("local", _server.base_url, "standin-rerank")
    install(ProvidersConfig(rerank=endpoint, patience=Patience(5.0, 10.0, attempts=1)))
    yield _server
    install(before)


@pytest.fixture
def shop(transactional_db: None) -> Iterator[Any]:
    with tenant_scope(tenant_called("alpha")):
        add_pair("清洗要多久？", "三个工作日。")
        add_pair("振袖可以租几天？", "最多租七天。")
        add_document("cleaning.md", "振袖清洗收费二百六十元。", "小纹清洗收费一百二十元。", title="价目表")
        yield


def found(query: str = QUESTION, limit: int = 3) -> retrieval.Found:
    view, params = visibility.view_of(), tuning.effective()

    async def search() -> retrieval.Found:
        try:
            return await retrieval.search(query=query, limit=limit, view=view, params=params, ref="turn-7")
        finally:
            await providers.close_clients()

    return asyncio.run(search())


def test_the_rerankers_order_is_shown_with_its_word(
    shop: Any, model: Standin, meter: MemoryMeter, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = found()
    scores = [passage.scores.rerank for passage in said.passages]
    assert None not in scores and scores == sorted(scores, reverse=True)
    assert len(said.passages) == 3 and said.degraded is None
    assert said.passages[0].text == "振袖清洗收费二百六十元。"
    levels = [passage.score for passage in said.passages]
    assert levels == sorted(levels, reverse=True) and all(0.0 < level < 1.0 for level in levels)
    (request,) = model.log()
    assert request["body"]["query"] == QUESTION  # type: ignore[index]
    assert "价目表\n振袖清洗收费二百六十元。" in request["body"]["documents"]  # type: ignore[index]
    assert ("rerank", "turn-7") in {(record.operation, record.ref) for record in meter.records}


def test_it_overrules_the_search(shop: Any, model: Standin, monkeypatch: pytest.MonkeyPatch) -> None:
    before = current().config
    install(ProvidersConfig())
    fused = found(limit=4)
    install(before)
    assert fused.passages[-1].scores.rerank is None

    async def reverse(query: str, texts: list[str], **more: Any) -> list[float]:
        return [place / len(texts) for place in range(len(texts))]

    monkeypatch.setattr(reranking.providers, "rerank", reverse)
    turned = found(limit=4)
    assert [p.text for p in turned.passages] == [p.text for p in reversed(fused.passages)]
    doubted = turned.passages[-1]
    assert doubted.text == fused.passages[0].text and doubted.score < fused.passages[0].score


@pytest.mark.parametrize("mode", [Mode.SERVER_ERROR, Mode.NEVER, Mode.HTML, Mode.WRONG_DIMENSIONS])
def test_when_it_fails_the_order_stands_and_the_answer_says_so(
    shop: Any, model: Standin, mode: Mode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reranking, "SECONDS", 0.5)
    before = current().config
    install(ProvidersConfig())
    fused = found()
    install(before)
    model.behave(mode)
    said = found()
    assert said.degraded == "embedding_unavailable"
    assert [(p.text, p.score) for p in said.passages] == [(p.text, p.score) for p in fused.passages]
    assert said.answerable == fused.answerable


def test_a_spent_budget_leaves_the_order(shop: Any, model: Standin, meter: MemoryMeter) -> None:
    meter.refusal = Refused("budget")
    said = found()
    assert said.degraded == "embedding_unavailable" and said.passages and model.log() == []


def test_what_was_not_read_comes_last(shop: Any, model: Standin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reranking, "CANDIDATES", 2)
    said = found(limit=4)
    assert [passage.scores.rerank is None for passage in said.passages] == [False, False, True, True]
    levels = [passage.score for passage in said.passages]
    assert levels == sorted(levels, reverse=True)


def test_nothing_found_asks_nobody(shop: Any, model: Standin) -> None:
    assert reranking.wanted(3) == reranking.CANDIDATES
    with tenant_scope(tenant_called("beta")):
        assert found().passages == ()
    assert model.log() == []
