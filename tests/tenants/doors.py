"""How tests knock at the doors: one caller on one host, with the cookies of a browser."""

import itertools
from dataclasses import dataclass, field
from typing import Any

from django.test import Client

from kimono.lib import db
from tenants.models import Tenant
from tenants.people.models import User
from tenants.people.services import users
from tenants.services.auditing import SYSTEM

PASSWORD = "correct-horse-battery"
_numbers = itertools.count(1)


@dataclass
class Caller:
    """Somebody who sends requests to one host with the same headers each time; CSRF is checked as in production."""

    host: str
    headers: dict[str, str] = field(default_factory=dict)
    peer: str = "192.0.2.1"
    browser: Client = field(
        default_factory=lambda: Client(enforce_csrf_checks=True, raise_request_exception=False)
    )

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Send a request; a body that is no text goes as JSON. Header names are written with `_`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        options: dict[str, Any] = {"headers": {"host": self.host, **self.headers, **named}}
        if body is not None:
            options["data"] = body
            options["content_type"] = named.pop("Content-Type", "application/json")
        options["headers"].pop("Content-Type", None)
        full = path if path.startswith("/") else f"/api/v1/{path}"
        return self.browser.generic(method, full, **_encoded(options), REMOTE_ADDR=self.peer)

    def get(self, path: str, **headers: str) -> Any:
        """Send a GET."""
        return self.ask("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        """Send a POST."""
        return self.ask("POST", path, {} if body is None else body, **headers)

    def patch(self, path: str, body: Any = None, **headers: str) -> Any:
        """Send a PATCH."""
        return self.ask("PATCH", path, {} if body is None else body, **headers)

    def delete(self, path: str, **headers: str) -> Any:
        """Send a DELETE."""
        return self.ask("DELETE", path, **headers)

    def form(self, path: str, fields: dict[str, Any], **headers: str) -> Any:
        """Send a POST of a form with files."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        full = path if path.startswith("/") else f"/api/v1/{path}"
        return self.browser.post(
            full, fields, headers={"host": self.host, **self.headers, **named}, REMOTE_ADDR=self.peer
        )

    def csrf(self) -> dict[str, str]:
        """Return the header that goes with this browser's CSRF cookie."""
        return {"X_CSRFToken": self.get("auth/csrf").json()["csrf_token"]}

    def signed_in(self, username: str, password: str = PASSWORD) -> "Caller":
        """Sign in with tokens and return the same caller with them."""
        answer = self.post("auth/login", {"username": username, "password": password})
        assert answer.status_code == 200, answer.content
        return self.having(Authorization=f"Bearer {answer.json()['access_token']}")

    def with_session(self, username: str, password: str = PASSWORD) -> "Caller":
        """Sign in with the session cookie and return this caller."""
        answer = self.post("auth/session", {"username": username, "password": password}, **self.csrf())
        assert answer.status_code == 200, answer.content
        return self

    def having(self, **headers: str) -> "Caller":
        """Return a caller on the same host with these headers and no cookies."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return Caller(host=self.host, headers=named, peer=self.peer)


def _encoded(options: dict[str, Any]) -> dict[str, Any]:
    import json

    data = options.get("data")
    if data is not None and not isinstance(data, (str, bytes)):
        options["data"] = json.dumps(data)
    return options


def at(tenant: "Tenant | None", *, host: str = "", **headers: str) -> Caller:
    """Return a caller on a tenant's host, or on the platform's."""
    where = host or (f"{tenant.slug}.localhost" if tenant is not None else "localhost")
    return Caller(host=where).having(**headers)


def make_user(
    tenant: "Tenant | None", role: str = "merchant_admin", username: str = "", **options: Any
) -> User:
    """Make a user with `PASSWORD` in a tenant, or on the platform; the hash is computed once."""
    name = username or f"{role}{next(_numbers)}"
    with db.tenant_scope(tenant) if tenant is not None else db.public_scope():
        user = users.create(
            username=name, password=PASSWORD, role=role, by=SYSTEM, now=options.pop("now", _now()), **options
        )
        user.refresh_from_db()
        return user


def _now() -> Any:
    from django.utils import timezone

    return timezone.now()


def body_without_id(answer: Any) -> dict[str, Any]:
    """Return an error's body without its request id, which every answer has of its own."""
    body: dict[str, Any] = answer.json()
    assert body.pop("request_id")
    return body


def is_error(answer: Any, status: int, code: str) -> dict[str, Any]:
    """Return the body of an error, having checked what holds of each."""
    assert answer.status_code == status, (answer.status_code, answer.content[:300])
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    body: dict[str, Any] = answer.json()
    assert body["code"] == code
    assert body["request_id"] == answer.headers["X-Request-ID"]
    assert answer.headers["Cache-Control"] == "no-store"
    return body
