"""Errors, headers, hosts and paths: whoever asks, however badly, reads the contract's words."""

from typing import Any

import pytest
from django.db.utils import OperationalError

from tenants.models import Tenant
from tests.tenants.doors import Caller, at, body_without_id, is_error, make_user

pytestmark = pytest.mark.django_db(transaction=True)
LIST = "knowledge/qa-pairs"


@pytest.fixture
def admin(alpha: Tenant) -> Caller:
    make_user(alpha, username="admin")
    return at(alpha).signed_in("admin")


@pytest.fixture
def keyed(alpha: Tenant, new_key: Any) -> Caller:
    return at(alpha, X_API_Key=new_key(alpha, scopes=["knowledge"]))


def test_checks_come_in_their_order(admin: Caller, keyed: Caller, alpha: Tenant) -> None:
    """405, 401, 403, 413, 415, 422, 404, 409: each request is wrong in this way and in all later ones."""
    big = "x" * (1024 * 1024 + 1)
    nobody = at(alpha)
    path = "api-keys/key-none"
    is_error(nobody.ask("PUT", path, big, Content_Type="text/plain"), 405, "method_not_allowed")
    is_error(nobody.ask("PATCH", path, big, Content_Type="text/plain"), 401, "unauthenticated")
    is_error(keyed.ask("PATCH", path, big, Content_Type="text/plain"), 403, "forbidden")
    is_error(admin.ask("PATCH", path, big, Content_Type="text/plain"), 413, "payload_too_large")
    is_error(admin.ask("PATCH", path, "{", Content_Type="text/plain"), 415, "unsupported_media_type")
    is_error(admin.ask("PATCH", path, {"name": ""}), 422, "validation_error")
    is_error(admin.ask("PATCH", path, {"name": "x"}), 404, "not_found")


def test_405_names_what_is_allowed(alpha: Tenant) -> None:
    answer = at(alpha).ask("DELETE", "settings")
    is_error(answer, 405, "method_not_allowed")
    assert set(answer.headers["Allow"].replace(",", " ").split()) >= {"GET", "PATCH"}


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "application/xml", "image/png"]
)
def test_only_json_is_json(kind: str, admin: Caller) -> None:
    body = is_error(admin.ask("PATCH", "settings", "{}", Content_Type=kind), 415, "unsupported_media_type")
    assert body["detail"] == "Unsupported media type. Supported types: application/json."
    assert body["supported"] == ["application/json"]


@pytest.mark.parametrize(
    "kind", ["application/json; charset=utf-8", "application/JSON", "application/merge-patch+json"]
)
def test_json_by_its_other_names(kind: str, admin: Caller) -> None:
    assert admin.ask("PATCH", "settings", "{}", Content_Type=kind).status_code == 200


@pytest.mark.parametrize(
    "text",
    ["{", "", "{'a': 1}", '{"a": NaN}', '{"a": Infinity}', '{"a": 1e999}', "[" * 100_000, "\xff", '{"a":1}}'],
)
def test_broken_json_is_422(text: str, admin: Caller) -> None:
    answer = admin.ask("PATCH", "settings", text.encode("latin1"))
    body = answer.json()
    assert answer.status_code == 422
    assert body["detail"][0]["loc"][0] == "body"
    if text:
        assert (body["code"], body["detail"][0]["loc"]) == ("invalid_json", ["body"])


@pytest.mark.parametrize("text", ["[]", "1", '"to"', "true"])
def test_a_body_that_is_no_object_is_not_taken_for_an_empty_one(text: str, admin: Caller) -> None:
    answer = admin.ask("POST", "chat/sessions", text.encode())
    assert answer.status_code == 422
    assert (answer.json()["code"], answer.json()["detail"][0]["loc"]) == ("validation_error", ["body"])


@pytest.mark.parametrize("text", ["a\\u0000b", "\\ud800x", "\\u0000", "x\\udfff"])
def test_characters_that_no_column_holds_do_no_harm(text: str, admin: Caller) -> None:
    made = admin.ask("POST", "api-keys", f'{{"name": "n{text}", "scopes": ["chat"]}}')
    assert made.status_code == 201
    assert made.json()["name"] in ("nab", "nx", "n")
    assert admin.get("audit-logs?action=%00x").json()["total"] == 0
    assert admin.ask("PATCH", "settings", f'{{"privacy": {{"x": "{text}"}}}}').status_code == 200
    is_error(admin.get("api-keys/%00"), 404, "not_found")
    is_error(admin.get("api-keys/key%00-x"), 404, "not_found")


def test_a_body_in_chunks_is_measured_too(alpha: Tenant, admin: Caller) -> None:
    is_error(admin.ask("PATCH", "settings", "x" * (1024 * 1024 + 1)), 413, "payload_too_large")
    just_right = '{"x": "' + "y" * (1024 * 1024 - 9) + '"}'
    assert len(just_right) == 1024 * 1024
    assert admin.ask("PATCH", "settings", just_right).status_code == 200


