"""The two admin sites: who may come in, what they show, and that every write goes through a service."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from conversations.models import Contact, Conversation, Scene
from kimono.lib import db
from knowledge.models import Document, QAPair
from opsconsole.admin.words import ACTIONS
from tenants.admin import platform_site, tenant_site
from tenants.admin.refusals import SENTENCES
from tenants.models import AuditRow, Job, Price, Template, Tenant
from tenants.people.models import User
from tenants.services import jobs, tenant_settings
from tenants.services.auditing import SYSTEM
from tests.tenants.admin_pages import add_pair, fill_merchant, fill_platform, page, sent, signed_in, text_of
from tests.tenants.doors import PASSWORD, Caller, at, make_user

pytestmark = pytest.mark.django_db(transaction=True)
SOURCES = ("kimono", "tenants", "knowledge", "conversations", "agents", "opsconsole")


@pytest.fixture
def merchant(alpha: Tenant) -> Caller:
    """The admin of alpha, signed in."""
    make_user(alpha, username="boss")
    return signed_in(alpha, "boss")


@pytest.fixture
def operator(db: None) -> Caller:
    """An operator of the platform, signed in."""
    make_user(None, "ops_admin", "operator")
    return signed_in(None, "operator")


@pytest.fixture
def onlooker(db: None) -> Caller:
    """An operator who may only look, signed in."""
    make_user(None, "ops_viewer", "onlooker")
    return signed_in(None, "onlooker")


def every_page(site: Any) -> Iterator[str]:
    """Yield the first page; of each table the list, its first row's page and, where rows are added, the form."""
    yield page(site.name, "index")
    for model, shown in site._registry.items():
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        row = model._default_manager.order_by("pk").first()
        assert row is not None, f"this test has made no {model.__name__}"
        yield page(site.name, f"{name}_changelist")
        yield page(site.name, f"{name}_change", row.pk)
        if "_ReadOnly" not in shown.has_add_permission.__qualname__:
            yield page(site.name, f"{name}_add")


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_every_page_of_a_merchant_opens(
    merchant: Caller, alpha: Tenant, new_key: Callable[..., str], language: str
) -> None:
    fill_merchant(merchant, alpha, new_key(alpha))
    with db.tenant_scope(alpha):
        pages = list(every_page(tenant_site))
    assert len(pages) > 20
    for path in [
        *pages,
        page("merchant", "knowledge_qapair_import"),
        page("merchant", "knowledge_qapair_export"),
        page("merchant", "knowledge_document_upkeep"),
    ]:
        assert ("概览" in text_of(merchant, path, language)) == (language == "zh-CN"), path


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_every_page_of_the_platform_opens(operator: Caller, alpha: Tenant, language: str) -> None:
    fill_platform()
    with db.public_scope(), db.platform_scope():
        pages = list(every_page(platform_site))
    assert len(pages) > 15
    for path in pages:
        assert ("概览" in text_of(operator, path, language)) == (language == "zh-CN"), path


@pytest.mark.parametrize("role", ["agent", "viewer"])
def test_others_of_a_merchant_do_not_come_in(alpha: Tenant, role: str) -> None:
    make_user(alpha, role, "someone")
    caller = at(alpha)
    caller.get("/admin/login/", Accept="text/html")
    refused = sent(caller, "/admin/login/?next=/admin/", {"username": "someone", "password": PASSWORD})
    assert refused.status_code == 200
    assert caller.get("/admin/", Accept="text/html").status_code == 302


