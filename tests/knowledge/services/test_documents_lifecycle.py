from typing import Any

import pytest

from kimono.lib import db
from kimono.lib.errors import Conflict, Missing
from knowledge.models import Chunk, Unit
from knowledge.services import revisions
from knowledge.services.documents import changing, reading, rolling_back, showing
from tenants.models import AuditRow, Job
from tests.knowledge.uploads import BY, found, ingested, upload, work

pytestmark = pytest.mark.usefixtures("transactional_db", "in_alpha")

OLD = "# 退货政策\n\n签收后 7 天内可申请退货。\n\n## 运费\n\n运费由买家承担。\n"
NEW = "# 退货政策\n\n签收后 30 天内可申请退货。\n\n## 运费\n\n运费由买家承担。\n\n## 例外\n\n定制和服不退不换。\n"


def doc_id() -> str:
    ingested(OLD)
    return str(ingested(NEW).document.public_id)


def test_a_rollback_shows_the_earlier_version_at_once() -> None:
    document, before = doc_id(), revisions.current()
    done = rolling_back.roll_back(doc_id=document, target_version="v1", by=BY)
    assert (done.version.label, done.chunk_count, done.restored) == ("v1", 2, 2)
    assert "7 天" in found("多少天内可以退货")[0]
    assert not any("30 天" in text or "定制" in text for text in found("定制和服 多少天内可以退货"))
    states = {version.label: version.status for version in reading.versions(reading.get(doc_id=document))}
    assert states == {"v1": "active", "v2": "superseded"}
    assert revisions.current() == before + 1
    assert AuditRow.objects.filter(action="rollback_document", target_id=document).count() == 1


def test_a_rollback_to_what_is_on_show_changes_nothing() -> None:
    document, before = doc_id(), revisions.current()
    assert rolling_back.roll_back(doc_id=document, target_version="v2", by=BY).restored == 0
    assert revisions.current() == before


@pytest.mark.parametrize("label", ["v3", "v0", "2.", "latest", "", "v99999999999"])
def test_a_rollback_to_no_version_is_refused(label: str) -> None:
    with pytest.raises(Missing):
        rolling_back.roll_back(doc_id=doc_id(), target_version=label, by=BY)


def test_a_deleted_document_is_gone_from_answers_and_comes_back_by_a_rollback() -> None:
    document, before = doc_id(), revisions.current()
    assert changing.delete(doc_id=document, by=BY) == 3
    assert found("多少天内可以退货") == []
    assert not Unit.objects.exists()
    assert Chunk.objects.count() == 5
    assert not reading.listed().exists()
    assert [row.public_id for row in reading.listed(status="deleted")] == [document]
    assert reading.get(doc_id=document).status == "deleted"
    with pytest.raises(Missing):
        changing.delete(doc_id=document, by=BY)
    with pytest.raises(Missing):
        changing.update(doc_id=document, changes={"title": "x"}, by=BY)
    rolling_back.roll_back(doc_id=document, target_version="v1", by=BY)
    assert "7 天" in found("多少天内可以退货")[0]
    assert reading.get(doc_id=document).status == "active"
    states = {version.label: version.status for version in reading.versions(reading.get(doc_id=document))}
    assert states == {"v1": "active", "v2": "superseded"}
    assert all(unit.embedding is not None for unit in Unit.objects.all())
    assert revisions.current() == before + 2


def test_a_deleted_document_comes_back_by_an_upload_of_the_same_content() -> None:
    document = doc_id()
    changing.delete(doc_id=document, by=BY)
    version = ingested(NEW)
    assert (version.label, version.document.public_id) == ("v3", document)
    assert version.document.status == "active"
    assert found("多少天内可以退货")


def test_a_failed_upload_leaves_a_deleted_document_deleted() -> None:
    document = doc_id()
    changing.delete(doc_id=document, by=BY)
    upload(b"%PDF-1.7 nothing of a PDF follows")
    assert reading.get(doc_id=document).status == "processing"
    work()
    assert reading.get(doc_id=document).status == "deleted"
    assert found("多少天内可以退货") == []


def test_deleting_cancels_what_is_still_being_read() -> None:
    document = doc_id()
    given = upload(NEW + "\n更多。\n")
    changing.delete(doc_id=document, by=BY)
    assert Job.objects.get(pk=given.job.pk).status == "cancelled"
    assert work() == 0
    assert reading.get(doc_id=document).status == "deleted"


def test_a_document_can_be_deleted_before_it_was_ever_read() -> None:
    given = upload(NEW)
    assert changing.delete(doc_id=given.version.document.public_id, by=BY) == 0
    assert work() == 0
    assert not reading.listed().exists()


