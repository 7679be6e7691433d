"""Who is let in, with what, where; and that every refusal is one and the same."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from kimono.lib import db
from tenants.models import ApiKey, Tenant
from tenants.services import api_keys, hosts, lifecycle, limits
from tenants.services.auditing import SYSTEM
from tests.tenants.doors import at, body_without_id, make_user

pytestmark = pytest.mark.django_db(transaction=True)
BODY = {"detail": "Invalid or missing API key", "code": "unauthenticated"}
LIST = "knowledge/qa-pairs"


def key_of(tenant: Tenant, **options: Any) -> api_keys.Issued:
    with db.tenant_scope(tenant):
        return api_keys.create(**{"name": "k", "scopes": ["knowledge", "chat"], "by": SYSTEM, **options})


def test_a_key_opens_its_own_host_and_the_platforms(alpha: Tenant) -> None:
    secret = key_of(alpha).secret
    for where in (alpha, None):
        assert at(where, X_API_Key=secret).get(LIST).status_code == 200
    assert at(alpha, X_API_Key=f"  {secret} ").get(LIST).status_code == 200


def test_every_bad_credential_has_one_and_the_same_answer(alpha: Tenant, beta: Tenant) -> None:
    revoked, expired, foreign = key_of(alpha), key_of(alpha), key_of(beta)
    with db.tenant_scope(alpha):
        api_keys.revoke(key_id=revoked.key.key_id, by=SYSTEM)
        ApiKey.objects.filter(pk=expired.key.pk).update(expires_at=timezone.now())
    good = key_of(alpha).secret
    session = "a" * 32
    callers = {
        "missing": at(alpha),
        "unknown": at(alpha, X_API_Key="kmn_a1b2c3d4_" + "x" * 40),
        "another form": at(alpha, X_API_Key="x"),
        "long": at(alpha, X_API_Key="x" * 5000),
        "not ascii": at(alpha, X_API_Key="ключ".encode().decode("latin1")),
        "revoked": at(alpha, X_API_Key=revoked.secret),
        "expired": at(alpha, X_API_Key=expired.secret),
        "foreign": at(alpha, X_API_Key=foreign.secret),
        "upper case": at(alpha, X_API_Key=good.upper()),
        "cut": at(alpha, X_API_Key=good[:-1]),
        "of the platform": at(None, X_API_Key=good[:-1]),
        "no bearer": at(alpha, Authorization="Bearer nonsense"),
        "basic": at(alpha, Authorization="Basic YTpi"),
        "key as bearer": at(alpha, Authorization=f"Bearer {good}"),
        "visitor": at(alpha, Authorization="Bearer vt_nonsense"),
        "cookie": at(alpha, Cookie=f"{settings.SESSION_COOKIE_NAME}={session}"),
        "key before cookie": at(alpha, X_API_Key="x", Authorization=f"Bearer {good}"),
    }
    answers = {name: caller.get(LIST, X_Request_ID="same") for name, caller in callers.items()}
    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(answers, 401)
    assert len({answer.content for answer in answers.values()}) == 1
    assert len({tuple(sorted(answer.headers.items())) for answer in answers.values()}) == 1
    answer = answers["missing"]
    assert (body_without_id(answer), answer.headers["WWW-Authenticate"]) == (BODY, "ApiKey")


def test_an_empty_header_is_no_credential_and_a_wrong_one_is_never_overlooked(alpha: Tenant) -> None:
    make_user(alpha, username="admin")
    browser = at(alpha).with_session("admin")
    secret = key_of(alpha).secret
    assert browser.get("auth/me", X_API_Key="").status_code == 200
    assert browser.get("auth/me", X_API_Key="  ", Authorization="Bearer ").status_code == 200
    assert browser.get("auth/me", Authorization="").status_code == 200
    assert browser.get("auth/me", X_API_Key="x").status_code == 401
    assert browser.get("auth/me", Authorization="Bearer x").status_code == 401
    # The key goes before the token and the token before the cookie: a key is no user.
    assert browser.get("auth/me", X_API_Key=secret, Authorization="Bearer x").status_code == 403
    token = at(alpha).signed_in("admin").headers["Authorization"]
    assert browser.get(LIST, X_API_Key=secret, Authorization=token).status_code == 200


def test_a_stale_cookie_does_not_shut_the_door_to_sign_in(alpha: Tenant) -> None:
    make_user(alpha, username="admin")
    browser = at(alpha)
    browser.browser.cookies[settings.SESSION_COOKIE_NAME] = "long-over"
    assert browser.get("auth/me").status_code == 401
    assert browser.with_session("admin").get("auth/me").status_code == 200


@pytest.mark.parametrize("scope", ["chat", "agent", "operations", "analytics"])
def test_a_key_without_the_scope_is_told_which(scope: str, alpha: Tenant) -> None:
    answer = at(alpha, X_API_Key=key_of(alpha, scopes=[scope]).secret).get("knowledge/stats")
    assert answer.status_code == 403
    assert answer.json()["code"] == "insufficient_scope"
    assert answer.json()["required_scope"] == "knowledge"


@pytest.mark.parametrize(
    ("role", "method", "path", "status"),
    [
        ("viewer", "GET", LIST, 200),
        ("viewer", "POST", LIST, 403),
        ("viewer", "DELETE", f"{LIST}/qa-x", 403),
        ("viewer", "POST", "knowledge/search", 422),
        ("agent", "GET", LIST, 200),
        ("agent", "POST", LIST, 403),
        ("agent", "POST", "knowledge/search", 422),
        ("merchant_admin", "POST", LIST, 422),
        ("ops_viewer", "GET", LIST, 401),
    ],
)
def test_what_a_role_may(role: str, method: str, path: str, status: int, alpha: Tenant) -> None:
    platform = role.startswith("ops_")
    user = make_user(None if platform else alpha, role)
    caller = at(None if platform else alpha).signed_in(user.username)
    caller.host = "alpha.localhost"
    body = None if method in ("GET", "DELETE") else {}
    assert caller.ask(method, path, body).status_code == status


def test_a_key_that_is_revoked_is_refused_at_once_everywhere(alpha: Tenant) -> None:
    issued = key_of(alpha)
    callers = [at(where, X_API_Key=issued.secret) for where in (alpha, None)]
    assert [caller.get(LIST).status_code for caller in callers] == [200, 200]
    with db.tenant_scope(alpha):
        api_keys.revoke(key_id=issued.key.key_id, by=SYSTEM)
    assert [caller.get(LIST).status_code for caller in callers] == [401, 401]


@pytest.mark.parametrize(
    ("status", "on_host", "by_key"),
    [("creating", 503, 401), ("migrating", 503, 401), ("failed", 404, 401), ("deleted", 404, 401),
     ("suspended", 403, 403), ("active", 200, 200)],
)  # fmt: skip
def test_the_state_of_a_merchant_decides(status: str, on_host: int, by_key: int, alpha: Tenant) -> None:
    secret = key_of(alpha).secret
    with db.public_scope():
        Tenant.objects.filter(pk=alpha.pk).update(status=status)
    hosts.clear()
    answer = at(alpha, X_API_Key=secret).get(LIST)
    assert answer.status_code == on_host
    assert at(None, X_API_Key=secret).get(LIST).status_code == by_key
    if on_host == 503:
        assert (answer.json()["code"], answer.headers["Retry-After"]) == ("maintenance", "5")
    if on_host == 404:
        unknown = at(None, host="nobody.localhost", X_Request_ID="same").get(LIST)
        assert at(alpha, X_Request_ID="same").get(LIST).content == unknown.content


def test_suspended_and_back_within_the_hosts_cache(alpha: Tenant) -> None:
    caller = at(alpha, X_API_Key=key_of(alpha).secret)
    assert caller.get(LIST).status_code == 200
    lifecycle.suspend(tenant_id=alpha.public_id, reason="unpaid", by=SYSTEM, now=timezone.now())
    answer = caller.get(LIST)
    assert (answer.status_code, answer.json()["code"]) == (403, "tenant_suspended")
    assert at(alpha).get(LIST).status_code == 401
    assert at(alpha, X_API_Key="x").get(LIST).status_code == 401
    lifecycle.activate(tenant_id=alpha.public_id, by=SYSTEM)
    assert caller.get(LIST).status_code == 200


@pytest.mark.parametrize("carrier", ["missing", "wrong", "foreign", "other origin"])
def test_a_cookie_needs_its_csrf_token_for_whatever_writes(carrier: str, alpha: Tenant, beta: Tenant) -> None:
    make_user(alpha, username="admin")
    browser = at(alpha).with_session("admin")
    sent = {
        "missing": {},
        "wrong": {"X_CSRFToken": "x" * 64},
        "foreign": at(beta).csrf(),
        "other origin": {**browser.csrf(), "Origin": "http://beta.localhost"},
    }[carrier]
    for method, path in (
        ("PATCH", "settings"), ("POST", "api-keys"), ("DELETE", "auth/session"), ("POST", LIST),
        ("POST", "auth/password"), ("DELETE", "api-keys/x"), ("POST", "knowledge/search"),
    ):  # fmt: skip
        answer = browser.ask(method, path, {}, **sent)
        assert (answer.status_code, answer.json()["code"]) == (403, "csrf_failed"), path
    assert browser.get("settings").status_code == 200
    assert browser.patch("settings", {}, **browser.csrf()).status_code == 200
    login = at(alpha).post("auth/session", {}, **sent)
    assert (login.status_code, login.json()["code"]) == (403, "csrf_failed")


def test_tokens_and_keys_need_no_csrf_token(alpha: Tenant) -> None:
    make_user(alpha, username="admin")
    assert at(alpha).signed_in("admin").patch("settings", {}).status_code == 200


def test_the_session_cookie_is_for_this_host_and_no_script(alpha: Tenant) -> None:
    make_user(alpha, username="admin")
    browser = at(alpha)
    answer = browser.post(
        "auth/session", {"username": "admin", "password": "correct-horse-battery"}, **browser.csrf()
    )
    cookie = answer.cookies[settings.SESSION_COOKIE_NAME]
    assert (cookie["httponly"], cookie["samesite"], cookie["domain"], cookie["path"]) == (
        True,
        "Lax",
        "",
        "/",
    )
    assert browser.delete("auth/session", **browser.csrf()).status_code == 204
    browser.browser.cookies[settings.SESSION_COOKIE_NAME] = cookie.value
    assert browser.get("auth/me").status_code == 401


class TestOpenMode:
    """Keyless calls, in the demo, from this machine, on the platform's host alone."""

    @pytest.fixture(autouse=True)
    def _open(self, settings: Any, alpha: Tenant) -> None:
        settings.OPEN_API, settings.DEMO_TENANT = True, "alpha"

    def here(self, **headers: str) -> Any:
        caller = at(None, **headers)
        caller.peer = "127.0.0.1"
        return caller

    def test_it_acts_for_the_demo_merchant(self) -> None:
        answer = self.here().get(LIST)
        assert (answer.status_code, answer.headers["X-Kimono-Open"]) == (200, "1")
        assert self.here(X_API_Key="").get(LIST).status_code == 200

    def test_not_for_users_and_admins(self) -> None:
        for path in ("auth/me", "settings", "api-keys", "auth/users", "audit-logs"):
            assert self.here().get(path).status_code in (401, 403), path

    @pytest.mark.parametrize("headers", [
        {"X_API_Key": "x"}, {"Authorization": "Bearer x"}, {"Cookie": "kimono_session=x"},
    ])  # fmt: skip
    def test_not_with_a_wrong_credential(self, headers: dict[str, str]) -> None:
        answer = self.here(**headers).get(LIST)
        assert (answer.status_code, body_without_id(answer)) == (401, BODY)
        assert "X-Kimono-Open" not in answer.headers

    def test_not_from_elsewhere_nor_on_a_merchants_host(self, settings: Any, alpha: Tenant) -> None:
        assert at(None).get(LIST).status_code == 401
        assert at(None, X_Forwarded_For="127.0.0.1").get(LIST).status_code == 401
        on_host = at(alpha)
        on_host.peer = "127.0.0.1"
        assert on_host.get(LIST).status_code == 401
        settings.TRUSTED_PROXIES = ["127.0.0.1"]
        assert self.here(X_Forwarded_For="203.0.113.5").get(LIST).status_code == 401
        settings.TRUSTED_PROXIES = ["192.0.2.1"]
        assert at(None, X_Forwarded_For="127.0.0.1").get(LIST).status_code == 401


