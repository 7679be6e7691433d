"""The life of a key: made, used, rotated, revoked, and never found in a dump."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from kimono.lib import db
from kimono.lib.errors import Conflict, Invalid, Missing, Unauthenticated
from tenants.models import ApiKey, Tenant
from tenants.services import api_keys
from tenants.services.auditing import SYSTEM
from tests.tenants.doors import at, make_user

pytestmark = pytest.mark.django_db(transaction=True)


def make(**options: Any) -> api_keys.Issued:
    return api_keys.create(**{"name": "k", "scopes": ["chat"], "by": SYSTEM, **options})


def opens(secret: str) -> bool:
    try:
        api_keys.authenticate(secret=secret, ip="192.0.2.1", loopback=False)
    except Unauthenticated:
        return False
    return True


def test_a_dump_of_the_table_holds_no_usable_key(in_alpha: Tenant, superuser: Any) -> None:
    issued = make()
    rotated = api_keys.rotate(key_id=issued.key.key_id, grace_seconds=60, by=SYSTEM)
    dump = str(superuser.execute("SELECT * FROM public.tenants_apikey").fetchall())
    dump += str(superuser.execute("SELECT * FROM public.tenants_auditrow").fetchall())
    for secret in (issued.secret, rotated.secret):
        assert len(secret) == 53
        assert secret[:12] in dump
        assert secret[13:] not in dump
        assert opens(secret)
    assert not opens(rotated.key.secret_hash)
    assert not opens(f"{rotated.key.prefix}_{rotated.key.secret_hash}")


def test_rotation_lets_both_live_until_the_grace_is_over(in_alpha: Tenant) -> None:
    first = make()
    second = api_keys.rotate(key_id=first.key.key_id, grace_seconds=60, by=SYSTEM)
    assert (opens(first.secret), opens(second.secret)) == (True, True)
    now = timezone.now()
    assert api_keys.status_of(second.key, now=now) == "rotating"
    assert api_keys.status_of(second.key, now=now + timedelta(seconds=61)) == "active"
    ApiKey.objects.update(grace_until=now)
    assert (opens(first.secret), opens(second.secret)) == (False, True)
    third = api_keys.rotate(key_id=first.key.key_id, grace_seconds=0, by=SYSTEM)
    assert (opens(second.secret), opens(third.secret)) == (False, True)
    fourth = api_keys.rotate(key_id=first.key.key_id, grace_seconds=60, by=SYSTEM)
    api_keys.revoke(key_id=first.key.key_id, by=SYSTEM)
    assert (opens(third.secret), opens(fourth.secret)) == (False, False)
    with pytest.raises(Conflict):
        api_keys.rotate(key_id=first.key.key_id, grace_seconds=0, by=SYSTEM)
    with pytest.raises(Conflict):
        api_keys.update(key_id=first.key.key_id, by=SYSTEM, changes={"name": "x"})
    api_keys.revoke(key_id=first.key.key_id, by=SYSTEM)


def test_fifty_living_keys_and_no_more(in_alpha: Tenant, beta: Tenant) -> None:
    keys = [make() for _ in range(50)]
    with pytest.raises(Conflict) as refused:
        make()
    assert refused.value.code == "limit_reached"
    with db.tenant_scope(beta):
        make()
    api_keys.revoke(key_id=keys[0].key.key_id, by=SYSTEM)
    make()


def test_an_expiry_is_in_the_future_and_utc_without_an_offset(in_alpha: Tenant) -> None:
    with pytest.raises(Invalid):
        make(expires_at=timezone.now())
    naive = (timezone.now() + timedelta(hours=1)).replace(tzinfo=None)
    issued = make(expires_at=naive)
    assert issued.key.expires_at is not None
    assert (issued.key.expires_at - timezone.now()).total_seconds() == pytest.approx(3600, abs=60)
    assert opens(issued.secret)
    ApiKey.objects.filter(pk=issued.key.pk).update(expires_at=timezone.now())
    assert not opens(issued.secret)
    assert [key.pk for key in api_keys.listed(status="expired", now=timezone.now())] == [issued.key.pk]


def test_each_state_is_listed_once(in_alpha: Tenant) -> None:
    keys = [make().key for _ in range(4)]
    api_keys.revoke(key_id=keys[0].key_id, by=SYSTEM)
    api_keys.rotate(key_id=keys[1].key_id, grace_seconds=60, by=SYSTEM)
    ApiKey.objects.filter(pk=keys[2].pk).update(expires_at=timezone.now())
    now = timezone.now()
    by_state = {
        state: list(api_keys.listed(status=state, now=now))
        for state in ("revoked", "rotating", "expired", "active")
    }
    assert {state: [key.pk for key in found] for state, found in by_state.items()} == {
        "revoked": [keys[0].pk], "rotating": [keys[1].pk], "expired": [keys[2].pk], "active": [keys[3].pk]
    }  # fmt: skip
    for state, found in by_state.items():
        assert api_keys.status_of(found[0], now=now) == state


def test_another_merchants_key_does_not_exist(in_alpha: Tenant, beta: Tenant) -> None:
    key_id = make().key.key_id
    with db.tenant_scope(beta):
        for act in (
            lambda: api_keys.get(key_id=key_id),
            lambda: api_keys.revoke(key_id=key_id, by=SYSTEM),
            lambda: api_keys.rotate(key_id=key_id, grace_seconds=0, by=SYSTEM),
            lambda: api_keys.update(key_id=key_id, by=SYSTEM, changes={}),
        ):
            with pytest.raises(Missing):
                act()


def test_the_doors(alpha: Tenant) -> None:
    make_user(alpha, username="admin")
    admin = at(alpha).signed_in("admin")
    made = admin.post("api-keys", {"name": "官网", "scopes": ["chat"]})
    assert made.status_code == 201
    body = made.json()
    assert set(body) == {
        "id", "name", "prefix", "scopes", "status", "expires_at", "created_at", "created_by", "last_used_at",
        "last_used_ip", "rate_limit_per_minute", "grace_until", "revoked_at", "key",
    }  # fmt: skip
    assert (body["rate_limit_per_minute"], body["status"], body["key"][:12]) == (
        600,
        "active",
        body["prefix"],
    )
    path = f"api-keys/{body['id']}"
    assert "key" not in admin.get(path).json()
    assert "key" not in admin.get("api-keys").json()["items"][0]
    assert admin.patch(path, {"scopes": ["chat", "knowledge"]}).json()["scopes"] == ["chat", "knowledge"]
    rotated = admin.post(f"{path}/rotate", {"grace_seconds": 60})
    assert (rotated.status_code, rotated.json()["status"]) == (200, "rotating")
    assert rotated.json()["key"] != body["key"]
    assert admin.ask("POST", f"{path}/rotate").json()["grace_until"] is not None
    assert admin.delete(path).status_code == 204
    assert admin.delete(path).status_code == 204
    again = admin.post(f"{path}/rotate", {})
    assert (again.status_code, again.json()["code"]) == (409, "invalid_state")
    actions = [row["action"] for row in admin.get("audit-logs?target_type=api_key").json()["items"]]
    assert actions == [
        "revoke_api_key",
        "rotate_api_key",
        "rotate_api_key",
        "update_api_key",
        "create_api_key",
    ]
    assert body["key"] not in str(admin.get("audit-logs").content)


@pytest.mark.parametrize(
    ("body", "loc"),
    [
        ({"scopes": ["chat"]}, "name"),
        ({"name": "", "scopes": ["chat"]}, "name"),
        ({"name": "x" * 101, "scopes": ["chat"]}, "name"),
        ({"name": "x", "scopes": []}, "scopes"),
        ({"name": "x", "scopes": ["chat", "chat"]}, "scopes"),
        ({"name": "x", "scopes": ["admin"]}, "scopes"),
        ({"name": "x", "scopes": "chat"}, "scopes"),
        ({"name": "x", "scopes": ["chat"], "expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
        ({"name": "x", "scopes": ["chat"], "expires_at": "tomorrow"}, "expires_at"),
        ({"name": "x", "scopes": ["chat"], "rate_limit_per_minute": 0}, "rate_limit_per_minute"),
        ({"name": "x", "scopes": ["chat"], "rate_limit_per_minute": 6001}, "rate_limit_per_minute"),
    ],
)
def test_a_key_that_cannot_be_made(body: Any, loc: str, alpha: Tenant) -> None:
    make_user(alpha, username="admin")
    answer = at(alpha).signed_in("admin").post("api-keys", body)
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"][:2] == ["body", loc]
    with db.tenant_scope(alpha):
        assert not ApiKey.objects.exists()
