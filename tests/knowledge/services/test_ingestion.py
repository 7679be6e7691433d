from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kimono import providers
from kimono.lib import db
from kimono.lib.jobs import JobStopped
from kimono.providers import parsing
from kimono.providers.config import EmbeddingEndpoint, Patience, ProvidersConfig
from kimono.providers.standin.server import Standin, running
from knowledge.models import Chunk, Document, Unit, Version
from knowledge.services import indexing, ingestion, upkeep
from knowledge.services import running as merchant_jobs
from knowledge.services.documents import embedding, filing, quotas, reading
from knowledge.services.ingestion import pipeline
from tenants.models import Job, OutboxEvent, UsageRecord
from tests.knowledge.uploads import BY, found, ingested, upload, work
from tests.providers.parsing.scanned import needs_ocr, scan
from tests.providers.parsing.writers import pdf

pytestmark = pytest.mark.usefixtures("transactional_db", "in_alpha")

POLICY = "# 退货政策\n\n签收后 7 天内可申请退货。\n\n## 例外\n\n定制和服不退不换。\n"
LONG = "\n\n".join(
    f"## 第{number}条\n\n第 {number} 条规定：押金 {number} 元，逾期一天加收。" for number in range(1, 81)
)


class Watched:
    """A run that notes what it is told, and may stop at a stage."""

    job_id = "job-test"
    attempt = 1

    def __init__(self, *, stop_at: str = "") -> None:
        self.seen: list[tuple[str, float]] = []
        self._stop_at = stop_at

    def progress(self, fraction: float, *, stage: str) -> None:
        self.seen.append((stage, fraction))
        self.check()

    def check(self) -> None:
        if self.seen and self.seen[-1][0] == self._stop_at:
            raise JobStopped("cancelled")


def rows() -> tuple[int, int, int]:
    """Count what is stored in full: versions, their chunks, their units."""
    stored = Version.objects.filter(is_indexed=True)
    chunks, units = Chunk.objects.filter(version__in=stored), Unit.objects.filter(version__in=stored)
    return stored.count(), chunks.count(), units.count()


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


def test_a_file_whose_parser_was_killed_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    parse, killed = parsing.parse_in_child, []

    def is_killed_once(*arguments: Any, **options: Any) -> parsing.Parsed:
        if not killed:
            killed.append(1)
            raise parsing.ParserKilled
        return parse(*arguments, **options)

    monkeypatch.setattr(parsing, "parse_in_child", is_killed_once)
    given = upload(POLICY)
    assert work() == 2
    assert merchant_jobs.get(job_id=given.job.job_id).status == "succeeded"
    assert rows() == (1, 2, 2)


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


@pytest.mark.parametrize("stage", ["parsing", "chunking", "embedding", "indexing"])
def test_a_run_that_stops_at_a_stage_leaves_nothing_and_the_next_one_leaves_everything_once(
    stage: str,
) -> None:
    ingested("# 退货政策\n\n旧的规定。\n")
    before = rows()
    version = upload(POLICY).version
    with pytest.raises(JobStopped):
        ingestion.ingest(run=Watched(stop_at=stage), version_id=version.pk, publish=True, facts={})
    assert rows() == before
    assert "旧的规定。" in found("规定")[0]
    for _ in range(2):
        result = ingestion.ingest(run=Watched(), version_id=version.pk, publish=True, facts={})
        assert result is not None
        assert result["chunk_count"] == 2
    assert rows() == (before[0] + 1, before[1] + 2, before[2] + 2)
    assert OutboxEvent.objects.filter(name="document.ingested").count() == 2


def test_a_run_goes_on_where_the_last_one_was_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    version = upload(LONG).version
    asked: list[int] = []
    vectors = embedding.Encoder.vectors
    monkeypatch.setattr(filing, "MOST_SECONDS", 0.0)

    def counts(self: embedding.Encoder, texts: list[str]) -> Any:
        if len(asked) == 1:
            asked.append(0)
            raise OSError("killed")
        asked.append(len(texts))
        return vectors(self, texts)

    monkeypatch.setattr(embedding.Encoder, "vectors", counts)
    with pytest.raises(OSError, match="killed"):
        ingestion.ingest(run=Watched(), version_id=version.pk, publish=True, facts={})
    assert Chunk.objects.count() == asked[0] == embedding.BATCH
    assert found("押金") == []
    first = set(Chunk.objects.values_list("public_id", flat=True))
    ingestion.ingest(run=Watched(), version_id=version.pk, publish=True, facts={})
    assert sum(asked) == version.chunks.count() == 80
    assert first < set(Chunk.objects.values_list("public_id", flat=True))
    assert rows() == (1, 80, 80)


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


