"""A merchant's settings, and whose a host is."""

from typing import Any

import pytest

from kimono.lib import db
from tenants.models import Domain, Tenant
from tenants.services import hosts
from tests.tenants.doors import Caller, at, make_user

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def admin(alpha: Tenant) -> Caller:
    make_user(alpha, username="admin")
    return at(alpha).signed_in("admin")


def test_settings_merge_deeply_and_lists_replace(admin: Caller, alpha: Tenant, beta: Tenant) -> None:
    before = admin.get("settings").json()
    assert before["privacy"] == {"mask_contacts": True, "retention_days": 365}
    words = {"handoff": {"urgent_words": ["火急"]}, "privacy": {"retention_days": 30}}
    after = admin.patch("settings", words)
    assert after.status_code == 200
    assert after.json() == admin.get("settings").json()
    assert after.json()["privacy"] == {"mask_contacts": True, "retention_days": 30}
    assert after.json()["handoff"] == {**before["handoff"], "urgent_words": ["火急"]}
    make_user(beta, username="admin")
    assert at(beta).signed_in("admin").get("settings").json()["privacy"]["retention_days"] == 365
    assert admin.patch("settings", {"unknown": {"x": 1}}).json() == after.json()


@pytest.mark.parametrize(
    ("patch", "loc"),
    [
        ({"privacy": {"retention_days": 0}}, ["body", "privacy", "retention_days"]),
        ({"privacy": {"retention_days": "30"}}, ["body", "privacy", "retention_days"]),
        ({"privacy": {"mask_contacts": 1}}, ["body", "privacy", "mask_contacts"]),
        ({"handoff": {"failed_threshold": 11}}, ["body", "handoff", "failed_threshold"]),
        ({"chat": {"max_history_turns": 0}}, ["body", "chat", "max_history_turns"]),
        ({"chat": []}, ["body", "chat"]),
        ({"chat": None}, ["body", "chat"]),
        ({"privacy": {"retention_days": 10}, "chat": 5}, ["body", "chat"]),
    ],
)
def test_a_wrong_value_changes_nothing(patch: Any, loc: list[str], admin: Caller) -> None:
    before = admin.get("settings").json()
    answer = admin.patch("settings", patch)
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == loc
    assert admin.get("settings").json() == before


@pytest.mark.parametrize("body", ["[]", '"x"', "5", "null"])
def test_settings_are_an_object(body: str, admin: Caller) -> None:
    assert admin.ask("PATCH", "settings", body).status_code == 422


def test_a_host_is_remembered_for_a_moment(
    alpha: Tenant, settings: Any, django_assert_num_queries: Any
) -> None:
    settings.HOST_CACHE_SECONDS = 60
    hosts.clear()
    assert hosts.tenant_by_host("alpha.localhost") == alpha
    with django_assert_num_queries(0):
        assert hosts.tenant_by_host("alpha.localhost") == alpha
        assert hosts.is_remembered("alpha.localhost")
    with db.public_scope():
        Domain.objects.filter(domain="alpha.localhost").update(domain="moved.localhost")
    assert hosts.tenant_by_host("alpha.localhost") == alpha
    hosts.clear()
    assert hosts.tenant_by_host("alpha.localhost") is None
    assert hosts.tenant_by_host("moved.localhost") == alpha
    settings.HOST_CACHE_SECONDS = 0
    hosts.clear()
    hosts.tenant_by_host("moved.localhost")
    assert not hosts.is_remembered("moved.localhost")


def test_made_up_hosts_do_not_fill_the_memory(alpha: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hosts, "_MOST", 20)
    for number in range(100):
        assert hosts.tenant_by_host(f"made-up-{number}.localhost") is None
    assert len(hosts._remembered) <= 20


def test_a_slug_that_is_none_is_not_asked_for(alpha: Tenant, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        for slug in ("", "a\x00b", "x" * 65, "a b", "é", "{}", "\ud800"):
            assert hosts.tenant_by_slug(slug) is None
    assert hosts.tenant_by_slug("alpha") == hosts.tenant_by_slug(alpha.public_id) == alpha
    assert hosts.host_of(alpha) == "alpha.localhost"


def test_every_section_of_the_contract_is_shown(admin: Caller) -> None:
    shown = admin.get("settings").json()
    assert set(shown) == {
        "handoff", "chat", "csat", "agents", "vip", "learning", "canary", "widget", "business", "privacy",
    }  # fmt: skip
    assert shown["agents"] == {"assignment": "manual", "silent_timeout_seconds": 0, "sla_seconds": None}
    assert shown["learning"] == {"auto_approve": False}
    assert shown["canary"] == {"min_conversations": 50, "max_worse": 0.05}


@pytest.mark.parametrize(
    ("section", "key", "good", "bad"),
    [
        ("agents", "assignment", ["least_busy", "manual"], ["random", None, 1]),
        ("agents", "silent_timeout_seconds", [0, 86400], [-1, 86401, None, "5", 1.5]),
        ("agents", "sla_seconds", [None, 10, 86400], [9, 86401, "60"]),
        ("learning", "auto_approve", [True, False], [None, "true", 1]),
        ("canary", "min_conversations", [10, 10000], [9, 10001, None]),
        ("canary", "max_worse", [0, 1, 0.5], [-0.1, 1.1, None, "0.1"]),
    ],
)
def test_what_a_section_takes(section: str, key: str, good: list[Any], bad: list[Any], admin: Caller) -> None:
    for value in good:
        answer = admin.patch("settings", {section: {key: value}})
        assert (answer.status_code, answer.json()[section][key]) == (200, value)
    before = admin.get("settings").json()
    for value in bad:
        answer = admin.patch("settings", {section: {key: value}})
        assert answer.status_code == 422, value
        assert answer.json()["detail"][0]["loc"] == ["body", section, key]
    assert admin.get("settings").json() == before
