"""What merchants write goes through the services."""

from collections.abc import Callable

import pytest

from conversations.models import Scene
from kimono.lib import db
from knowledge.models import Document, QAPair
from tenants.models import AuditRow, Tenant
from tenants.people.models import User
from tenants.services import jobs
from tests.tenants.admin_pages import add_pair, fill_merchant, page, sent, text_of
from tests.tenants.doors import PASSWORD, Caller

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_pair_is_written_by_the_service(merchant: Caller, alpha: Tenant) -> None:
    answer = add_pair(merchant, similar_questions="何时营业\n几点关门\n何时营业", keywords="时间，营业")
    assert answer.status_code == 302
    with db.tenant_scope(alpha):
        pair = QAPair.objects.get()
        assert [item.text for item in pair.similar.all()] == ["何时营业", "几点关门"]
        assert (pair.keywords, pair.is_synced, pair.units.count()) == (["时间", "营业"], True, 4)
        assert AuditRow.objects.get(action="create_qa_pair").username == "boss"
    change = page("merchant", "knowledge_qapair_change", pair.pk)
    assert "何时营业\n几点关门" in text_of(merchant, change)
    sent(merchant, page("merchant", "knowledge_qapair_delete", pair.pk), {"post": "yes"})
    with db.tenant_scope(alpha):
        pair.refresh_from_db()
        assert (pair.status, pair.units.count()) == ("deleted", 0)


def test_a_pair_that_is_wrong_is_refused_beside_the_form(merchant: Caller, alpha: Tenant) -> None:
    wrong = add_pair(
        merchant, similar_questions="\n".join(f"问法{n}" for n in range(21)),
        valid_from_0="2026-05-02", valid_from_1="00:00", valid_to_0="2026-05-01", valid_to_1="00:00",
    ).content.decode()  # fmt: skip
    assert "最多 20 条，每条不超过 500 字" in wrong and "结束时间必须晚于开始时间" in wrong
    with db.tenant_scope(alpha):
        assert not QAPair.objects.exists()


def test_a_document_is_uploaded_read_taken_down_and_deleted(merchant: Caller, alpha: Tenant) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    file = SimpleUploadedFile("退货.md", "# 退货\n\n七天内可退。".encode())
    given = {"file": file, "knowledge_type": "policy", "product_category": ""}
    answer = sent(merchant, "/admin/knowledge/document/add/", given)
    assert answer.status_code == 302, answer.content.decode()[:2000]
    while jobs.run_next("ingest"):
        pass
    with db.tenant_scope(alpha):
        document = Document.objects.get()
        assert (document.source, document.status, document.knowledge_type) == ("退货.md", "active", "policy")
    said = {"title": "退货规则", "status": "disabled", "knowledge_type": "policy", "product_category": "",
            "applicable_version": "latest", "versions-TOTAL_FORMS": "0", "versions-INITIAL_FORMS": "0"}  # fmt: skip
    assert sent(merchant, answer.headers["Location"], said).status_code == 302
    with db.tenant_scope(alpha):
        document.refresh_from_db()
        assert (document.title, document.status) == ("退货规则", "disabled")
    sent(merchant, page("merchant", "knowledge_document_delete", document.pk), {"post": "yes"})
    with db.tenant_scope(alpha):
        document.refresh_from_db()
        assert document.status == "deleted"
        assert set(AuditRow.objects.values_list("action", flat=True)) >= {
            "upload_document", "update_document", "delete_document"
        }  # fmt: skip
    bad = SimpleUploadedFile("virus.exe", b"MZ\x90\x00" + b"\x00" * 64)
    refused = sent(merchant, "/admin/knowledge/document/add/", {"file": bad, "knowledge_type": "doc"})
    assert "不支持这种文件" in refused.content.decode()


def test_scenes_go_through_the_service(merchant: Caller, alpha: Tenant) -> None:
    given = {"name": "查订单", "enabled": "on", "intent": "business_query", "trigger_examples": "订单在哪\n查物流",
             "schema": '{"type": "object", "properties": {"no": {"type": "string"}}}', "max_asks": "3",
             "then": "retrieve"}  # fmt: skip
    assert sent(merchant, "/admin/conversations/scene/add/", given).status_code == 302
    with db.tenant_scope(alpha):
        scene = Scene.objects.get()
        assert scene.trigger_examples == ["订单在哪", "查物流"]
        assert scene.schema["properties"] == {"no": {"type": "string"}}
        assert AuditRow.objects.filter(action="create_scene").exists()
    for wrong, said in (
        ({"schema": "{"}, "这不是合法的 JSON"),
        ({"schema": '{"type": "array"}'}, "object"),
        ({"then": "fly"}, "tool:"),
        ({}, "已"),
    ):
        again = sent(merchant, "/admin/conversations/scene/add/", {**given, **wrong})
        assert again.status_code == 200 and said in again.content.decode()
    sent(merchant, page("merchant", "conversations_scene_delete", scene.pk), {"post": "yes"})
    with db.tenant_scope(alpha):
        assert not Scene.objects.exists()


def test_people_go_through_the_service(merchant: Caller, alpha: Tenant) -> None:
    given = {"username": "xiaowang", "display_name": "小王", "email": "", "role": "agent", "is_active": "on",
             "password": PASSWORD}  # fmt: skip
    add = "/admin/people/user/add/"
    assert sent(merchant, add, given).status_code == 302
    with db.tenant_scope(alpha):
        person, boss = User.objects.get(username="xiaowang"), User.objects.get(username="boss")
        assert person.public_id and person.check_password(PASSWORD)
        assert AuditRow.objects.filter(action="create_user", target_id=person.public_id).exists()
    assert "已存在" in sent(merchant, add, given).content.decode()
    for wrong in ({"password": ""}, {"password": "12345678"}, {"role": "ops_admin"}):
        assert sent(merchant, add, {**given, "username": "li", **wrong}).status_code == 200
    mine = {**given, "role": "agent", "display_name": "店长", "password": ""}
    refused = sent(merchant, page("merchant", "people_user_change", boss.pk), mine)
    assert "这是最后一位管理员" in refused.content.decode()
    assert (
        merchant.get(page("merchant", "people_user_delete", person.pk), Accept="text/html").status_code == 403
    )
    with db.tenant_scope(alpha):
        assert set(User.objects.values_list("username", "role")) == {
            ("boss", "merchant_admin"), ("xiaowang", "agent")
        }  # fmt: skip


def test_an_unanswered_question_becomes_a_pair(
    merchant: Caller, alpha: Tenant, new_key: Callable[..., str]
) -> None:
    fill_merchant(merchant, alpha, new_key(alpha))
    with db.tenant_scope(alpha):
        from knowledge.models import QuestionRecord

        record = QuestionRecord.objects.get(outcome="refused")
    answer = merchant.get(f"/admin/knowledge/questionrecord/{record.pk}/answer_it/", Accept="text/html")
    assert answer.status_code == 302
    assert 'value="火星有店吗？"' in text_of(merchant, answer.headers["Location"])