def test_the_literal_key_is_for_this_machine_in_the_demo(alpha: Tenant, settings: Any) -> None:
    issued = key_of(alpha, secret="your-api-key", loopback_only=True)
    caller = at(alpha, X_API_Key="your-api-key")
    near = at(alpha, X_API_Key="your-api-key")
    near.peer = "127.0.0.1"
    assert (near.get(LIST).status_code, caller.get(LIST).status_code) == (200, 401)
    # Also while its successor's grace lasts.
    with db.tenant_scope(alpha):
        fresh = api_keys.rotate(key_id=issued.key.key_id, grace_seconds=600, by=SYSTEM)
    assert (near.get(LIST).status_code, caller.get(LIST).status_code) == (200, 401)
    assert at(alpha, X_API_Key=fresh.secret).get(LIST).status_code == 200
    settings.PROFILE = "production"
    assert near.get(LIST).status_code == 401


def test_guessing_keys_is_limited_by_address(alpha: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIMONO_LIMIT_REQUEST_IP", "5")
    limits.limit_of.cache_clear()
    try:
        statuses = [at(alpha, X_API_Key=f"x{number}").get(LIST).status_code for number in range(8)]
        assert statuses == [401] * 5 + [429] * 3
        spoofed = at(alpha, X_API_Key="y", X_Forwarded_For="198.51.100.1").get(LIST)
        assert spoofed.status_code == 429
        assert spoofed.json()["retry_after"] == int(spoofed.headers["Retry-After"]) > 0
    finally:
        limits.limit_of.cache_clear()


def test_last_use_is_noted_at_most_once_a_minute(alpha: Tenant) -> None:
    issued = key_of(alpha)

    def used() -> Any:
        with db.tenant_scope(alpha):
            return ApiKey.objects.values_list("last_used_at", "last_used_ip").get(pk=issued.key.pk)

    caller = at(alpha, X_API_Key=issued.secret)
    assert used() == (None, None)
    caller.get(LIST)
    first = used()
    assert first[1] == "192.0.2.1"
    caller.get(LIST)
    assert used() == first
    with db.tenant_scope(alpha):
        ApiKey.objects.update(last_used_at=timezone.now() - timedelta(seconds=61))
    caller.get(LIST)
    assert used()[0] > first[0]


def test_a_suspended_merchant_is_told_before_what_a_role_may_not_do(alpha: Tenant, new_key: Any) -> None:
    make_user(alpha, "agent", "agent")
    make_user(alpha, "viewer", "viewer")
    opened = at(alpha, X_API_Key=new_key(alpha)).post("chat/sessions", {})
    callers = {
        "agent": at(alpha).signed_in("agent"),
        "viewer": at(alpha).signed_in("viewer"),
        "key without the scope": at(alpha, X_API_Key=new_key(alpha, scopes=["chat"])),
        "visitor": at(alpha, Authorization=f"Bearer {opened.json()['visitor_token']}"),
        "cookie without its token": at(alpha).with_session("agent"),
    }
    assert {who: caller.patch("settings").json()["code"] for who, caller in callers.items()} == {
        **dict.fromkeys(callers, "forbidden"),
    }
    lifecycle.suspend(tenant_id=alpha.public_id, reason="unpaid", by=SYSTEM, now=timezone.now())
    for who, caller in callers.items():
        answer = caller.patch("settings")
        assert (answer.status_code, answer.json()["code"]) == (403, "tenant_suspended"), who
    assert at(alpha).patch("settings").status_code == 401


def test_a_visitors_token_opens_no_second_session_on_the_platform(alpha: Tenant, new_key: Any) -> None:
    opened = at(alpha, X_API_Key=new_key(alpha)).post("chat/sessions", {})
    token = {"Authorization": f"Bearer {opened.json()['visitor_token']}"}
    answer = at(None, **token).post("chat/sessions", {})
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert at(None).post("chat/sessions", {}).status_code == 401
    assert at(None, Authorization="Bearer vt_nonsense").post("chat/sessions", {}).status_code == 401
