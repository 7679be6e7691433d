"""Limits are exact: as many as they say, whoever asks at once, and nobody's use is another's."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from limits import RateLimitItemPerSecond

from kimono.lib import db
from kimono.lib.errors import TooMany
from tenants.models import Tenant
from tenants.services import api_keys, limits
from tenants.services.auditing import SYSTEM
from tests.tenants.doors import at

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def most(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Return a function that sets limits as the environment would."""

    def set_to(**amounts: int) -> None:
        for name, amount in amounts.items():
            monkeypatch.setenv(f"KIMONO_LIMIT_{name.upper()}", str(amount))
        limits.limit_of.cache_clear()

    limits.limit_of.cache_clear()
    yield set_to
    limits.limit_of.cache_clear()


def takes(name: str, identity: str = "key:1", **options: Any) -> bool:
    try:
        limits.take(name, identity, **options)
    except TooMany:
        return False
    return True


@pytest.mark.parametrize("name", [name for name in limits.DEFAULTS if limits.DEFAULTS[name].amount <= 60])
def test_each_limit_at_its_default(name: str, in_alpha: Tenant) -> None:
    limit = limits.DEFAULTS[name]
    assert [takes(name) for _ in range(limit.amount + 2)] == [True] * limit.amount + [False] * 2


@pytest.mark.parametrize("name", [name for name in limits.DEFAULTS if limits.DEFAULTS[name].amount > 60])
def test_each_large_limit_at_its_default(name: str, in_alpha: Tenant) -> None:
    """Filled in the store itself, but for the last two uses."""
    limit = limits.DEFAULTS[name]
    # A window of a second would move on while it is filled.
    seconds = limit.seconds
    item = RateLimitItemPerSecond(limit.amount, seconds)
    limits._redis().hit(item, limits._owner(), name, "key:1", cost=limit.amount - 1)
    passed = [takes(name) for _ in range(3)]
    assert passed[:2] == [True, False] or seconds == 1
    assert passed[0]


def test_the_defaults_are_the_contracts() -> None:
    assert {name: (limit.amount, limit.seconds) for name, limit in limits.DEFAULTS.items()} == {
        "request": (600, 60), "request_burst": (200, 1), "request_ip": (300, 60), "chat": (300, 60),
        "chat_visitor": (20, 60), "session": (30, 60), "ingest": (120, 60), "evaluation": (10, 60), "rerun": (30, 60),
        "export": (30, 60), "login": (60, 60), "login_failure": (5, 900), "login_lock": (1, 900), "ops": (300, 60),
        "ws_chat": (20, 10), "ws_agent": (100, 10), "ws_ops": (20, 10),
    }  # fmt: skip


def test_two_hundred_at_once_and_exactly_fifty_pass(alpha: Tenant, beta: Tenant, most: Any) -> None:
    most(chat=50)
    passed: list[bool] = []
    start = threading.Barrier(50)

    def hurry() -> None:
        with db.tenant_scope(alpha):
            start.wait()
            passed.extend(takes("chat") for _ in range(4))

    threads = [threading.Thread(target=hurry) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(passed) == 200
    assert sum(passed) == 50
    with db.tenant_scope(beta):
        assert takes("chat")
    with db.tenant_scope(alpha):
        assert not takes("chat")
        assert takes("chat", "key:2")
        assert takes("ingest")


def test_without_redis_each_process_counts_exactly(
    in_alpha: Tenant, most: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from redis.exceptions import ConnectionError as Refused

    class Dead:
        def __getattr__(self, name: str) -> Any:
            raise Refused("connection refused")

    most(chat=5, login_failure=2)
    monkeypatch.setattr(limits, "_redis", Dead)
    monkeypatch.setattr(limits, "_down_until", 0.0)
    limits._memory.cache_clear()
    assert [takes("chat") for _ in range(7)] == [True] * 5 + [False] * 2
    assert not limits.is_used_up("login_failure", "a")
    for _ in range(2):
        limits.note("login_failure", "a")
    assert limits.is_used_up("login_failure", "a")
    assert 0 < limits.seconds_left("login_failure", "a") <= 901
    limits._memory.cache_clear()


def test_zero_turns_a_limit_off(in_alpha: Tenant, most: Any) -> None:
    most(chat=0, login_failure=0)
    assert all(takes("chat") for _ in range(400))
    limits.note("login_failure", "a")
    assert not limits.is_used_up("login_failure", "a")


def test_a_key_may_have_a_limit_of_its_own(alpha: Tenant) -> None:
    with db.tenant_scope(alpha):
        secret = api_keys.create(name="k", scopes=["knowledge"], by=SYSTEM, rate_limit_per_minute=3).secret
        other = api_keys.create(name="k", scopes=["knowledge"], by=SYSTEM).secret
    caller = at(alpha, X_API_Key=secret)
    answers = [caller.get("knowledge/qa-pairs") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200] * 3 + [429] * 2
    assert [answer.headers["X-RateLimit-Remaining"] for answer in answers[:3]] == ["2", "1", "0"]
    assert answers[0].headers["X-RateLimit-Limit"] == "3"
    refused = answers[4]
    assert refused.json()["code"] == "rate_limited"
    assert 1 <= int(refused.headers["Retry-After"]) == refused.json()["retry_after"] <= 61
    # Another host, address or header is the same key; another key is not.
    assert (
        at(None, X_API_Key=secret, X_Forwarded_For="198.51.100.1").get("knowledge/qa-pairs").status_code
        == 429
    )
    assert at(alpha, X_API_Key=other).get("knowledge/qa-pairs").status_code == 200


def test_an_address_cannot_be_made_up(alpha: Tenant, most: Any, settings: Any) -> None:
    most(request_ip=3)
    statuses = [
        at(alpha, X_Forwarded_For=f"203.0.113.{number}").get("auth/csrf").status_code for number in range(5)
    ]
    assert statuses == [200] * 3 + [429] * 2
    # Behind a proxy that is trusted, what the proxy saw counts, and not what the caller says before it.
    settings.TRUSTED_PROXIES = ["192.0.2.0/24"]
    for number in range(5):
        answer = at(alpha, X_Forwarded_For=f"10.0.0.{number}, 198.51.100.9, 192.0.2.7").get("auth/csrf")
        assert answer.status_code == (200 if number < 3 else 429)
    assert at(alpha, X_Forwarded_For="198.51.100.10").get("auth/csrf").status_code == 200


def test_the_demo_multiplies_for_this_machine_alone(alpha: Tenant, most: Any, settings: Any) -> None:
    most(request_ip=2)
    settings.LIMIT_FACTOR_LOOPBACK = 3
    near, far = at(alpha), at(alpha)
    near.peer = "127.0.0.1"
    assert [near.get("auth/csrf").status_code for _ in range(7)] == [200] * 6 + [429]
    assert [far.get("auth/csrf").status_code for _ in range(3)] == [200] * 2 + [429]
    settings.TRUSTED_PROXIES = ["127.0.0.1"]
    near.headers["X-Forwarded-For"] = "203.0.113.77"
    assert [near.get("auth/csrf").status_code for _ in range(3)] == [200] * 2 + [429]
