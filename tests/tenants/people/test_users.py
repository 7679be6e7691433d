"""The people of a merchant: AU-09…12, AL-09."""

import threading
from typing import Any

import pytest

from kimono.lib import db
from kimono.lib.errors import Conflict
from tenants.models import AuditRow, Tenant
from tenants.people.models import User
from tenants.people.services import users
from tenants.services.auditing import Actor
from tests.tenants.doors import PASSWORD, at, make_user

pytestmark = pytest.mark.django_db(transaction=True)


def login(where: Any, username: str, password: str = PASSWORD, **more: Any) -> Any:
    return where.post("auth/login", {"username": username, "password": password, **more})


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


def test_the_list_is_filtered_by_roles_that_exist(alpha: Tenant) -> None:
    make_user(alpha, username="admin")
    make_user(alpha, "agent", "agent")
    admin = at(alpha).signed_in("admin")

    def listed(role: str) -> Any:
        return [row["username"] for row in admin.get(f"auth/users?role={role}").json()["items"]]

    assert (listed("agent"), listed("staff"), listed("tenant_admin")) == (["agent"], ["agent"], ["admin"])
    assert listed("viewer") == []
    for wrong in ("boss", "ops_admin", "admin", ""):
        answer = admin.get(f"auth/users?role={wrong}")
        assert (answer.status_code, answer.json()["detail"][0]["loc"]) == (422, ["query", "role"]), wrong


def test_null_clears_the_e_mail_and_nothing_else(alpha: Tenant) -> None:
    make_user(alpha, username="admin")
    person = make_user(alpha, "agent", "agent", email="a@example.com", display_name="小王")
    admin = at(alpha).signed_in("admin")
    path = f"auth/users/{person.public_id}"
    for name in ("display_name", "password", "role", "is_active"):
        answer = admin.patch(path, {name: None, "email": "b@example.com"})
        assert (answer.status_code, answer.json()["detail"][0]["loc"]) == (422, ["body", name])
    assert admin.patch(path, {"display_name": "小李"}).json()["email"] == "a@example.com"
    changed = admin.patch(path, {"email": None}).json()
    assert (changed["email"], changed["display_name"], changed["role"]) == (None, "小李", "agent")


def test_names_that_differ_in_case_alone_are_one_name(alpha: Tenant, beta: Tenant) -> None:
    make_user(alpha, username="admin")
    make_user(beta, username="admin")
    admin = at(alpha).signed_in("admin")
    for taken in ("admin", "Admin", "ADMIN"):
        answer = admin.post("auth/users", {"username": taken, "password": PASSWORD})
        assert (answer.status_code, answer.json()["code"]) == (409, "duplicate_name"), taken
    made = admin.post("auth/users", {"username": "Wang.Wei", "password": PASSWORD})
    assert (made.status_code, made.json()["username"]) == (201, "Wang.Wei")
    assert at(alpha).post("auth/login", {"username": "wang.wei", "password": PASSWORD}).status_code == 401
