"""Signing in and out, refreshing, locking out, and the password: AU-01…08."""

import datetime
import threading
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.contrib.sessions.models import Session
from django.utils import timezone

from kimono.lib import db
from tenants.models import AuditRow, Tenant
from tenants.people.models import RefreshToken, User
from tenants.people.services import tokens
from tenants.services import lifecycle
from tenants.services.auditing import SYSTEM, Actor
from tests.tenants.doors import PASSWORD, at, body_without_id, make_user

pytestmark = pytest.mark.django_db(transaction=True)
UNAUTHENTICATED = {"detail": "Invalid or missing API key", "code": "unauthenticated"}
WRONG_LOGIN = {"detail": "Invalid username or password.", "code": "invalid_credentials"}


def login(where: Any, username: str, password: str = PASSWORD, **more: Any) -> Any:
    return where.post("auth/login", {"username": username, "password": password, **more})


def test_login_gives_what_the_contract_says(alpha: Tenant) -> None:
    user = make_user(alpha, username="admin", display_name="店长")
    answer = login(at(alpha), "admin")
    assert answer.status_code == 200
    body = answer.json()
    assert (body["token_type"], body["expires_in"], body["refresh_expires_in"]) == ("bearer", 1800, 604800)
    assert body["user"] == {
        "id": user.public_id, "username": "admin", "display_name": "店长", "email": None,
        "role": "merchant_admin", "tenant_id": alpha.public_id, "is_active": True,
        "created_at": body["user"]["created_at"], "last_login": body["user"]["last_login"],
    }  # fmt: skip
    assert body["user"]["created_at"].endswith("Z")
    assert body["user"]["last_login"].endswith("Z")
    me = at(alpha, Authorization=f"Bearer {body['access_token']}").get("auth/me").json()
    assert me["scopes"] == ["agent", "analytics", "chat", "knowledge", "operations"]
    assert me["tenant"] == {
        "id": alpha.public_id, "name": "Alpha", "slug": "alpha", "host": "alpha.localhost"
    }  # fmt: skip
    with db.tenant_scope(alpha):
        assert AuditRow.objects.filter(action="login", user_id=user.public_id).count() == 1


def test_platform_people_sign_in_on_the_platform() -> None:
    make_user(None, "ops_admin", "root")
    answer = login(at(None), "root")
    assert answer.status_code == 200
    assert answer.json()["user"]["tenant_id"] is None
    caller = at(None).signed_in("root")
    assert caller.get("auth/me").json()["tenant"] is None
    assert at(None).with_session("root").get("auth/me").status_code == 200
    with db.public_scope(), db.platform_scope():
        assert AuditRow.objects.filter(action="login", tenant__isnull=True).count() == 2


def test_a_merchants_people_sign_in_on_the_platform_by_naming_it(alpha: Tenant, beta: Tenant) -> None:
    make_user(alpha, username="admin")
    for name in (alpha.slug, alpha.public_id):
        answer = login(at(None), "admin", tenant_id=name)
        assert answer.json()["user"]["tenant_id"] == alpha.public_id
        token = answer.json()["access_token"]
        assert at(None, Authorization=f"Bearer {token}").get("auth/me").json()["tenant"]["slug"] == "alpha"
    # On a tenant's host the host decides.
    assert login(at(alpha), "admin", tenant_id="beta").json()["user"]["tenant_id"] == alpha.public_id
    assert login(at(beta), "admin", tenant_id="alpha").status_code == 401


