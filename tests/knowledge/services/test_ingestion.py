"""A document is read, cut, embedded and stored, and what became of it is told."""

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kimono import providers
from kimono.lib import db
from kimono.providers.config import EmbeddingEndpoint, Patience, ProvidersConfig
from kimono.providers.standin.server import Standin, running
from knowledge.models import Chunk, Unit
from knowledge.services import indexing, ingestion, upkeep
from knowledge.services import running as merchant_jobs
from knowledge.services.documents import embedding, filing, quotas
from knowledge.services.ingestion import pipeline
from tenants.models import Job, OutboxEvent, UsageRecord
from tests.knowledge.ingesting import LONG, POLICY, Watched
from tests.knowledge.uploads import found, ingested, upload, work
from tests.providers.parsing.scanned import needs_ocr, scan
from tests.providers.parsing.writers import pdf

pytestmark = pytest.mark.usefixtures("transactional_db", "in_alpha")


@pytest.fixture
def model() -> Iterator[Standin]:
    """A configured embedding model over a socket."""
    before = providers.current().config
    with running() as standin:
        providers.install(
            ProvidersConfig(
                embedding=EmbeddingEndpoint(
                    "local", standin.base_url, "standin-embed", dimensions=384, batch=10
                ),
                patience=Patience(connect_seconds=5, read_seconds=10, attempts=1),
            )
        )
        yield standin
    providers.install(before)


def test_the_stages_come_in_order_and_progress_never_falls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "_TELL_SECONDS", 0.0)
    version, run = upload(LONG).version, Watched()
    ingestion.ingest(run=run, version_id=version.pk, publish=True, facts={})
    stages = list(dict.fromkeys(stage for stage, _ in run.seen))
    assert stages == ["parsing", "chunking", "embedding", "indexing"]
    fractions = [fraction for _, fraction in run.seen]
    assert fractions == sorted(fractions)
    assert len([stage for stage, _ in run.seen if stage == "embedding"]) >= 3


def test_the_result_says_what_was_made() -> None:
    version = upload(POLICY).version
    result = ingestion.ingest(run=Watched(), version_id=version.pk, publish=True, facts={})
    assert result is not None
    assert result.pop("duration_seconds") > 0
    assert result == {
        "doc_id": version.document.public_id,
        "source": "rules.md",
        "version": "v1",
        "status": "success",
        "chunk_count": 2,
        "total_chunks": 2,
        "added_chunks": 2,
        "deduped_chunks": 0,
        "doc_hash": version.doc_hash,
        "embedding_mode": "model",
        "quality_report": None,
        "errors": [],
        "error": None,
        "job_id": "job-test",
    }


@needs_ocr
def test_pages_that_go_through_ocr_are_a_stage_of_their_own(tmp_path: Path) -> None:
    written = [("The only page with text on it.", 11.0, 72.0, 700.0)]
    path = pdf(tmp_path / "a.pdf", [written], unreadable=2, picture=scan(["Please bring the receipt"]))
    run, version = Watched(), upload(path.read_bytes(), "a.pdf").version
    ingestion.ingest(run=run, version_id=version.pk, publish=True, facts={})
    stages = [stage for stage, _ in groupby(stage for stage, _ in run.seen)]
    assert stages == ["parsing", "ocr", "chunking", "embedding", "indexing"]
    fractions = [fraction for _, fraction in run.seen]
    assert fractions == sorted(fractions)
    assert "Please bring the receipt" in " ".join(found("receipt"))


def test_what_reading_a_file_may_cost_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"OCR_SECONDS": "7", "PARSE_SECONDS": "8", "PARSE_CPU_SECONDS": "9", "PARSE_BYTES": "268435456"}
    for name, value in given.items():
        monkeypatch.setenv(f"KIMONO_LIMIT_{name}", value)
    quotas.most.cache_clear()
    try:
        limits = quotas.parse_limits()
    finally:
        quotas.most.cache_clear()
    assert (limits.ocr_seconds, limits.wall_seconds, limits.cpu_seconds, limits.memory_bytes) == (
        7,
        8,
        9,
        2**28,
    )


