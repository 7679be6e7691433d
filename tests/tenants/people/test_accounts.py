"""Signing in and out, and the people of a merchant: AU-01…12, AL-09."""

import threading
from datetime import timedelta
from typing import Any

import jwt
import pytest
from django.conf import settings
from django.utils import timezone

from kimono.lib import db
from kimono.lib.errors import Conflict
from tenants.models import AuditRow, Tenant
from tenants.people.models import RefreshToken, User
from tenants.people.services import tokens, users
from tenants.services import hosts, lifecycle
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


def test_people_are_listed_made_changed_and_disabled(alpha: Tenant) -> None:
    make_user(alpha, username="admin")
    admin = at(alpha).signed_in("admin")
    made = admin.post(
        "auth/users", {"username": "li.lei", "password": PASSWORD, "role": "staff", "email": "li@example.com"}
    )
    assert made.status_code == 201
    assert made.json()["role"] == "agent"
    alias = admin.post("auth/register/user", {"username": "han.mm", "password": PASSWORD, "role": "viewer"})
    assert alias.status_code == 201
    listed = admin.get("auth/users?page_size=2").json()
    assert [user["username"] for user in listed["items"]] == ["han.mm", "li.lei"]
    assert (listed["total"], listed["page"], listed["page_size"], listed["total_pages"]) == (3, 1, 2, 2)
    assert admin.get("auth/users?page=9").json()["items"] == []
    assert admin.get("auth/users?role=staff").json()["total"] == 1
    path = f"auth/users/{made.json()['id']}"
    changed = admin.patch(path, {"display_name": "李雷", "role": "viewer"})
    assert (changed.json()["display_name"], changed.json()["role"]) == ("李雷", "viewer")
    assert admin.delete(path).status_code == 204
    assert login(at(alpha), "li.lei").status_code == 401
    assert admin.get("auth/users").json()["total"] == 2
    assert admin.get("auth/users?include_inactive=true").json()["total"] == 3
    assert admin.patch(path, {"is_active": True}).json()["is_active"] is True
    assert login(at(alpha), "li.lei").status_code == 200
    with db.tenant_scope(alpha):
        actions = AuditRow.objects.filter(target_id=made.json()["id"]).values_list("action", flat=True)
        assert sorted(actions) == ["create_user", "login", "update_user", "update_user", "update_user"]


@pytest.mark.parametrize(
    ("body", "status", "loc"),
    [
        ({"username": "ab", "password": PASSWORD}, 422, "username"),
        ({"username": "a b c", "password": PASSWORD}, 422, "username"),
        ({"username": "abc", "password": "1234567"}, 422, "password"),
        ({"username": "abc", "password": "12345678"}, 422, "password"),
        ({"username": "abc", "password": PASSWORD, "role": "ops_admin"}, 422, "role"),
        ({"username": "abc", "password": PASSWORD, "role": "admin"}, 422, "role"),
        ({"username": "abc", "password": PASSWORD, "role": "god"}, 422, "role"),
        ({"username": "abc", "password": PASSWORD, "email": "nonsense"}, 422, "email"),
        ({"username": "abc", "password": PASSWORD, "display_name": "x" * 101}, 422, "display_name"),
        ({"username": "admin", "password": PASSWORD}, 409, None),
    ],
)
def test_a_person_who_cannot_be_made(body: Any, status: int, loc: str | None, alpha: Tenant) -> None:
    make_user(alpha, username="admin")
    answer = at(alpha).signed_in("admin").post("auth/users", body)
    assert answer.status_code == status
    if loc is None:
        assert answer.json()["code"] == "duplicate_name"
    else:
        assert answer.json()["detail"][0]["loc"] == ["body", loc]
    with db.tenant_scope(alpha):
        assert User.objects.count() == 1


@pytest.mark.parametrize("role", ["agent", "viewer"])
def test_only_an_admin_manages_people(role: str, alpha: Tenant, new_key: Any) -> None:
    user = make_user(alpha, role)
    caller = at(alpha).signed_in(user.username)
    keyed = at(alpha, X_API_Key=new_key(alpha))
    for who in (caller, keyed):
        for method, path in (
            ("GET", "auth/users"), ("POST", "auth/users"), ("POST", "auth/register/user"),
            ("PATCH", "auth/users/x"), ("DELETE", "auth/users/x"), ("GET", "settings"), ("PATCH", "settings"),
            ("GET", "api-keys"), ("POST", "api-keys"), ("GET", "audit-logs"),
        ):  # fmt: skip
            answer = who.ask(method, path)
            assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), path
    assert keyed.get("auth/me").status_code == 403
    assert at(None).get("auth/users").status_code == 401


def test_nobody_locks_everybody_out(alpha: Tenant) -> None:
    me = make_user(alpha, username="admin")
    admin = at(alpha).signed_in("admin")
    path = f"auth/users/{me.public_id}"
    for answer in (admin.delete(path), admin.patch(path, {"is_active": False})):
        assert (answer.status_code, answer.json()["code"]) == (409, "cannot_disable_self")
    answer = admin.patch(path, {"role": "agent"})
    assert (answer.status_code, answer.json()["code"]) == (409, "last_admin")
    second = make_user(alpha, username="second")
    assert admin.patch(path, {"role": "agent"}).status_code == 200
    assert (
        at(alpha).signed_in("second").patch(f"auth/users/{second.public_id}", {"role": "viewer"}).status_code
        == 409
    )


