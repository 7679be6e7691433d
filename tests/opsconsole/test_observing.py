"""Operators of the platform ask the routes of operations: over all merchants, or for the one they name."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from kimono.lib import db
from kimono.providers import breakers
from knowledge.services import answer_cache
from tenants.models import Tenant
from tenants.services import lifecycle
from tenants.services.auditing import SYSTEM
from tests.guards.routes import served
from tests.tenants.doors import Caller, at, make_user

pytestmark = pytest.mark.django_db(transaction=True)
GETS = [
    "performance/metrics", "performance/cache/stats", "monitor/overview", "monitor/traces", "monitor/agents",
    "monitor/sessions", "observability/circuit-breakers", "observability/health",
]  # fmt: skip


@pytest.fixture
def operator(db: None) -> Caller:
    make_user(None, "ops_admin", "boss")
    return at(None).signed_in("boss")


@pytest.fixture
def onlooker(db: None) -> Caller:
    make_user(None, "ops_viewer", "onlooker")
    return at(None).signed_in("onlooker")


@pytest.fixture(autouse=True)
def _no_failures() -> Iterator[None]:
    breakers.reset_everywhere("llm")
    yield
    breakers.reset_everywhere("llm")


@pytest.fixture
def talked(alpha: Tenant, beta: Tenant, new_key: Any) -> dict[str, list[dict[str, Any]]]:
    """One chat turn at alpha, two at beta, in this order."""
    said: dict[str, list[dict[str, Any]]] = {"alpha": [], "beta": []}
    for tenant, texts in ((alpha, ["你好"]), (beta, ["您好", "谢谢"])):
        caller = at(tenant, X_API_Key=new_key(tenant))
        for text in texts:
            answer = caller.post("chat", {"message": text})
            assert answer.status_code == 200, answer.content
            said[tenant.slug].append(answer.json())
    return said


def traced(said: list[dict[str, Any]]) -> list[str]:
    return [one["data"]["trace_id"] for one in said]


@pytest.mark.parametrize("path", GETS)
def test_operators_read_what_merchants_read(path: str, onlooker: Caller, alpha: Tenant, new_key: Any) -> None:
    own = at(alpha, X_API_Key=new_key(alpha)).get(path).json()
    for address in (path, f"{path}?tenant_id={alpha.public_id}"):
        answer = onlooker.get(address)
        assert answer.status_code == 200, (address, answer.content)
        shown = answer.json()
        assert type(shown) is type(own)
        if isinstance(own, dict):
            assert shown.keys() == own.keys()


def test_figures_are_of_all_merchants_or_of_the_one_that_is_named(
    operator: Caller, talked: dict[str, Any], alpha: Tenant, beta: Tenant
) -> None:
    counts = {
        query: operator.get(f"monitor/overview{query}").json()["total_traces"]
        for query in ("", f"?tenant_id={alpha.public_id}", f"?tenant_id={beta.slug}")
    }
    assert list(counts.values()) == [3, 1, 2]
    everything = operator.get("monitor/overview").json()
    assert (everything["success_count"], everything["active_sessions"]) == (3, 3)
    assert everything["avg_duration_ms"] > 0
    metrics = operator.get("performance/metrics").json()["metrics"]
    assert metrics["total_response_samples"] == 3
    assert metrics["p95_response_time_ms"] >= metrics["avg_response_time_ms"] > 0
    agents = {row["name"]: row["calls"] for row in operator.get("monitor/agents").json()}
    own = {row["name"]: row["calls"] for row in operator.get(f"monitor/agents?tenant_id={beta.slug}").json()}
    assert agents["IntentAgent"] > own["IntentAgent"] > 0


def test_lists_hold_every_merchants_rows_newest_first(operator: Caller, talked: dict[str, Any]) -> None:
    first, (second, third) = traced(talked["alpha"])[0], traced(talked["beta"])

    def listed(query: str = "") -> list[str]:
        answer = operator.get(f"monitor/traces?{query}")
        assert answer.status_code == 200, answer.content
        return [row["trace_id"] for row in answer.json()]

    assert listed() == [third, second, first]
    assert listed("limit=2") == [third, second]
    assert listed(f"before={second}") == [first]
    assert listed(f"session_id={talked['beta'][0]['session_id']}") == [second]
    assert listed("status=failed") == []
    start = next(row for row in operator.get("monitor/traces").json() if row["trace_id"] == second)
    assert listed(f"before={start['started_at']}")[-1] == first
    sessions = [row["session_id"] for row in operator.get("monitor/sessions").json()]
    assert sessions == [
        one["session_id"] for one in (talked["beta"][1], talked["beta"][0], talked["alpha"][0])
    ]
    assert len(operator.get("monitor/sessions?limit=1").json()) == 1


def test_a_trace_is_found_by_its_own_id_and_nothing_else(
    operator: Caller, talked: dict[str, Any], alpha: Tenant, beta: Tenant
) -> None:
    of_alpha, of_beta = traced(talked["alpha"])[0], traced(talked["beta"])[0]
    for trace_id in (of_alpha, of_beta):
        assert operator.get(f"monitor/traces/{trace_id}").json()["trace_id"] == trace_id
    assert operator.get(f"monitor/traces/{of_alpha}?tenant_id={beta.public_id}").status_code == 404
    assert operator.get(f"monitor/traces/{of_alpha}?tenant_id={alpha.public_id}").status_code == 200
    for unknown in ("trace-zzzzzzzzzzzzzzzz-zzzzzzzz", "nonsense", f"trace-zzzzzzzzzzzzzzzz-{alpha.tag}"):
        assert operator.get(f"monitor/traces/{unknown}").status_code == 404
    for wrong in ("trace-zzzzzzzzzzzzzzzz-zzzzzzzz", f"trace-zzzzzzzzzzzzzzzz-{alpha.tag}", "yesterday"):
        answer = operator.get(f"monitor/traces?before={wrong}")
        assert (answer.status_code, answer.json()["detail"][0]["loc"]) == (422, ["query", "before"])


@pytest.mark.parametrize("path", ["monitor/overview", "observability/health", "performance/cache/stats"])
def test_a_merchant_that_is_not_there_is_404(path: str, operator: Caller) -> None:
    for name in ("tenant_nobody", "", "%00", "a b"):
        assert operator.get(f"{path}?tenant_id={name}").status_code == 404


def test_a_suspended_merchant_is_still_seen(operator: Caller, talked: dict[str, Any], beta: Tenant) -> None:
    with db.public_scope(), db.platform_scope():
        lifecycle.suspend(tenant_id=beta.public_id, reason="", by=SYSTEM, now=timezone.now())
    assert operator.get("monitor/overview").json()["total_traces"] == 3
    assert operator.get(f"monitor/overview?tenant_id={beta.public_id}").json()["total_traces"] == 2


def test_the_caches_of_all_are_emptied_and_counted_together(
    operator: Caller, onlooker: Caller, alpha: Tenant, beta: Tenant
) -> None:
    def shelves() -> list[str]:
        found = []
        for tenant in (alpha, beta):
            with db.tenant_scope(tenant):
                found.append(answer_cache._shelf())
        return found

    before = shelves()
    together = operator.get("performance/cache/stats").json()["cache"]
    assert together["max_size"] >= 2 * answer_cache.MAX_ENTRIES
    assert onlooker.post("performance/cache/invalidate").status_code == 403
    answer = operator.post("performance/cache/invalidate")
    assert (answer.status_code, answer.json()["success"]) == (200, True)
    after = shelves()
    assert all(old != new for old, new in zip(before, after, strict=True))
    operator.post(f"performance/cache/invalidate?tenant_id={alpha.slug}")
    assert [old == new for old, new in zip(after, shelves(), strict=True)] == [False, True]


def test_breakers_of_all_merchants_are_seen_and_closed(
    operator: Caller, onlooker: Caller, alpha: Tenant, beta: Tenant
) -> None:
    breaker = breakers.get(beta.schema_name, "llm")
    breakers.get(alpha.schema_name, "llm")
    for _ in range(breaker.snapshot()["failure_threshold"]):
        with breaker.guard() as guard:
            guard.failed("down")

    def state(query: str = "") -> tuple[str, str | None]:
        row = operator.get(f"observability/circuit-breakers{query}").json()["llm"]
        return row["state"], row["last_failure"]

    assert state() == ("open", "down")
    assert state(f"?tenant_id={alpha.public_id}")[0] == "closed"
    path = "observability/circuit-breakers/llm/reset"
    assert onlooker.post(path).status_code == 403
    assert operator.post(f"{path}?tenant_id={alpha.public_id}").status_code == 200
    assert state()[0] == "open"
    answer = operator.post(path)
    assert (answer.status_code, answer.json()) == (200, {"name": "llm", "reset": True})
    assert state()[0] == "closed"
    assert operator.post("observability/circuit-breakers/nonsense/reset").status_code == 404


def test_a_merchant_gets_its_own_whatever_it_names(
    talked: dict[str, Any], alpha: Tenant, beta: Tenant, new_key: Any
) -> None:
    for caller in (at(alpha, X_API_Key=new_key(alpha)), at(None, X_API_Key=new_key(alpha))):
        assert caller.get(f"monitor/overview?tenant_id={beta.public_id}").json()["total_traces"] == 1
    assert (
        at(None, X_API_Key=new_key(alpha)).post("observability/circuit-breakers/llm/reset").status_code == 403
    )


def test_every_marked_route_has_an_answer_for_operators() -> None:
    from opsconsole.api import PLATFORM_WIDE

    marked = {
        route.id for route in served()
        if route.host == "platform" and route.guard is not None and route.guard.platform
    }  # fmt: skip
    assert marked <= set(PLATFORM_WIDE)
    assert set(PLATFORM_WIDE) - marked == {"PM-10"}


def test_the_description_names_the_parameter_on_the_platforms_host_alone(alpha: Tenant) -> None:
    for host, described in ((None, True), (alpha, False)):
        paths = at(host).get("openapi.json").json()["paths"]
        parameters = paths["/api/v1/monitor/overview"]["get"].get("parameters", [])
        assert ("tenant_id" in [one["name"] for one in parameters]) is described