def test_many_chunks_are_stored_at_once_and_each_is_found_with_its_own_vector(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[int] = []
    insert = filing.insert
    monkeypatch.setattr(filing, "insert", lambda chunks: (made.append(len(chunks)), insert(chunks)))
    monkeypatch.setattr(filing, "MOST_WAITING", 60)
    version = ingested(LONG)
    assert made == [80]
    units = list(version.units.select_related("chunk").order_by("chunk__index"))
    assert [unit.chunk.text for unit in units if unit.chunk] == list(
        version.chunks.order_by("index").values_list("text", flat=True)
    )
    texts = [indexing.text_of_chunk(unit.chunk, version) for unit in units[:3] if unit.chunk]
    vectors = embedding.Encoder(ref="test").vectors(texts)
    for unit, text in zip(units, texts, strict=False):
        assert np.array_equal(np.float32(unit.embedding), np.float32(vectors[text]))


def test_events_tell_of_success_and_failure() -> None:
    version = ingested(POLICY)
    assert OutboxEvent.objects.get(name="document.ingested").data == {
        "doc_id": version.document.public_id,
        "version": "v1",
        "source": "rules.md",
        "chunk_count": 2,
    }
    upload(b"%PDF-1.7 nothing of a PDF follows")
    work()
    data = OutboxEvent.objects.get(name="document.failed").data
    assert (data["doc_id"], data["version"], data["code"]) == (
        version.document.public_id,
        "v2",
        "unreadable_file",
    )


def test_parts_that_cannot_be_read_are_named_and_the_rest_is_found(tmp_path: Path) -> None:
    path = pdf(
        tmp_path / "memo.pdf", [[("Returns are accepted within thirty days.", 12, 72, 700)]], unreadable=1
    )
    version = ingested(path.read_bytes(), "memo.pdf")
    result = merchant_jobs.listed().get().result
    assert result is not None
    assert result["status"] == "partial"
    assert [(error["source"], error["page"]) for error in result["errors"]] == [("memo.pdf", 2)]
    assert (version.file_type, version.page_count) == ("pdf", 2)
    assert "Returns are accepted within thirty days." in found("returns accepted")[0]
    assert version.chunks.get().page == 1


def test_vectors_come_from_the_configured_model(model: Standin) -> None:
    version = ingested(LONG)
    assert version.is_synced
    encoders = set(Unit.objects.values_list("encoder_id", flat=True))
    assert encoders == {providers.current().encoder.encoder_id}
    assert UsageRecord.objects.filter(purpose="ingest", success=True).count() == len(model.log())
    assert len(model.log()) == -(-Chunk.objects.count() // 10)


@pytest.mark.parametrize("mode", ["500", "stall", "html", "wrong_dimensions"])
def test_with_the_encoder_down_words_are_found_and_vectors_come_later(
    model: Standin, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedding, "_BATCH_SECONDS", 1.0)
    model.behave(mode)
    version = ingested(POLICY)
    result = merchant_jobs.listed(kind="ingest").get().result
    assert result["embedding_mode"] == "fallback"
    assert not version.is_synced
    assert "签收后 7 天内可申请退货。" in found("可申请退货")[0]
    model.behave("ok")
    providers.breakers.configure(providers.current().config.breaker)
    assert upkeep.start_due() == ["knowledge.sync"]
    assert upkeep.start_due() == []
    assert work("bulk") == 1
    version.refresh_from_db()
    assert version.is_synced
    assert not Unit.objects.filter(embedding=None).exists()
    assert upkeep.start_due() == []


def test_no_tenant_waits_for_more_than_one_job_of_another(beta: Any) -> None:
    from tenants.services import jobs

    for number in range(30):
        upload(f"# 第 {number} 篇\n\n押金 {number} 元。\n", f"{number}.md")
    with db.tenant_scope(beta):
        single = upload(POLICY).job
    done = 0
    while jobs.run_next("ingest"):
        done += 1
        with db.tenant_scope(beta):
            if Job.objects.get(pk=single.pk).status == "succeeded":
                break
    assert done <= 2
    assert Job.objects.filter(status="succeeded").count() < 10