def test_a_disabled_document_is_hidden_at_once_and_shown_again_at_once() -> None:
    document, before = doc_id(), revisions.current()
    changing.update(doc_id=document, changes={"status": "disabled"}, by=BY)
    assert found("多少天内可以退货") == []
    ingested(NEW + "\n更多。\n")
    assert found("多少天内可以退货") == []
    assert reading.get(doc_id=document).status == "disabled"
    changing.update(doc_id=document, changes={"status": "active"}, by=BY)
    assert found("多少天内可以退货")
    assert revisions.current() == before + 3
    assert AuditRow.objects.filter(action="update_document", target_id=document).count() == 2


def test_an_update_that_says_nothing_new_changes_nothing() -> None:
    document, before = doc_id(), revisions.current()
    changing.update(doc_id=document, changes={"title": "退货政策", "status": "active"}, by=BY)
    assert revisions.current() == before
    assert not AuditRow.objects.filter(action="update_document").exists()


def test_a_title_that_the_merchant_gave_survives_the_next_version() -> None:
    document = doc_id()
    assert reading.get(doc_id=document).title == "退货政策"
    ingested(NEW.replace("# 退货政策", "# 退换货政策"))
    assert reading.get(doc_id=document).title == "退换货政策"
    changing.update(doc_id=document, changes={"title": "我们的规则"}, by=BY)
    ingested(NEW)
    assert reading.get(doc_id=document).title == "我们的规则"


def test_a_document_that_has_nothing_to_show_cannot_be_switched_on() -> None:
    given = upload(NEW)
    with pytest.raises(Conflict):
        changing.update(doc_id=given.version.document.public_id, changes={"status": "active"}, by=BY)


def test_old_versions_leave_the_index_and_come_back_from_their_chunks() -> None:
    for number in range(showing.KEPT_VERSIONS + 3):
        version = ingested(f"# Stand\n\n退货期限为 {number + 1} 天。\n")
    document = version.document
    assert not document.versions.get(number=1).units.exists()
    assert document.versions.get(number=3).units.exists()
    assert Unit.objects.count() == showing.KEPT_VERSIONS + 1
    rolling_back.roll_back(doc_id=document.public_id, target_version="v1", by=BY)
    assert found("退货期限") == [document.versions.get(number=1).chunks.get().text]
    assert Unit.objects.get(version__number=1).embedding is not None


def test_a_diff_tells_what_was_changed_and_added() -> None:
    old, new, diff = reading.diff(doc_id=doc_id(), old="v1", new="v2")
    assert (old.label, new.label) == ("v1", "v2")
    assert diff.stats.changed == 1
    assert diff.stats.added == 2
    change = next(hunk for hunk in diff.hunks if hunk.op == "change")
    assert (change.old, change.new) == ("签收后 7 天内可申请退货。", "签收后 30 天内可申请退货。")


def test_chunks_are_read_in_order_and_by_a_word_in_them() -> None:
    document = doc_id()
    version, rows = reading.chunks(doc_id=document, label=None, q=None)
    assert version.label == "v2"
    assert [chunk.index for chunk in rows] == [0, 1, 2]
    assert [chunk.section for chunk in rows] == ["退货政策", "运费", "例外"]
    _, rows = reading.chunks(doc_id=document, label="v1", q="运费")
    assert [chunk.section for chunk in rows] == ["运费"]


def test_a_stored_file_is_what_was_uploaded() -> None:
    document = doc_id()
    assert reading.stored_file(doc_id=document, label="v1").content == OLD.encode()
    file = reading.stored_file(doc_id=document, label=None, for_visitor=True)
    assert (file.content, file.name, file.mime, file.may_be_inline) == (
        NEW.encode(),
        "rules.md",
        "text/markdown",
        False,
    )


def test_a_visitor_gets_no_file_that_was_never_on_show_or_was_taken_down() -> None:
    document = doc_id()
    ingested(NEW + "\n内部草稿。\n", publish=False)
    assert reading.stored_file(doc_id=document, label="v3").content
    with pytest.raises(Missing):
        reading.stored_file(doc_id=document, label="v3", for_visitor=True)
    changing.update(doc_id=document, changes={"status": "disabled"}, by=BY)
    with pytest.raises(Missing):
        reading.stored_file(doc_id=document, label="v2", for_visitor=True)


def test_another_tenants_document_is_no_document(beta: Any) -> None:
    document = doc_id()
    with db.tenant_scope(beta):
        for attempt in (
            lambda: changing.delete(doc_id=document, by=BY),
            lambda: changing.update(doc_id=document, changes={"title": "x"}, by=BY),
            lambda: rolling_back.roll_back(doc_id=document, target_version="v1", by=BY),
            lambda: reading.stored_file(doc_id=document, label=None),
            lambda: reading.chunks(doc_id=document, label=None, q=None),
            lambda: reading.diff(doc_id=document, old="v1", new="v2"),
        ):
            with pytest.raises(Missing):
                attempt()
    assert found("多少天内可以退货")
