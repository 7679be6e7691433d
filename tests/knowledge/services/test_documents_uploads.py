import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from kimono.lib import db, files
from kimono.lib.errors import Conflict, Invalid, Missing, Unsupported
from kimono.providers.parsing import UnreadableFile
from knowledge.models import Chunk, Document, Unit, Version
from knowledge.services import revisions, running
from knowledge.services.documents import quotas, reading, uploading
from tenants.models import AuditRow, Job
from tests.knowledge.uploads import BY, found, ingested, upload, work

pytestmark = pytest.mark.usefixtures("transactional_db", "in_alpha")

POLICY = "# 退货政策\n\n签收后 7 天内可申请退货。\n\n## 例外\n\n定制和服不退不换。\n"


@pytest.fixture(autouse=True)
def _no_files(in_alpha: Any) -> None:
    shutil.rmtree(files.tenant_folder(), ignore_errors=True)


def stored_files() -> int:
    folder = files.tenant_folder() / "documents"
    return sum(path.is_file() for path in Path(folder).rglob("*"))


def test_an_upload_is_found_when_its_job_is_done() -> None:
    before = revisions.current()
    given = upload(POLICY)
    assert given.job is not None
    assert given.version.document.status == "processing"
    assert found("可以退货吗") == []
    assert work() == 1
    job = Job.objects.get(job_id=given.job.job_id)
    assert (job.status, job.progress, job.stage) == ("succeeded", 1.0, "done")
    document = reading.get(doc_id=given.version.document.public_id)
    assert (document.status, document.title, document.current_version_id) == (
        "active",
        "退货政策",
        given.version.pk,
    )
    assert "签收后 7 天内可申请退货。" in found("可以退货吗")[0]
    assert revisions.current() == before + 1
    assert AuditRow.objects.filter(action="upload_document", target_id=document.public_id).count() == 1


def test_the_same_content_is_unchanged_and_makes_no_job() -> None:
    first = ingested(POLICY)
    before = revisions.current()
    again = upload(POLICY)
    assert again.job is None
    assert again.version == first
    assert Version.objects.count() == 1
    assert Job.objects.count() == 1
    assert revisions.current() == before
    assert stored_files() == 1


def test_new_content_is_the_next_version_and_replaces_the_old_one_in_answers() -> None:
    first = ingested(POLICY)
    second = ingested(POLICY.replace("7 天", "30 天"))
    assert (second.label, second.status) == ("v2", "active")
    first.refresh_from_db()
    assert first.status == "superseded"
    assert all("7 天" not in text for text in found("多少天内可以退货"))
    assert Document.objects.count() == 1


def test_an_earlier_content_makes_a_version_of_its_own() -> None:
    first = ingested(POLICY)
    ingested(POLICY + "\n更多。\n")
    third = ingested(POLICY)
    assert third.label == "v3"
    assert third.doc_hash == first.doc_hash
    assert third.document.current_version_id == third.pk


def test_equal_names_in_two_folders_are_two_documents() -> None:
    ingested(POLICY, "a/read.md")
    ingested("# 营业时间\n\n每天九点到十八点。\n", "b/read.md")
    assert sorted(Document.objects.values_list("source", flat=True)) == ["a/read.md", "b/read.md"]


def test_equal_content_under_another_source_is_a_document_of_its_own() -> None:
    ingested(POLICY, "a.md")
    assert ingested(POLICY, "b.md").label == "v1"
    assert Document.objects.count() == 2


def test_twenty_parallel_uploads_of_one_file_make_one_version(in_alpha: Any) -> None:
    start = threading.Barrier(20)

    def send(_: int) -> str:
        try:
            with db.tenant_scope(in_alpha):
                start.wait(timeout=30)
                return str(upload(POLICY).version.pk)
        finally:
            db.released()

    with ThreadPoolExecutor(20) as pool:
        versions = set(pool.map(send, range(20)))
    assert len(versions) == 1
    assert Document.objects.count() == 1
    assert Version.objects.count() == 1
    assert Job.objects.count() == 1
    assert stored_files() == 1
    work()
    assert Chunk.objects.count() == Unit.objects.filter(role="chunk").count() > 0


def test_the_last_of_two_uploads_under_way_is_on_show_in_the_end() -> None:
    upload("# A\n\nerster Stand\n")
    upload("# A\n\nzweiter Stand\n")
    again = upload("# A\n\nerster Stand\n")
    assert again.version.label == "v3"
    assert work() == 3
    assert again.version.document.public_id
    document = reading.get(doc_id=again.version.document.public_id)
    assert document.current_version is not None
    assert document.current_version.label == "v3"
    assert [v.status for v in reading.versions(document)] == ["active", "superseded", "superseded"]


def test_an_older_upload_that_ends_later_does_not_take_the_show() -> None:
    slow = upload("# A\n\nalt\n")
    quick = upload("# A\n\nneu\n")
    Job.objects.filter(pk=slow.job.pk).update(status="cancelled")
    assert work() == 1
    Job.objects.filter(pk=slow.job.pk).update(status="queued")
    assert work() == 1
    quick.version.document.refresh_from_db()
    assert quick.version.document.current_version_id == quick.version.pk
    slow.version.refresh_from_db()
    assert slow.version.status == "superseded"


def test_a_staged_version_is_not_found() -> None:
    ingested(POLICY)
    staged = ingested(POLICY.replace("7 天", "30 天"), publish=False)
    assert staged.status == "staged"
    assert staged.document.current_version.label == "v1"
    assert all("30 天" not in text for text in found("多少天内可以退货"))
    assert upload(POLICY.replace("7 天", "30 天"), publish=False).job is None


