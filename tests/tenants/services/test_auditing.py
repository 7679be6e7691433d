"""The audit only grows, holds no contact, and shows each merchant its own."""

from typing import Any

import pytest
from django.db import DatabaseError, transaction

from kimono.lib import db
from tenants.models import AuditRow, Tenant
from tenants.services import auditing
from tenants.services.auditing import SYSTEM, Actor
from tests.tenants.doors import at, make_user

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_row_is_never_changed(in_alpha: Tenant, superuser: Any) -> None:
    auditing.record(action="tried", by=SYSTEM)
    for spoil in (
        lambda: AuditRow.objects.update(action="other"),
        lambda: AuditRow.objects.all().delete(),
        lambda: AuditRow.objects.get(action="tried").delete(),
        lambda: AuditRow.objects.filter(pk__gt=0)._raw_delete("default"),
    ):
        with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
            spoil()
    # Not even by who may do everything else, unless the trigger is taken away.
    with pytest.raises(Exception, match="never changed"):
        superuser.execute("UPDATE public.tenants_auditrow SET action = 'x'")
    assert AuditRow.objects.filter(action="tried").count() == 1


def test_a_row_goes_with_its_transaction(in_alpha: Tenant) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        auditing.record(action="tried", by=SYSTEM)
        raise RuntimeError
    assert not AuditRow.objects.filter(action="tried").exists()


def test_contacts_are_masked_wherever_they_stand(in_alpha: Tenant) -> None:
    auditing.record(
        action="tried",
        by=Actor("user", "usr-1", "li", "192.0.2.1", "req-1"),
        details={"phone": "电话13812345678", "deep": [{"mail": "li@example.com"}], "n": 3, "long": "x" * 900},
        success=False,
        error="sent to li@example.com",
    )
    row = AuditRow.objects.get(action="tried")
    assert row.details == {
        "phone": "电话138****5678", "deep": [{"mail": "l***@example.com"}], "n": 3, "long": "x" * 500
    }  # fmt: skip
    assert (row.level, row.error_message, row.ip_address) == ("WARN", "sent to l***@example.com", "192.0.2.1")


def test_each_side_has_its_own(alpha: Tenant, beta: Tenant) -> None:
    for tenant in (alpha, beta):
        with db.tenant_scope(tenant):
            auditing.record(action=f"of_{tenant.slug}", by=SYSTEM)
    with db.public_scope():
        auditing.record(action="of_platform", by=SYSTEM)
        assert not auditing.listed().exists()
    with db.tenant_scope(alpha):
        assert [row.action for row in auditing.listed()] == ["of_alpha", "create_tenant"]
    with db.public_scope(), db.platform_scope():
        assert [row.action for row in auditing.listed()] == ["of_platform"]
        assert AuditRow.objects.filter(action__startswith="of_").count() == 3
    with pytest.raises(db.NoTenant):
        auditing.record(action="of_nobody", by=SYSTEM)


def test_the_door_filters(alpha: Tenant) -> None:
    user = make_user(alpha, username="admin")
    admin = at(alpha).signed_in("admin")
    admin.patch("settings", {"privacy": {"retention_days": 30}}, X_Request_ID="mine")
    row = admin.get("audit-logs?action=update_settings").json()["items"][0]
    assert row == {
        "id": row["id"], "timestamp": row["timestamp"], "kind": "operation", "level": "INFO", "source": "user",
        "message": "update_settings", "request_id": "mine", "tenant_id": alpha.public_id, "user_id": user.public_id,
        "username": "admin", "action": "update_settings", "target_type": "settings", "target_id": None,
        "details": {"sections": ["privacy"]}, "ip_address": "192.0.2.1", "success": True, "error_message": None,
    }  # fmt: skip
    at(alpha).post("auth/login", {"username": "admin", "password": "wrong"})
    # Times on the wire are cut to milliseconds, and a row is found by its own time from both sides.
    for query, total in (
        ("success=false", 1), ("success=true", 4), (f"user_id={user.public_id}", 2), ("target_type=settings", 1),
        (f"target_id={user.public_id}", 2), ("action=nothing", 0), ("start_time=2999-01-01T00:00:00", 0),
        ("end_time=9999-12-31T23:59:59.999999", 5), (f"end_time={row['timestamp'][:-1]}", 4),
        (f"start_time={row['timestamp'][:-1]}", 2),
    ):  # fmt: skip
        assert admin.get(f"audit-logs?{query}").json()["total"] == total, query
    for query in ("success=maybe", "start_time=yesterday", "page_size=101"):
        assert admin.get(f"audit-logs?{query}").status_code == 422, query
