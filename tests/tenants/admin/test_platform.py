"""What operators write goes through the services, and an onlooker writes nothing."""

from typing import Any

import pytest

from kimono.lib import db
from tenants.models import AuditRow, Job, Price, Template, Tenant
from tenants.people.models import User
from tenants.services import jobs
from tests.tenants.admin_pages import fill_platform, page, sent, signed_in, text_of
from tests.tenants.doors import PASSWORD, Caller, at

pytestmark = pytest.mark.django_db(transaction=True)


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
