"""A token or session of one merchant is nothing in another, even where every row is equal."""

from datetime import timedelta
from typing import Any

import jwt
import pytest
from django.conf import settings
from django.utils import timezone

from kimono.lib import db
from tenants.models import Tenant
from tenants.people.models import User
from tenants.people.services import tokens
from tenants.services import hosts
from tests.tenants.doors import PASSWORD, at, body_without_id, make_user

pytestmark = pytest.mark.django_db(transaction=True)
UNAUTHENTICATED = {"detail": "Invalid or missing API key", "code": "unauthenticated"}


def login(where: Any, username: str, password: str = PASSWORD, **more: Any) -> Any:
    return where.post("auth/login", {"username": username, "password": password, **more})


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