def test_nobody_crosses_from_one_admin_to_another(
    merchant: Caller, operator: Caller, alpha: Tenant, beta: Tenant
) -> None:
    for cookies, elsewhere in ((merchant, beta), (merchant, None), (operator, alpha)):
        caller = at(elsewhere)
        caller.browser.cookies = cookies.browser.cookies
        for path in ("/admin/", "/admin/people/user/", "/admin/tenants/tenant/", "/admin/knowledge/qapair/"):
            answer = caller.get(path, Accept="text/html")
            assert answer.status_code in (302, 404), (path, answer.status_code)
            assert answer.status_code == 404 or answer.headers["Location"].startswith("/admin/login/")
    for tenant, name in ((None, "boss"), (beta, "boss"), (alpha, "operator")):
        caller = at(tenant)
        caller.get("/admin/login/", Accept="text/html")
        refused = sent(caller, "/admin/login/", {"username": name, "password": PASSWORD})
        assert refused.status_code == 200


def test_a_merchants_site_shows_no_public_table() -> None:
    labels = {model._meta.app_label for model in tenant_site._registry}
    assert labels == {"people", "knowledge", "conversations", "agents"}
    assert {model._meta.app_label for model in platform_site._registry} == {"tenants", "people"}


def test_a_merchant_sees_its_own_rows_alone(merchant: Caller, alpha: Tenant, beta: Tenant) -> None:
    make_user(beta, username="other")
    theirs = signed_in(beta, "other")
    add_pair(theirs, "贝塔的秘密")
    with db.tenant_scope(beta):
        foreign = QAPair.objects.get()
    assert "贝塔的秘密" in text_of(theirs, "/admin/knowledge/qapair/")
    assert "贝塔的秘密" not in text_of(merchant, "/admin/knowledge/qapair/")
    assert "贝塔的秘密" not in text_of(merchant, "/admin/search/?s=贝塔&extended=1")
    answer = merchant.get(page("merchant", "knowledge_qapair_change", foreign.pk), Accept="text/html")
    assert answer.status_code == 302


def test_an_onlooker_may_look_and_change_nothing(onlooker: Caller, alpha: Tenant) -> None:
    fill_platform()
    with db.public_scope(), db.platform_scope():
        template = Template.objects.get()
    shown = text_of(onlooker, page("platform", "tenants_tenant_change", alpha.pk))
    assert "Alpha" in shown and "/suspend/" not in shown
    attempts = {
        page("platform", "tenants_tenant_add"): {"name": "新店", "slug": "xindian"},
        f"/admin/tenants/tenant/{alpha.pk}/suspend/": {"reason": "x", "_form_submitted": "True"},
        page("platform", "tenants_template_add"): {"question": "问", "answer": "答"},
        page("platform", "tenants_template_change", template.pk): {"question": "改", "answer": "改"},
        page("platform", "tenants_template_delete", template.pk): {"post": "yes"},
        page("platform", "people_user_add"): {"username": "another", "password": PASSWORD},
    }
    for path, fields in attempts.items():
        assert sent(onlooker, path, fields).status_code == 403, path
    with db.public_scope(), db.platform_scope():
        assert Tenant.objects.count() == 3
        assert Tenant.objects.get(pk=alpha.pk).status == "active"
        assert list(Template.objects.values_list("question", flat=True)) == ["如何退货？"]
        assert not User.objects.filter(username="another").exists()


def new_merchant(operator: Caller, **fields: str) -> Any:
    given = {"name": "德尔塔", "slug": "delta", "preset": "helpdesk", "admin_username": "dana",
             "admin_password": PASSWORD, **fields}  # fmt: skip
    return sent(operator, page("platform", "tenants_tenant_add"), given)