async def test_no_body_is_taken_beyond_the_largest_document(alpha: Tenant) -> None:
    from kimono.bodies import capped

    sent: list[Any] = []
    chunks = iter([b"x" * 600, b"x" * 600, b"x" * 600])
    taken: list[int] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": next(chunks), "more_body": True}

    async def send(message: Any) -> None:
        sent.append(message)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        while True:
            taken.append(len((await receive())["body"]))

    await capped(app, 1000)({"type": "http"}, receive, send)
    assert taken == [600]
    assert sent[0]["status"] == 413
    assert b'"max_bytes": 1000' in sent[1]["body"]


@pytest.mark.parametrize(
    "path", ["nothing", "auth", "auth/login/x", "ops/tenants", "ops/dashboard", "", "%2e%2e/admin"]
)
def test_an_unknown_path_is_404_for_everybody(path: str, alpha: Tenant, admin: Caller) -> None:
    first = at(alpha).get(path, X_Request_ID="same")
    is_error(first, 404, "not_found")
    assert first.json()["detail"] == "Not found."
    assert admin.get(path, X_Request_ID="same").content == first.content


def test_the_consoles_api_is_unknown_on_a_merchants_host(alpha: Tenant, admin: Caller) -> None:
    for method in ("GET", "POST", "PATCH", "DELETE"):
        for path in ("ops", "ops/", "ops/auth/login", "ops/tenants/x", "ops/system/status"):
            is_error(admin.ask(method, path), 404, "not_found")


@pytest.mark.parametrize("path", ["auth/me", "settings", "api-keys", "health", "system/live", LIST])
def test_one_trailing_slash_is_no_redirect(path: str, alpha: Tenant, admin: Caller) -> None:
    plain, slashed, twice = (admin.get(path + end) for end in ("", "/", "//"))
    assert plain.status_code == slashed.status_code == 200
    assert twice.status_code == 404
    assert {name for name in plain.json() if name != "timestamp"} == set(slashed.json()) - {"timestamp"}
    assert admin.get("api-keys/?page_size=1").json()["page_size"] == 1


@pytest.mark.parametrize(
    "host",
    ["alpha.localhost", "ALPHA.localhost", "Alpha.LocalHost:8000", "alpha.localhost.", "alpha.localhost.:443",
     "alpha.localhost:"],
)  # fmt: skip
def test_a_host_is_known_by_any_spelling(host: str, alpha: Tenant) -> None:
    is_error(at(None, host=host).get("auth/me"), 401, "unauthenticated")


@pytest.mark.parametrize(
    "host",
    ["alpha.localhost.evil.org", "evil-alpha.localhost", "www.alpha.localhost", "alpha", "x.alpha.localhost", "",
     "alpha.localhost@beta.localhost", "1.2.3.4", "[::2]", "xn--lph-8na.localhost", "a" * 300, "alpha localhost",
     "alpha.localhost/", "' OR 1=1 --", "{}", "[::1", ".", ":80"],
)  # fmt: skip
def test_an_unknown_host_is_404(host: str, alpha: Tenant) -> None:
    for path in ("auth/me", "openapi.json", "/", "/admin/", "/chat/"):
        answer = at(None, host=host or " ").get(path)
        assert answer.status_code == 404, path


def test_forwarded_hosts_are_not_believed(alpha: Tenant, beta: Tenant) -> None:
    make_user(alpha, username="admin")
    admin = at(alpha).signed_in("admin")
    for header in ("X-Forwarded-Host", "Forwarded", "X-Host", "X-Original-URL"):
        answer = admin.get("auth/me", **{header: "beta.localhost"})
        assert answer.json()["tenant"]["slug"] == "alpha"


@pytest.mark.parametrize("path", ["/livez", "/readyz", "health", "system/live", "system/ready", "health/"])
@pytest.mark.parametrize("host", ["alpha.localhost", "localhost", "unknown.example.com"])
def test_probes_answer_on_every_host(path: str, host: str, alpha: Tenant) -> None:
    assert at(None, host=host, X_API_Key="wrong").get(path).status_code == 200


def test_the_request_id_comes_back(alpha: Tenant) -> None:
    for given in ("abc", "a.b_c-1", "x" * 64):
        answer = at(alpha).get("auth/me", X_Request_ID=given)
        assert answer.headers["X-Request-ID"] == answer.json()["request_id"] == given
    for given in ("", "x" * 65, "a b", "<script>", "é", "a\tb"):
        answer = at(alpha).get("auth/me", X_Request_ID=given)
        made = answer.headers["X-Request-ID"]
        assert made.startswith("req-")
        assert len(made) == 36
    assert at(alpha).get("nothing", X_Request_ID="mine").headers["X-Request-ID"] == "mine"


