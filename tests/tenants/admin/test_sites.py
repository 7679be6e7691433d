"""The two admin sites: who may come in, and what they show."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from conversations.models import Contact, Conversation
from kimono.lib import db
from knowledge.models import QAPair
from tenants.admin import platform_site, tenant_site
from tenants.models import Tenant
from tenants.services import tenant_settings
from tenants.services.auditing import SYSTEM
from tests.tenants.admin_pages import add_pair, fill_merchant, fill_platform, page, sent, signed_in, text_of
from tests.tenants.doors import PASSWORD, Caller, at, make_user

pytestmark = pytest.mark.django_db(transaction=True)


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