def test_a_merchant_is_made_by_a_job_and_its_first_admin_may_come_in(operator: Caller) -> None:
    answer = new_merchant(operator)
    with db.public_scope(), db.platform_scope():
        made = Tenant.objects.get(slug="delta")
        assert (made.status, made.settings["handoff"]["preset"]) == ("creating", "helpdesk")
        assert PASSWORD not in str(Job.objects.get(tenant=made).payload)
    assert answer.headers["Location"] == page("platform", "tenants_tenant_change", made.pk)
    shown = text_of(operator, answer.headers["Location"])
    assert "创建中" in shown and "delta.localhost" in shown
    while jobs.run_next("bulk"):
        pass
    assert "正常" in text_of(operator, answer.headers["Location"])
    assert "argon2" not in text_of(operator, "/admin/tenants/job/")
    signed_in(made, "dana")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"slug": "Delta!"}, "2 到 31 个小写字母"),
        ({"slug": "admin"}, "这个名称是系统保留的"),
        ({"slug": "alpha"}, "已存在"),
        ({"name": "Alpha"}, "已存在"),
        ({"admin_password": "12345678"}, "密码"),
    ],
)
def test_a_merchant_that_cannot_be_made_is_refused_beside_the_form(
    operator: Caller, alpha: Tenant, wrong: dict[str, str], said: str
) -> None:
    answer = new_merchant(operator, **wrong)
    assert answer.status_code == 200
    errors = answer.context["adminform"].form.errors
    assert said in str(errors), errors
    assert list(errors) == list(wrong)
    with db.public_scope(), db.platform_scope():
        assert Tenant.objects.count() == 3


def test_suspending_asks_for_a_reason_and_works_everywhere(operator: Caller, alpha: Tenant) -> None:
    act = f"/admin/tenants/tenant/{alpha.pk}/suspend/"
    dialog = operator.get(act, Accept="text/html", Accept_Language="zh-CN").content.decode()
    assert "停用这家商家？" in dialog
    without = sent(operator, act, {"reason": "", "_form_submitted": "True"}, HX_Request="true")
    assert "HX-Redirect" not in without.headers
    done = sent(operator, act, {"reason": "欠费", "_form_submitted": "True"}, HX_Request="true")
    assert done.headers["HX-Redirect"] == page("platform", "tenants_tenant_change", alpha.pk)
    with db.public_scope(), db.platform_scope():
        row = AuditRow.objects.get(action="suspend_tenant")
        assert (row.username, row.details) == ("operator", {"reason": "欠费"})
    assert "欠费" in text_of(operator, page("platform", "tenants_tenant_change", alpha.pk))
    assert at(alpha).get("/api/v1/auth/me").status_code in (401, 403)
    with db.public_scope(), db.platform_scope():
        assert Tenant.objects.get(pk=alpha.pk).status == "suspended"
    again = f"/admin/tenants/tenant/{alpha.pk}/activate/"
    # A link that somebody sends must not do it.
    operator.get(again, Accept="text/html")
    with db.public_scope(), db.platform_scope():
        assert Tenant.objects.get(pk=alpha.pk).status == "suspended"
    sent(operator, again, {"_form_submitted": "True"}, HX_Request="true")
    with db.public_scope(), db.platform_scope():
        assert Tenant.objects.get(pk=alpha.pk).status == "active"


def test_templates_and_prices_are_written_with_their_audit(operator: Caller) -> None:
    given = {"question": "如何退货？", "answer": "七天。", "category": "", "keywords": "退货，退款", "priority": "0",
             "status": "active"}  # fmt: skip
    assert sent(operator, page("platform", "tenants_template_add"), given).status_code == 302
    with db.public_scope(), db.platform_scope():
        template = Template.objects.get()
        assert template.keywords == ["退货", "退款"]
    change = page("platform", "tenants_template_change", template.pk)
    assert sent(operator, change, given).status_code == 302
    assert sent(operator, change, {**given, "answer": "十四天。"}).status_code == 302
    price = {"provider": "openai", "model": "*", "operation": "chat", "input_per_1k": "0.1",
             "output_per_1k": "0.2", "currency": "CNY",
             "valid_from_0": "2026-01-01", "valid_from_1": "00:00:00"}  # fmt: skip
    assert sent(operator, page("platform", "tenants_price_add"), price).status_code == 302
    with db.public_scope(), db.platform_scope():
        assert Template.objects.get().version == 2
        assert Price.objects.get().provider == "openai"
        acts = AuditRow.objects.order_by("id").values_list("action", "username")
        assert [act for act in acts if act[0].endswith(("_template", "_price"))] == [
            ("create_template", "operator"), ("update_template", "operator"), ("create_price", "operator"),
        ]  # fmt: skip


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