def test_two_admins_cannot_disable_each_other_at_once(alpha: Tenant) -> None:
    pair = [make_user(alpha, username=name) for name in ("one", "two")]
    for _ in range(5):
        with db.tenant_scope(alpha):
            User.objects.update(is_active=True)
        barrier, outcomes = threading.Barrier(2), []

        def disable(me: User, other: User, barrier: Any = barrier, outcomes: Any = outcomes) -> None:
            with db.tenant_scope(alpha):
                barrier.wait()
                try:
                    users.disable(user_id=other.public_id, by=Actor("user", me.public_id))
                    outcomes.append("done")
                except Conflict as refused:
                    outcomes.append(refused.code)
                db.released()

        threads = [threading.Thread(target=disable, args=two) for two in (pair, pair[::-1])]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes) == ["done", "last_admin"]


def test_equal_people_of_two_merchants_are_strangers(alpha: Tenant, beta: Tenant) -> None:
    """Same primary key, password hash, session key and public id but for the tag: nothing of a is good in b."""
    make_user(alpha, username="admin")
    make_user(beta, username="admin")
    with db.tenant_scope(alpha):
        mine = User.objects.values().get()
    with db.tenant_scope(beta):
        User.objects.update(password=mine["password"], public_id=mine["public_id"], id=mine["id"])
        assert User.objects.get().pk == mine["id"]
    session = at(alpha).with_session("admin")
    given = login(at(alpha), "admin").json()
    key = session.browser.cookies[settings.SESSION_COOKIE_NAME].value
    copy_session(key, alpha, beta)
    stranger = at(beta)
    stranger.browser.cookies[settings.SESSION_COOKIE_NAME] = key
    assert stranger.get("auth/me").status_code == 401
    assert at(beta, Authorization=f"Bearer {given['access_token']}").get("auth/me").status_code == 401
    assert at(beta).post("auth/refresh", {"refresh_token": given["refresh_token"]}).status_code == 401
    assert session.get("auth/me").json()["tenant"]["slug"] == "alpha"


def copy_session(key: str, source: Tenant, target: Tenant) -> None:
    from django.contrib.sessions.models import Session

    with db.tenant_scope(source):
        row = Session.objects.get(pk=key)
    with db.tenant_scope(target):
        Session.objects.create(session_key=key, session_data=row.session_data, expire_date=row.expire_date)


def test_a_token_that_is_not_ours_is_401(alpha: Tenant, beta: Tenant) -> None:
    user = make_user(alpha, username="admin")
    good = login(at(alpha), "admin").json()["access_token"]
    claims = jwt.decode(good, options={"verify_signature": False})
    key = tokens._key(alpha.schema_name)
    now = timezone.now()
    forged = [
        jwt.encode(claims, "another key of thirty-two letters!", algorithm="HS256"),
        jwt.encode(claims, "", algorithm="none"),
        jwt.encode({**claims, "ten": beta.public_id}, key, algorithm="HS256"),
        jwt.encode({**claims, "ten": None}, key, algorithm="HS256"),
        jwt.encode({**claims, "ten": "a\x00b"}, key, algorithm="HS256"),
        jwt.encode({**claims, "ten": {"x": 1}}, key, algorithm="HS256"),
        jwt.encode({**claims, "exp": now - timedelta(seconds=1)}, key, algorithm="HS256"),
        jwt.encode({**claims, "ver": claims["ver"] + 1}, key, algorithm="HS256"),
        jwt.encode({**claims, "typ": "refresh"}, key, algorithm="HS256"),
        jwt.encode({**claims, "sub": "usr-x"}, key, algorithm="HS256"),
        jwt.encode({name: claims[name] for name in claims if name != "exp"}, key, algorithm="HS256"),
        jwt.encode(claims, tokens._key(beta.schema_name), algorithm="HS256"),
        good[:-2], good + "x", "x.y.z", "Bearer", "." * 50,
    ]  # fmt: skip
    for token in forged:
        for where in (alpha, None):
            answer = at(where, Authorization=f"Bearer {token}").get("auth/me")
            assert (answer.status_code, body_without_id(answer)) == (401, UNAUTHENTICATED), token
    with db.tenant_scope(alpha):
        User.objects.filter(pk=user.pk).update(is_active=False)
    assert at(alpha, Authorization=f"Bearer {good}").get("auth/me").status_code == 401


def test_a_token_dies_with_its_merchant(alpha: Tenant) -> None:
    make_user(alpha, username="admin")
    good = login(at(alpha), "admin").json()["access_token"]
    for status, expected in (("deleted", 401), ("creating", 401), ("failed", 401), ("active", 200)):
        with db.public_scope():
            Tenant.objects.filter(pk=alpha.pk).update(status=status)
        hosts.clear()
        assert at(None, Authorization=f"Bearer {good}").get("auth/me").status_code == expected, status