def test_what_another_reading_of_the_file_has_left_behind_is_not_mixed_in() -> None:
    version = upload(LONG).version
    with pytest.raises(JobStopped):
        ingestion.ingest(run=Watched(stop_at="indexing"), version_id=version.pk, publish=True, facts={})
    assert Chunk.objects.count() == 80
    Chunk.objects.filter(index=3).update(text="from another parser")
    ingestion.ingest(run=Watched(), version_id=version.pk, publish=True, facts={})
    assert rows() == (1, 80, 80)
    assert not Chunk.objects.filter(text="from another parser").exists()


def test_a_cancelled_run_leaves_no_row_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    given = upload(LONG)
    vectors = embedding.Encoder.vectors
    monkeypatch.setattr(filing, "MOST_SECONDS", 0.0)

    def cancels(self: embedding.Encoder, texts: list[str]) -> Any:
        if Chunk.objects.exists():
            merchant_jobs.cancel(job_id=given.job.job_id, by=BY)
        return vectors(self, texts)

    monkeypatch.setattr(embedding.Encoder, "vectors", cancels)
    assert work() == 1
    assert merchant_jobs.get(job_id=given.job.job_id).status == "cancelled"
    assert not Chunk.objects.exists()
    assert not Unit.objects.exists()
    assert not reading.listed().exists()


def test_a_run_that_breaks_in_its_last_transaction_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    from knowledge.services.documents import showing

    def breaks(**_: Any) -> None:
        raise RuntimeError("power cut")

    version = upload(POLICY).version
    with monkeypatch.context() as patch:
        patch.setattr(showing, "show", breaks)
        with pytest.raises(RuntimeError):
            ingestion.ingest(run=Watched(), version_id=version.pk, publish=True, facts={})
    assert rows() == (0, 0, 0)
    ingestion.ingest(run=Watched(), version_id=version.pk, publish=True, facts={})
    assert rows() == (1, 2, 2)


def test_a_run_whose_lease_went_to_another_shows_nothing() -> None:
    from tenants.services import jobs

    given = upload(POLICY)
    job = jobs._claim("ingest")
    assert job is not None
    run = jobs.Run(job)
    Job.objects.filter(pk=job.pk).update(lease_token="another")
    with pytest.raises(JobStopped):
        ingestion.ingest(run=run, version_id=given.version.pk, publish=True, facts={})
    assert rows() == (0, 0, 0)


def test_a_document_deleted_while_it_is_read_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    version = upload(POLICY).version
    vectors = embedding.Encoder.vectors

    def deletes_first(*arguments: Any) -> Any:
        Document.objects.filter(pk=version.document_id).update(status="deleted")
        return vectors(*arguments)

    monkeypatch.setattr(embedding.Encoder, "vectors", deletes_first)
    with pytest.raises(JobStopped):
        ingestion.ingest(run=Watched(), version_id=version.pk, publish=True, facts={})
    assert rows() == (0, 0, 0)


def test_an_error_that_is_no_fault_of_the_file_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    given = upload(POLICY)
    vectors, calls = embedding.Encoder.vectors, []

    def fails_twice(*arguments: Any) -> Any:
        calls.append(1)
        if len(calls) <= 2:
            raise OSError("the disk is gone for a moment")
        return vectors(*arguments)

    monkeypatch.setattr(embedding.Encoder, "vectors", fails_twice)
    assert work() == 3
    job = merchant_jobs.get(job_id=given.job.job_id)
    assert (job.status, job.attempts) == ("succeeded", 2)
    assert rows() == (1, 2, 2)


def test_a_job_that_never_works_is_given_up_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    given = upload(POLICY)

    def fails(*_: Any, **__: Any) -> Any:
        raise OSError("no disk")

    monkeypatch.setattr(embedding.Encoder, "vectors", fails)
    assert work() == 5
    assert merchant_jobs.get(job_id=given.job.job_id).status == "failed"
    assert not reading.listed().exists()
    event = OutboxEvent.objects.get(name="document.failed")
    assert event.data["code"] == "internal"


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


def test_a_cancelled_upload_is_no_failure() -> None:
    given = upload(POLICY)
    merchant_jobs.cancel(job_id=given.job.job_id, by=BY)
    assert not OutboxEvent.objects.filter(name="document.failed").exists()


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