def test_every_wrong_login_has_one_answer(alpha: Tenant) -> None:
    make_user(alpha, username="admin")
    gone = make_user(alpha, "agent", "gone")
    with db.tenant_scope(alpha):
        User.objects.filter(pk=gone.pk).update(is_active=False)
    answers = [
        login(at(alpha), "admin", "wrong-password"),
        login(at(alpha), "nobody"),
        login(at(alpha), "gone"),
        login(at(None), "admin"),
        login(at(None), "admin", tenant_id="unknown"),
        login(at(None), "admin", tenant_id="a\x00b"),
        login(at(alpha), "ADMIN"),
        login(at(alpha), "admin", PASSWORD + " "),
        login(at(alpha), "admin\x00"[:5] + "'; --"),
    ]
    assert [answer.status_code for answer in answers] == [401] * len(answers)
    assert all(body_without_id(answer) == WRONG_LOGIN for answer in answers)
    assert len({answer.headers["WWW-Authenticate"] for answer in answers}) == 1
    with db.tenant_scope(alpha):
        assert AuditRow.objects.filter(action="login_failed", success=False).count() == 6


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({}, "username"),
        ({"username": "admin"}, "password"),
        ({"username": "", "password": "x"}, "username"),
        ({"username": "x" * 51, "password": "x"}, "username"),
        ({"username": "admin", "password": "x" * 129}, "password"),
        ({"username": 5, "password": "x"}, "username"),
        ({"username": "admin", "password": None}, "password"),
        ({"username": "admin", "password": "x", "tenant_id": ["x"]}, "tenant_id"),
        ({"username": "\x00", "password": "x"}, "username"),
    ],
)
def test_a_login_that_is_no_login_is_422(body: Any, where: str, alpha: Tenant) -> None:
    answer = at(alpha).post("auth/login", body)
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["body", where]


def test_five_wrong_passwords_lock_account_and_address_alone(alpha: Tenant, beta: Tenant) -> None:
    for tenant in (alpha, beta):
        make_user(tenant, username="admin")
        make_user(tenant, username="other")
    near, far = at(alpha), at(alpha)
    far.peer = "198.51.100.7"
    assert [login(near, "admin", "wrong").status_code for _ in range(5)] == [401] * 5
    locked = login(near, "admin")
    assert locked.status_code == 429
    assert int(locked.headers["Retry-After"]) == locked.json()["retry_after"]
    assert 890 <= locked.json()["retry_after"] <= 901
    assert login(near, "Admin").status_code == 429
    assert login(near, "other").status_code == 200
    assert login(far, "admin").status_code == 200
    assert login(at(beta), "admin").status_code == 200
    assert near.with_session("other").get("auth/me").status_code == 200
    session = near.post("auth/session", {"username": "admin", "password": PASSWORD}, **near.csrf())
    assert session.status_code == 429