def test_the_language_is_the_persons_choice_then_the_browsers_then_chinese(merchant: Caller) -> None:
    assert "Overview" in text_of(merchant, "/admin/", "en-US")
    assert "概览" in text_of(merchant, "/admin/", "ja")
    assert "概览" in text_of(merchant, "/admin/", "zh-TW")
    chosen = sent(merchant, "/i18n/setlang/", {"language": "en", "next": "/admin/"})
    assert chosen.status_code == 302
    assert "Overview" in text_of(merchant, "/admin/", "zh-CN")


def test_times_are_on_the_merchants_clock(merchant: Caller, alpha: Tenant) -> None:
    moment = datetime(2026, 1, 1, 2, 30, tzinfo=UTC)
    with db.tenant_scope(alpha):
        contact = Contact.objects.create(visitor_id="v", created_at=moment, last_seen_at=moment)
        Conversation.objects.create(
            public_id="sess-old", contact=contact, visitor_id="v", created_at=moment, last_activity_at=moment
        )
    listed = "/admin/conversations/conversation/"
    assert "2026年1月1日 10:30" in text_of(merchant, listed)
    hours = {"tz": "America/New_York", "days": [1, 2, 3, 4, 5], "start": "09:00", "end": "18:00"}
    with db.tenant_scope(alpha):
        tenant_settings.update(patch={"handoff": {"working_hours": hours}}, by=SYSTEM)
    from tenants.services import hosts

    hosts.clear()
    assert "2025年12月31日 21:30" in text_of(merchant, listed)
    assert timezone.get_current_timezone_name() == settings.TIME_ZONE


def test_the_first_pages_show_what_waits(
    merchant: Caller, operator: Caller, alpha: Tenant, new_key: Callable[..., str]
) -> None:
    assert "开始使用" in text_of(merchant, "/admin/")
    fill_merchant(merchant, alpha, new_key(alpha))
    fill_platform()
    shown = " ".join(re.sub(r"<[^>]+>", " ", text_of(merchant, "/admin/")).split())
    for words in ("问答对 1 ", "文档 1 1 份处理中", "今日会话 1 1 位等待人工", "近 7 天未答上 1 共 1 个提问",
                  "待审核反馈 1", "火星有店吗？", "C-77"):  # fmt: skip
        assert words in shown, words
    shown = " ".join(re.sub(r"<[^>]+>", " ", text_of(operator, "/admin/")).split())
    for words in ("正常商家 3", "等待的任务 2", "今日模型调用", "Alpha", "修改设置"):
        assert words in shown, words


def test_the_first_page_costs_the_same_however_much_there_is(
    merchant: Caller, alpha: Tenant, new_key: Callable[..., str], django_assert_max_num_queries: Any
) -> None:
    fill_merchant(merchant, alpha, new_key(alpha))
    with django_assert_max_num_queries(20):
        text_of(merchant, "/admin/")


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


def test_what_the_services_refuse_with_is_known_word_for_word() -> None:
    written = "".join(
        source.read_text()
        for app in SOURCES
        for source in Path(settings.BASE_DIR, app).rglob("services/**/*.py")
    )
    assert not [sentence for sentence in SENTENCES if f'"{sentence}"' not in written]


def test_every_audited_act_has_a_word() -> None:
    named = set()
    for app in SOURCES:
        for source in Path(settings.BASE_DIR, app).rglob("*.py"):
            for call in re.findall(
                r"(?:auditing\.record|_audit|_bulk_done)\((.{0,200})", source.read_text(), re.DOTALL
            ):
                match = re.match(r'\s*(?:[\w, ]*action=)?"([a-z_]+)"(?: if .*? else "([a-z_]+)")?', call)
                named |= set(filter(None, match.groups())) if match else set()
    assert len(named) > 25
    assert not named - set(ACTIONS)
