"""A request that is sent again is answered as the first time and done once."""

import json
import threading
from typing import Any

import pytest

from kimono.lib import db
from kimono.lib.errors import Conflict
from tenants.models import ApiKey, IdempotencyRecord, Tenant
from tenants.services import idempotency, lifecycle
from tenants.services.auditing import SYSTEM
from tests.tenants.doors import Caller, at, make_user

pytestmark = pytest.mark.django_db(transaction=True)
BODY = {"name": "once", "scopes": ["chat"]}


@pytest.fixture
def admin(alpha: Tenant) -> Caller:
    make_user(alpha, username="admin")
    return at(alpha).signed_in("admin")


def keys_of(tenant: Tenant) -> int:
    with db.tenant_scope(tenant):
        return ApiKey.objects.count()


def test_a_repeat_reads_the_first_answer_without_its_secret(admin: Caller, alpha: Tenant) -> None:
    first = admin.post("api-keys", BODY, Idempotency_Key="a")
    again = admin.post("api-keys", BODY, Idempotency_Key="a")
    assert (first.status_code, again.status_code) == (201, 201)
    assert "Idempotent-Replay" not in first.headers
    assert again.headers["Idempotent-Replay"] == "true"
    assert again.headers["Content-Type"] == "application/json; charset=utf-8"
    assert again.json() == {**first.json(), "key": None}
    assert first.json()["key"].startswith("kmn_")
    assert keys_of(alpha) == 1
    with db.tenant_scope(alpha):
        assert first.json()["key"] not in IdempotencyRecord.objects.get().body
    assert admin.post("api-keys", BODY, Idempotency_Key="b").json()["id"] != first.json()["id"]


def test_another_body_under_the_same_key_is_a_conflict(admin: Caller, alpha: Tenant) -> None:
    admin.post("api-keys", BODY, Idempotency_Key="a")
    answer = admin.post("api-keys", {**BODY, "name": "other"}, Idempotency_Key="a")
    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_conflict")
    assert answer.headers["X-Request-ID"] == answer.json()["request_id"]
    assert keys_of(alpha) == 1


def test_twenty_at_once_do_it_once(admin: Caller, alpha: Tenant) -> None:
    answers: list[Any] = []

    def send() -> None:
        caller = at(alpha, **admin.headers)
        answers.append(caller.post("api-keys", BODY, Idempotency_Key="a"))
        db.released()

    threads = [threading.Thread(target=send) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status_code for answer in answers] == [201] * 20
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert sorted("Idempotent-Replay" in answer.headers for answer in answers) == [False] + [True] * 19
    assert keys_of(alpha) == 1


def test_one_that_takes_too_long_is_in_progress(admin: Caller, alpha: Tenant, settings: Any) -> None:
    settings.IDEMPOTENCY_WAIT_SECONDS = 0.2
    sent = admin.post("api-keys", BODY, Idempotency_Key="a")
    with db.tenant_scope(alpha):
        IdempotencyRecord.objects.update(status=None, body="")
    answer = admin.post("api-keys", BODY, Idempotency_Key="a")
    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_in_progress")
    assert answer.headers["Retry-After"] == "1"
    # The one who began has died: after its lease somebody else may.
    with db.tenant_scope(alpha):
        IdempotencyRecord.objects.update(lease_until="2020-01-01T00:00:00Z")
    assert admin.post("api-keys", BODY, Idempotency_Key="a").json()["id"] != sent.json()["id"]


