"""Ingestion that breaks, is killed or is cancelled leaves nothing half, and goes on where it can."""

from typing import Any

import pytest

from kimono.lib.jobs import JobStopped
from kimono.providers import parsing
from knowledge.models import Chunk, Document, Unit
from knowledge.services import ingestion
from knowledge.services import running as merchant_jobs
from knowledge.services.documents import embedding, filing, reading
from tenants.models import Job, OutboxEvent
from tests.knowledge.ingesting import LONG, POLICY, Watched, rows
from tests.knowledge.uploads import BY, found, ingested, upload, work

pytestmark = pytest.mark.usefixtures("transactional_db", "in_alpha")


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


def test_a_cancelled_upload_is_no_failure() -> None:
    given = upload(POLICY)
    merchant_jobs.cancel(job_id=given.job.job_id, by=BY)
    assert not OutboxEvent.objects.filter(name="document.failed").exists()