def test_limits_are_told_on_success_alone(admin: Caller) -> None:
    answer = admin.get("settings")
    assert answer.headers["X-RateLimit-Limit"] == "600"
    remaining = int(answer.headers["X-RateLimit-Remaining"])
    assert int(admin.get("settings").headers["X-RateLimit-Remaining"]) == remaining - 1
    assert "X-RateLimit-Limit" not in admin.get("nothing").headers


def test_a_crash_tells_nothing(admin: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: Any, **__: Any) -> Any:
        raise RuntimeError("secret of alpha")

    monkeypatch.setattr("tenants.services.tenant_settings.read", crash)
    answer = admin.get("settings", Accept="text/html")
    body = is_error(answer, 500, "internal")
    assert body["detail"] == "Internal error"
    assert b"secret" not in answer.content


@pytest.mark.parametrize(
    "where",
    [
        "tenants.services.tenant_settings.read",
        "tenants.services.hosts.tenant_by_host",
        "tenants.auth.authenticate",
    ],
)
def test_a_database_that_is_down_is_503(where: str, admin: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    from tenants.services import hosts

    def down(*_: Any, **__: Any) -> Any:
        raise OperationalError("connection refused")

    hosts.clear()
    monkeypatch.setattr(where, down)
    answer = admin.get("settings")
    is_error(answer, 503, "unavailable")
    assert int(answer.headers["Retry-After"]) > 0


def test_addresses_and_headers_have_a_size(admin: Caller) -> None:
    assert admin.get("settings?x=" + "y" * 8000).status_code == 200
    is_error(admin.get("settings?x=" + "y" * 8300), 413, "payload_too_large")
    is_error(admin.get("settings", X_Padding="y" * 17_000), 413, "payload_too_large")


@pytest.mark.parametrize(
    "query", ["page=0", "page_size=0", "page_size=101", "page=x", "page=-1", "page=1.5", "status=odd"]
)
def test_a_bad_page_is_422_and_names_the_key(query: str, admin: Caller) -> None:
    body = is_error(admin.get(f"api-keys?{query}"), 422, "validation_error")
    assert body["detail"][0]["loc"] == ["query", query.split("=")[0]]


def test_pages_answer_people_with_pages(alpha: Tenant) -> None:
    answer = at(alpha).get("/nothing", Accept="text/html")
    assert answer.status_code == 404
    assert answer.headers["Content-Type"].startswith("text/html")
    assert body_without_id(at(alpha).get("/nothing", Accept="application/json"))["code"] == "not_found"


@pytest.mark.parametrize("path", ["settings", "auth/users", "api-keys/key-none", "nothing/here", "health"])
def test_head_is_get_without_its_body(path: str, admin: Caller) -> None:
    got, head = admin.get(path, X_Request_ID="same"), admin.ask("HEAD", path, X_Request_ID="same")
    assert (head.status_code, head.content) == (got.status_code, b"")
    counters = {"X-RateLimit-Remaining", "X-RateLimit-Reset", "Content-Length"}
    assert {name: value for name, value in head.headers.items() if name not in counters} == {
        name: value for name, value in got.headers.items() if name not in counters
    }
    if path != "health":
        assert head.headers["Content-Length"] == got.headers["Content-Length"] == str(len(got.content))


def test_head_asks_for_the_same_rights_and_changes_nothing(admin: Caller, alpha: Tenant) -> None:
    assert at(alpha).ask("HEAD", "settings").status_code == 401
    refused = admin.ask("HEAD", "auth/login")
    assert (refused.status_code, refused.content, refused.headers["Allow"]) == (405, b"", "POST")


def test_head_of_an_event_stream_ends_at_once(alpha: Tenant, new_key: Any) -> None:
    caller = at(alpha, X_API_Key=new_key(alpha))
    session = caller.post("chat/sessions", {}).json()["session_id"]
    for _ in range(8):
        head = caller.ask("HEAD", f"chat/sessions/{session}/events")
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["Content-Type"] == "text/event-stream; charset=utf-8"
    assert caller.ask("HEAD", "chat/sessions/sess-none/events").status_code == 404


@pytest.mark.parametrize("name", [" ", "   \t ", "\u3000", "\u200b"])
def test_a_key_has_a_name_that_can_be_seen(name: str, admin: Caller) -> None:
    body = is_error(admin.post("api-keys", {"name": name, "scopes": ["chat"]}), 422, "validation_error")
    assert body["detail"][0]["loc"] == ["body", "name"]
    made = admin.post("api-keys", {"name": " 官网 ", "scopes": ["chat"]}).json()
    assert made["name"] == "官网"
    for patch in ({"name": name}, {"name": None}, {"scopes": None}):
        body = is_error(admin.patch(f"api-keys/{made['id']}", patch), 422, "validation_error")
        assert body["detail"][0]["loc"] == ["body", next(iter(patch))]