def test_a_document_with_nothing_but_a_staged_version_shows_nothing() -> None:
    staged = ingested(POLICY, publish=False)
    assert staged.document.status == "disabled"
    assert found("可以退货吗") == []
    shown = ingested(POLICY.replace("7", "8"))
    assert shown.document.status == "active"


@pytest.mark.parametrize(
    ("content", "name", "refusal"),
    [
        (b"", "a.md", UnreadableFile),
        (b"MZ\x90\x00\x03" + bytes(200), "a.md", Unsupported),
        (b"x" * 10, "..", Invalid),
        (b"x" * 10, "a" * 256, Invalid),
    ],
)
def test_what_cannot_be_taken_leaves_nothing(content: bytes, name: str, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        upload(content, name)
    assert not Document.objects.exists()
    assert not Job.objects.exists()
    assert stored_files() == 0


def test_a_full_storage_is_refused_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(quotas.DEFAULTS, "STORAGE_BYTES", 100)
    quotas.most.cache_clear()
    try:
        with pytest.raises(quotas.QuotaExceeded) as refused:
            upload(b"words " * 100)
    finally:
        quotas.most.cache_clear()
    assert (refused.value.status, refused.value.code) == (429, "quota_exceeded")
    assert not Document.objects.exists()
    assert stored_files() == 0


def test_a_document_too_many_is_refused_but_a_new_version_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    ingested(POLICY, "a.md")
    monkeypatch.setenv("KIMONO_LIMIT_DOCUMENTS", "1")
    quotas.most.cache_clear()
    try:
        with pytest.raises(quotas.QuotaExceeded):
            upload(POLICY, "b.md")
        assert upload(POLICY + "mehr", "a.md").version.label == "v2"
    finally:
        monkeypatch.undo()
        quotas.most.cache_clear()


def test_an_unreadable_file_fails_and_leaves_what_was_on_show() -> None:
    ingested(POLICY)
    broken = upload(b"%PDF-1.7 nothing of a PDF follows")
    work()
    job = running.get(job_id=broken.job.job_id)
    assert job.status == "failed"
    assert job.errors[0]["code"] == "unreadable_file"
    assert job.errors[0]["source"] == "rules.md"
    document = reading.get(doc_id=broken.version.document.public_id)
    assert document.status == "active"
    assert [version.label for version in reading.versions(document)] == ["v1"]
    assert found("可以退货吗")
    # The number of what could not be read is free again.
    assert ingested(POLICY + "\n新。\n").label == "v2"


def test_a_first_upload_that_fails_is_not_listed() -> None:
    broken = upload(b"%PDF-1.7 nothing of a PDF follows", "new.pdf")
    assert [document.source for document in reading.listed()] == ["new.pdf"]
    work()
    assert not reading.listed().exists()
    assert not reading.listed(status="deleted").exists()
    with pytest.raises(Missing):
        reading.get(doc_id=broken.version.document.public_id)


def test_a_failed_upload_can_be_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIMONO_LIMIT_SHEET_CELLS", "2")
    quotas.most.cache_clear()
    given = upload("问题,答案\n几点开门,九点\n几点关门,十八点\n", "faq.csv")
    work()
    monkeypatch.undo()
    quotas.most.cache_clear()
    assert running.get(job_id=given.job.job_id).status == "failed"
    again = running.retry(job_id=given.job.job_id, by=BY)
    assert again.job_id != given.job.job_id
    given.version.document.refresh_from_db()
    assert given.version.document.status == "processing"
    work()
    assert running.get(job_id=again.job_id).status == "succeeded"
    assert found("几点关门")


def test_a_failed_upload_that_a_later_one_replaced_cannot_be_tried_again() -> None:
    broken = upload(b"%PDF-1.7 nothing of a PDF follows", "a.pdf")
    work()
    ingested(POLICY, "a.pdf")
    with pytest.raises(Conflict):
        running.retry(job_id=broken.job.job_id, by=BY)
    assert Job.objects.count() == 2


def test_a_waiting_upload_that_is_cancelled_leaves_nothing_to_be_seen() -> None:
    given = upload(POLICY)
    assert running.cancel(job_id=given.job.job_id, by=BY).status == "cancelled"
    assert work() == 0
    assert not reading.listed().exists()
    with pytest.raises(Conflict):
        running.cancel(job_id=given.job.job_id, by=BY)
    assert upload(POLICY).version.label == "v1"


def test_a_job_of_the_house_itself_is_not_the_merchants() -> None:
    from tenants.services import jobs

    hidden = jobs.enqueue("knowledge.tidy_index")
    with pytest.raises(Missing):
        running.get(job_id=hidden.job_id)
    assert not running.listed().exists()


def test_a_tenant_knows_nothing_of_anothers_jobs_and_documents(beta: Any) -> None:
    given = upload(POLICY)
    with db.tenant_scope(beta):
        with pytest.raises(Missing):
            running.get(job_id=given.job.job_id)
        with pytest.raises(Missing):
            running.cancel(job_id=given.job.job_id, by=BY)
        with pytest.raises(Missing):
            reading.get(doc_id=given.version.document.public_id)
        assert not running.listed(doc_id=given.version.document.public_id).exists()


def test_what_the_uploader_says_counts_when_the_version_is_on_show() -> None:
    version = ingested(POLICY, facts=uploading.Facts(knowledge_type="policy", product_category="售后"))
    assert (version.document.knowledge_type, version.document.product_category) == ("policy", "售后")
    broken = upload(
        b"%PDF-1.7 nothing of a PDF follows",
        facts=uploading.Facts(knowledge_type="faq", product_category="x"),
    )
    work()
    broken.version.document.refresh_from_db()
    assert broken.version.document.knowledge_type == "policy"
    assert ingested(POLICY + "\n新。\n").document.product_category == "售后"
