"""Another embedding model: the old vectors serve until all new ones are there, whatever happens in between."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from kimono import providers
from kimono.lib.db import tenant_scope
from kimono.lib.jobs import JobFailed
from kimono.providers import MemoryMeter, metering
from kimono.providers.config import EmbeddingEndpoint, Patience, ProvidersConfig
from kimono.providers.registry import current, install
from kimono.providers.standin.modes import Mode
from kimono.providers.standin.server import Standin, running
from knowledge.models import Unit
from knowledge.services import encoders, indexing, reindexing, retrieval, syncing, tuning, upkeep, visibility
from knowledge.services.qa_pairs import writing
from knowledge.services.qa_pairs.writing import PairDraft
from tenants.models import Job
from tenants.services.auditing import Actor
from tests.fixtures.tenants import tenant_called
from tests.knowledge.filling import add_document, add_pair

LOCAL, NEW, OTHER = "local-hash-v1-384", "standin-embed-256", "standin-embed-128"
BY = Actor(kind="user", id="usr-1", name="U")


class Run:
    job_id, attempt = "job-1", 1

    def __init__(self) -> None:
        self.told: list[float] = []

    def progress(self, fraction: float, *, stage: str) -> None:
        assert stage == "embedding"
        self.told.append(fraction)

    def check(self) -> None:
        pass


@pytest.fixture(scope="module")
def _server() -> Iterator[Standin]:
    with running() as server:
        yield server


@pytest.fixture
def model(_server: Standin) -> Iterator[Standin]:
    before, meter = current().config, metering._meter
    metering.install_meter(MemoryMeter())
    _server.clear()
    yield _server
    install(before)
    metering._meter = meter


@pytest.fixture
def shop(transactional_db: None) -> Iterator[Any]:
    with tenant_scope(tenant_called("alpha")):
        add_pair("怎么退货？", "十四天之内可以退货。", similar=["如何申请退货"])
        add_pair("运费是多少？", "运费十二元。")
        add_document("cleaning.md", "振袖清洗收费二百六十元。", "小纹清洗收费一百二十元。")
        yield


def use(server: Standin, dimensions: int, *, previous: int = 0) -> None:
    def endpoint(size: int) -> EmbeddingEndpoint:
        return EmbeddingEndpoint(
            "local", server.base_url, "standin-embed", dimensions=size, send_dimensions=True, batch=2
        )

    install(
        ProvidersConfig(
            embedding=endpoint(dimensions),
            previous_embedding=endpoint(previous) if previous else None,
            patience=Patience(connect_seconds=5.0, read_seconds=10.0, attempts=1),
        )
    )


def found(query: str = "怎么退货") -> retrieval.Found:
    view, params = visibility.view_of(), tuning.effective()

    async def search() -> retrieval.Found:
        try:
            return await retrieval.search(query=query, limit=3, view=view, params=params, ref="t")
        finally:
            await providers.close_clients()

    return asyncio.run(search())


def spaces() -> dict[tuple[str, int], int]:
    counted: dict[tuple[str, int], int] = {}
    for unit in Unit.objects.exclude(embedding=None):
        key = (unit.encoder_id, len(unit.embedding))
        counted[key] = counted.get(key, 0) + 1
    return counted


def asked_of(server: Standin) -> list[Any]:
    return [entry["body"]["input"] for entry in server.log()]  # type: ignore[index]


def test_the_old_vectors_serve_until_all_new_ones_are_there(
    shop: Any, model: Standin, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = found()
    assert encoders.in_force() == LOCAL and spaces() == {(LOCAL, 384): 5}
    use(model, 256)
    assert (encoders.in_force(), encoders.configured()) == (LOCAL, NEW)
    monkeypatch.setattr(reindexing, "_BATCH", 2)
    seen: list[retrieval.Found] = []

    class Watching(Run):
        def progress(self, fraction: float, *, stage: str) -> None:
            super().progress(fraction, stage=stage)
            assert spaces() == {(LOCAL, 384): 5}
            seen.append(found())

    run = Watching()
    assert reindexing.run(run) == {"encoder": NEW, "embedded": 5}
    assert run.told == sorted(run.told) and len(seen) == 3
    for midway in seen:
        assert midway.degraded is None
        assert midway.knowledge_version == before.knowledge_version
        assert [passage.scores for passage in midway.passages] == [p.scores for p in before.passages]
    assert spaces() == {(NEW, 256): 5}
    assert not Unit.objects.exclude(next_encoder_id="").exists()
    after = found()
    assert after.degraded is None and after.knowledge_version != before.knowledge_version
    assert after.passages[0].question == "怎么退货？" and after.passages[0].scores.vector is not None
    assert asked_of(model)[-1] == ["怎么退货"], "questions go to the new model now"
    assert not reindexing.waits(now=timezone.now())


def test_a_failure_midway_leaves_the_old_in_force_and_is_gone_on_from(
    shop: Any, model: Standin, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(model, 256)
    monkeypatch.setattr(reindexing, "_BATCH", 2)

    class Breaking(Run):
        def progress(self, fraction: float, *, stage: str) -> None:
            model.behave(Mode.SERVER_ERROR)

    with pytest.raises(JobFailed) as failed:
        reindexing.run(Breaking())
    assert failed.value.code == "embedding_unavailable"
    assert encoders.in_force() == LOCAL and spaces() == {(LOCAL, 384): 5}
    assert found().degraded is None, "the old encoder needs no model"
    model.behave(Mode.OK)
    model.clear()
    assert reindexing.run(Run()) == {"encoder": NEW, "embedded": 3}
    assert sum(len(texts) for texts in asked_of(model)) == 3, "nothing is paid for twice"
    assert spaces() == {(NEW, 256): 5}


def test_what_is_written_meanwhile_is_found_before_and_after(
    shop: Any, model: Standin, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(model, 256)
    monkeypatch.setattr(reindexing, "_BATCH", 3)

    class Writing(Run):
        def progress(self, fraction: float, *, stage: str) -> None:
            if not self.told:
                self.told.append(fraction)
                draft = PairDraft(question="可以寄存行李吗？", answer="可以，免费。")
                asyncio.run(writing.create(draft=draft, by=BY))
                assert found("可以寄存行李吗").passages[0].scores.vector is not None

    reindexing.run(Writing())
    assert spaces() == {(NEW, 256): 6}
    assert found("可以寄存行李吗").passages[0].scores.vector is not None


def test_from_one_model_to_another_the_previous_one_is_asked(shop: Any, model: Standin) -> None:
    use(model, 256)
    reindexing.run(Run())
    use(model, 128, previous=256)
    assert encoders.in_force() == NEW and encoders.dimensions() == 256
    midway = found()
    assert midway.degraded is None and midway.passages[0].scores.vector is not None
    assert model.log()[-1]["body"]["dimensions"] == 256  # type: ignore[index]
    reindexing.run(Run())
    assert spaces() == {(OTHER, 128): 5} and encoders.dimensions() == 128


def test_without_the_previous_model_words_decide_until_the_switch(shop: Any, model: Standin) -> None:
    use(model, 256)
    reindexing.run(Run())
    use(model, 128)
    midway = found()
    assert midway.degraded == "embedding_unavailable" and midway.passages[0].question == "怎么退货？"
    reindexing.run(Run())
    assert found().degraded is None


def test_a_process_that_knows_of_no_switch_asks_again_with_the_encoder_in_force(
    shop: Any, model: Standin
) -> None:
    use(model, 256)
    assert found().passages[0].scores.vector is not None and encoders.expected() == LOCAL
    reindexing.run(Run())
    calls = len(model.log())
    again = found()
    assert again.degraded is None and again.passages[0].scores.vector is not None
    assert len(model.log()) == calls + 1 and encoders.expected() == NEW


def test_vectors_that_come_late_by_the_old_encoder_are_made_anew(shop: Any, model: Standin) -> None:
    use(model, 256)
    reindexing.run(Run())
    unit = Unit.objects.exclude(embedding=None).order_by("pk")[0]
    indexing.store_vectors(vectors={unit.pk: [0.5] * 384}, encoder_id=LOCAL)
    assert encoders.in_force() == NEW and reindexing.waits(now=timezone.now())
    reindexing.run(Run())
    assert spaces() == {(NEW, 256): 5}


def test_it_starts_by_itself_once_and_waits_after_a_failure(shop: Any, model: Standin) -> None:
    assert "knowledge.reindex" not in upkeep.start_due()
    use(model, 256)
    assert upkeep.start_due() == ["knowledge.reindex"]
    assert upkeep.start_due() == []
    now = timezone.now()
    Job.objects.filter(name="knowledge.reindex").update(status=Job.Status.FAILED, finished_at=now)
    assert upkeep.start_due() == []
    assert reindexing.waits(now=now + timedelta(minutes=11))


def test_a_full_sync_makes_all_anew_and_the_old_serve_meanwhile(
    shop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(syncing, "_BATCH", 2)
    Unit.objects.exclude(embedding=None).update(embedding=[1.0] + [0.0] * 383)
    seen: list[dict[tuple[str, int], int]] = []

    class Watching(Run):
        def progress(self, fraction: float, *, stage: str) -> None:
            super().progress(fraction, stage=stage)
            seen.append(spaces())

    run = Watching()
    assert syncing.run(run, limit=None, full=True) == {"synced": 5, "pending_count": 0}
    assert seen == [{(LOCAL, 384): 5}] * 3 and run.told[-1] == 1.0
    assert not any(list(unit.embedding)[:2] == [1.0, 0.0] for unit in Unit.objects.exclude(embedding=None))


def test_a_sync_uses_the_encoder_in_force(shop: Any, model: Standin) -> None:
    unit = Unit.objects.exclude(embedding=None).order_by("pk")[0]
    Unit.objects.filter(pk=unit.pk).update(embedding=None, encoder_id="")
    use(model, 256)
    syncing.run(Run(), limit=None, full=False)
    assert spaces() == {(LOCAL, 384): 5} and model.log() == []