def test_only_success_is_kept(admin: Caller, alpha: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    for body in ({"name": ""}, "{"):
        assert admin.post("api-keys", body, Idempotency_Key="a").status_code == 422
    monkeypatch.setattr("tenants.services.api_keys.create", lambda **_: 1 / 0)
    assert admin.post("api-keys", BODY, Idempotency_Key="a").status_code == 500
    monkeypatch.undo()
    with db.tenant_scope(alpha):
        assert not IdempotencyRecord.objects.exists()
    assert admin.post("api-keys", BODY, Idempotency_Key="a").status_code == 201


def test_a_key_is_the_callers_own(admin: Caller, alpha: Tenant, beta: Tenant) -> None:
    make_user(alpha, username="second")
    make_user(beta, username="admin")
    callers = [admin, at(alpha).signed_in("second"), at(beta).signed_in("admin")]
    ids = {caller.post("api-keys", BODY, Idempotency_Key="a").json()["id"] for caller in callers}
    assert len(ids) == 3
    user = {"username": "third", "password": "correct-horse-battery"}
    assert admin.post("auth/users", user, Idempotency_Key="a").status_code == 201
    assert admin.post("auth/users", user, Idempotency_Key="a").headers["Idempotent-Replay"] == "true"
    assert admin.patch("settings", {}, Idempotency_Key="a").status_code == 200


def test_what_is_refused_now_is_not_answered_from_what_was_kept(admin: Caller, alpha: Tenant) -> None:
    from django.utils import timezone

    admin.post("api-keys", BODY, Idempotency_Key="a")
    browser = at(alpha).with_session("admin")
    assert browser.post("api-keys", BODY, Idempotency_Key="a").json()["code"] == "csrf_failed"
    lifecycle.suspend(tenant_id=alpha.public_id, reason="", by=SYSTEM, now=timezone.now())
    assert admin.post("api-keys", BODY, Idempotency_Key="a").json()["code"] == "tenant_suspended"
    assert at(alpha).post("api-keys", BODY, Idempotency_Key="a").status_code == 401


def test_a_key_too_long_and_a_body_too_large(admin: Caller) -> None:
    answer = admin.post("api-keys", BODY, Idempotency_Key="x" * 129)
    assert (answer.status_code, answer.json()["detail"][0]["loc"]) == (422, ["header", "Idempotency-Key"])
    assert admin.post("api-keys", BODY, Idempotency_Key="x" * 128).status_code == 201
    answer = admin.post("api-keys", "x" * (1024 * 1024 + 1), Idempotency_Key="b")
    assert (answer.status_code, answer.json()["code"]) == (413, "payload_too_large")


def test_platform_people_have_records_too() -> None:
    make_user(None, "ops_admin", "root")
    root = at(None).signed_in("root")
    answers = [root.post("auth/logout", {}, Idempotency_Key="a") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [204, 204]
    assert "Idempotent-Replay" in answers[1].headers


def test_a_file_is_compared_by_what_is_in_it(alpha: Tenant, new_key: Any) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile as File

    caller = at(alpha, X_API_Key=new_key(alpha, scopes=["knowledge"]))

    def upload(text: bytes) -> Any:
        file = File("pairs.csv", b"question,answer\n" + text)
        return caller.form("knowledge/qa-pairs/import", {"file": file}, Idempotency_Key="a")

    first = upload("几点开门,九点\n".encode())
    assert first.status_code == 200
    assert upload("几点开门,九点\n".encode()).headers["Idempotent-Replay"] == "true"
    assert upload("几点开门,十点\n".encode()).json()["code"] == "idempotency_conflict"


def test_secrets_are_cleared_wherever_they_stand() -> None:
    body = {
        "key": "k",
        "user": {"password": "p", "name": "n"},
        "list": [{"token": "t"}],
        "secret": None,
        "n": 1,
    }
    cleared = json.loads(idempotency._without_secrets(json.dumps(body)))
    assert cleared == {
        "key": None, "user": {"password": None, "name": "n"}, "list": [{"token": None}], "secret": None, "n": 1
    }  # fmt: skip
    assert idempotency._without_secrets("no json") == "no json"


def test_records_of_yesterday_are_forgotten(in_alpha: Tenant) -> None:
    request = idempotency.Request("key:1", "POST", "/x", "a", "hash")
    assert idempotency.begin(request) is idempotency.State.FIRST
    idempotency.finish(request, status=200, body="{}")
    assert idempotency.begin(request) == idempotency.Stored(200, "{}")
    with pytest.raises(Conflict):
        idempotency.begin(idempotency.Request("key:1", "POST", "/x", "a", "other"))
    IdempotencyRecord.objects.update(created_at="2020-01-01T00:00:00Z")
    assert idempotency.begin(request) is idempotency.State.FIRST
    assert idempotency.begin(request) is idempotency.State.UNDER_WAY
    IdempotencyRecord.objects.update(created_at="2020-01-01T00:00:00Z")
    assert idempotency.forget_old() == 1