def test_many_guesses_at_once_are_no_more_than_five(alpha: Tenant) -> None:
    make_user(alpha, username="admin")
    outcomes: list[str] = []

    def guess() -> None:
        with db.tenant_scope(alpha):
            try:
                tokens.check_password(
                    username="admin", password="wrong", by=Actor("anonymous", "", ip="192.0.2.9")
                )
            except Exception as error:
                outcomes.append(type(error).__name__)
            db.released()

    threads = [threading.Thread(target=guess) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["TooMany"] * 15 + ["WrongLogin"] * 5


def test_refresh_rotates_and_reuse_kills_the_family(alpha: Tenant) -> None:
    make_user(alpha, username="admin")
    first = login(at(alpha), "admin").json()
    other = login(at(alpha), "admin").json()
    second = at(alpha).post("auth/refresh", {"refresh_token": first["refresh_token"]})
    assert second.status_code == 200
    assert second.json()["refresh_token"] != first["refresh_token"]
    assert (
        at(alpha, Authorization=f"Bearer {second.json()['access_token']}").get("auth/me").status_code == 200
    )
    reused = at(alpha).post("auth/refresh", {"refresh_token": first["refresh_token"]})
    assert reused.status_code == 401
    assert body_without_id(reused) == UNAUTHENTICATED
    dead = at(alpha).post("auth/refresh", {"refresh_token": second.json()["refresh_token"]})
    assert dead.status_code == 401
    assert at(alpha).post("auth/refresh", {"refresh_token": other["refresh_token"]}).status_code == 200


def test_a_refresh_token_that_is_none_is_401(alpha: Tenant, beta: Tenant) -> None:
    make_user(alpha, username="admin")
    token = login(at(alpha), "admin").json()["refresh_token"]
    for where, sent in (
        (at(beta), token), (at(alpha), token[:-1]), (at(None), "nonsense"), (at(None), "platform.x"),
        (at(None), "unknown_tenant.x"), (at(None), "a\x00b.c"), (at(alpha), "'; DROP TABLE x"), (at(None), "." * 9),
    ):  # fmt: skip
        answer = where.post("auth/refresh", {"refresh_token": sent})
        assert answer.status_code == 401, sent
        assert body_without_id(answer) == UNAUTHENTICATED
    with db.tenant_scope(alpha):
        assert not RefreshToken.objects.filter(token_hash__contains=token).exists()
        RefreshToken.objects.update(expires_at=timezone.now())
    assert at(None).post("auth/refresh", {"refresh_token": token}).status_code == 401


def test_logout_revokes_the_family_of_one_s_own_token_only(alpha: Tenant) -> None:
    for name in ("one", "two"):
        make_user(alpha, username=name)
    one, two = (login(at(alpha), name).json() for name in ("one", "two"))
    caller = at(alpha, Authorization=f"Bearer {one['access_token']}")
    assert caller.post("auth/logout", {"refresh_token": two["refresh_token"]}).status_code == 204
    assert at(alpha).post("auth/refresh", {"refresh_token": two["refresh_token"]}).status_code == 200
    assert caller.post("auth/logout", {"refresh_token": one["refresh_token"]}).status_code == 204
    assert at(alpha).post("auth/refresh", {"refresh_token": one["refresh_token"]}).status_code == 401
    assert caller.ask("POST", "auth/logout").status_code == 204
    assert at(alpha).post("auth/logout", {}).status_code == 401


def test_a_new_password_ends_every_other_session_and_token(alpha: Tenant) -> None:
    make_user(alpha, username="admin")
    here, there = at(alpha).with_session("admin"), at(alpha).with_session("admin")
    token = login(at(alpha), "admin").json()
    new = "another-good-passphrase"
    for body, status, loc in (
        ({"old_password": "wrong", "new_password": new}, 422, "old_password"),
        ({"old_password": PASSWORD, "new_password": "12345678"}, 422, "new_password"),
        ({"old_password": PASSWORD, "new_password": "short"}, 422, "new_password"),
        ({"old_password": PASSWORD, "new_password": "admin"}, 422, "new_password"),
    ):
        answer = here.post("auth/password", body, **here.csrf())
        assert (answer.status_code, answer.json()["detail"][0]["loc"]) == (status, ["body", loc])
        assert answer.json()["code"] == ("weak_password" if loc == "new_password" else "validation_error")
    assert there.get("auth/me").status_code == 200
    body = {"old_password": PASSWORD, "new_password": new}
    assert here.post("auth/password", body, **here.csrf()).status_code == 204
    assert here.get("auth/me").status_code == 200
    assert there.get("auth/me").status_code == 401
    assert at(alpha, Authorization=f"Bearer {token['access_token']}").get("auth/me").status_code == 401
    assert at(alpha).post("auth/refresh", {"refresh_token": token["refresh_token"]}).status_code == 401
    assert login(at(alpha), "admin").status_code == 401
    assert login(at(alpha), "admin", new).status_code == 200


def test_a_suspended_merchant_says_so_only_to_who_knows_the_password(alpha: Tenant) -> None:
    make_user(alpha, username="admin")
    token = login(at(alpha), "admin").json()
    session = at(alpha).with_session("admin")
    lifecycle.suspend(tenant_id=alpha.public_id, reason="unpaid", by=SYSTEM, now=timezone.now())
    for where in (at(alpha), at(None)):
        wrong = login(where, "admin", "wrong", tenant_id="alpha")
        assert (wrong.status_code, body_without_id(wrong)) == (401, WRONG_LOGIN)
        right = login(where, "admin", tenant_id="alpha")
        assert (right.status_code, right.json()["code"]) == (403, "tenant_suspended")
    page = at(alpha)
    wrong = page.post("auth/session", {"username": "admin", "password": "wrong"}, **page.csrf())
    assert wrong.status_code == 401
    right = page.post("auth/session", {"username": "admin", "password": PASSWORD}, **page.csrf())
    assert (right.status_code, right.json()["code"]) == (403, "tenant_suspended")
    assert settings.SESSION_COOKIE_NAME not in right.cookies
    refused = at(alpha).post("auth/refresh", {"refresh_token": token["refresh_token"]})
    assert (refused.status_code, refused.json()["code"]) == (403, "tenant_suspended")
    for caller in (session, at(alpha, Authorization=f"Bearer {token['access_token']}")):
        answer = caller.get("auth/me")
        assert (answer.status_code, answer.json()["code"]) == (403, "tenant_suspended")
    lifecycle.activate(tenant_id=alpha.public_id, by=SYSTEM)
    assert session.get("auth/me").status_code == 200
    # What was refused has used nothing up.
    assert at(alpha).post("auth/refresh", {"refresh_token": token["refresh_token"]}).status_code == 200


def test_every_wrong_login_costs_one_hash(alpha: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashing is what takes the time, so its count is what time can tell."""
    make_user(alpha, username="admin")
    gone = make_user(alpha, "agent", "gone")
    with db.tenant_scope(alpha):
        User.objects.filter(pk=gone.pk).update(is_active=False)
    hashes: list[str] = []
    for name in ("encode", "verify"):
        real = getattr(Argon2PasswordHasher, name)

        def counted(self: Any, password: str, *more: Any, _real: Any = real) -> Any:
            hashes.append(password)
            return _real(self, password, *more)

        monkeypatch.setattr(Argon2PasswordHasher, name, counted)
    for username, place in [
        ("admin", "alpha"), ("gone", "alpha"), ("nobody", "alpha"), ("nobody", "unknown"), ("nobody", None),
    ]:  # fmt: skip
        hashes.clear()
        named = {} if place is None else {"tenant_id": place}
        assert login(at(None), username, "wrong-password", **named).status_code == 401
        assert hashes == ["wrong-password"], (username, place)


def test_a_merchant_that_is_not_there_locks_out_like_one_that_is(alpha: Tenant) -> None:
    for place in ("alpha", "unknown", "tenant_nobody"):
        answers = [login(at(None), "admin", "wrong", tenant_id=place).status_code for _ in range(6)]
        assert answers == [401] * 5 + [429], place
    assert login(at(None), "other", "wrong", tenant_id="unknown").status_code == 401


@pytest.mark.parametrize("path", ["auth/me", "/admin/"])
def test_a_session_ends_when_nobody_used_it_for_eight_hours(path: str, alpha: Tenant) -> None:
    make_user(alpha, username="admin")
    browser = at(alpha).with_session("admin")
    key = browser.browser.cookies[settings.SESSION_COOKIE_NAME].value
    hours = datetime.timedelta(hours=1)

    def ends(left: datetime.timedelta | None = None) -> float:
        with db.tenant_scope(alpha):
            if left is not None:
                Session.objects.filter(session_key=key).update(expire_date=timezone.now() + left)
            return (Session.objects.get(session_key=key).expire_date - timezone.now()) / hours

    fresh = browser.get(path)
    assert fresh.status_code == 200
    assert settings.SESSION_COOKIE_NAME not in fresh.cookies
    ends(hours)
    used = browser.get(path)
    assert used.status_code == 200
    cookie = used.cookies[settings.SESSION_COOKIE_NAME]
    assert (cookie.value, cookie["max-age"], cookie["httponly"]) == (key, 8 * 3600, True)
    assert 7.9 < ends() <= 8
    ends(-hours)
    late = browser.get(path)
    assert late.status_code in (401, 302)
    assert ends() < 0


def test_signing_out_is_not_undone_by_use(alpha: Tenant) -> None:
    make_user(alpha, username="admin")
    browser = at(alpha).with_session("admin")
    with db.tenant_scope(alpha):
        Session.objects.update(expire_date=timezone.now() + datetime.timedelta(hours=1))
    gone = browser.delete("auth/session", **browser.csrf())
    assert gone.status_code == 204
    assert gone.cookies[settings.SESSION_COOKIE_NAME].value == ""
    assert browser.get("auth/me").status_code == 401
