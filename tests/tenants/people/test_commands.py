"""The commands that make the first operator and merchants."""

from typing import Any

import pytest
from django.core.management import CommandError, call_command

from kimono.lib import db
from tenants.models import Tenant
from tenants.people.management.commands import create_merchant, create_operator
from tenants.people.models import User


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(create_operator, "asked_password", lambda: "a-good-long-word-7")
    monkeypatch.setattr(create_merchant, "asked_password", lambda: "a-good-long-word-7")


def test_an_operator_is_made(on_platform: None, typed: None) -> None:
    call_command("create_operator", "first")
    with db.public_scope():
        assert User.objects.get(username="first").role == "ops_admin"


def test_a_weak_password_makes_no_operator(on_platform: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(create_operator, "asked_password", lambda: "12345678")
    with pytest.raises(CommandError):
        call_command("create_operator", "first")
    assert not User.objects.filter(username="first").exists()


@pytest.mark.django_db(transaction=True)
def test_a_merchant_is_made_with_its_admin(typed: None, on_platform: None) -> None:
    call_command("create_merchant", "new-shop", "New shop", "boss", preset="helpdesk")
    with db.public_scope():
        tenant: Any = Tenant.objects.get(slug="new-shop")
    assert tenant.status == "active"
    assert tenant.settings["handoff"]["preset"] == "helpdesk"
    with db.tenant_scope(tenant):
        assert User.objects.get(username="boss").check_password("a-good-long-word-7")
