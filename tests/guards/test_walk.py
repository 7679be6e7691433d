"""Every route, asked with one merchant's credentials for another's things: nothing is shown, nothing is changed."""

import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tenants.models import Tenant
from tenants.services import limits
from tests.guards.routes import Served, served
from tests.guards.samples import SAMPLES, Sample
from tests.guards.test_routes import NO_GUARD, PUBLIC
from tests.guards.worlds import World, fingerprint, make_world, primary_keys
from tests.tenants.doors import Caller, at

pytestmark = pytest.mark.django_db(transaction=True)
MINE, THEIRS = "麒麟alphaqilin", "凤凰betafenghuang"
# Asked for a session of another merchant, a key begins one of its own under that id (api.md 18, X-44); so they go last.
BEGINS_ITS_OWN = {"CH-01", "CH-02", "CH-03", "AL-01"}


@pytest.fixture(autouse=True)
def _no_limits(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in limits.DEFAULTS:
        monkeypatch.setenv(f"KIMONO_LIMIT_{name.upper()}", "0")
    limits.limit_of.cache_clear()
    yield
    limits.limit_of.cache_clear()


@pytest.fixture
def worlds(
    alpha: Tenant, beta: Tenant, equal_ids: Callable[[], Any], restart_sequences: Callable[[], None]
) -> tuple[World, World]:
    """The attacker's world and the victim's."""
    restart_sequences()
    return make_world(alpha, MINE, equal_ids), make_world(beta, THEIRS, equal_ids)


def ask(caller: Caller, route: Served, ids: dict[str, str]) -> Any:
    """Send the route's good request for the things with these ids."""
    sample: Sample = SAMPLES[route.id]
    path = route.path
    for name in route.parameters:
        path = path.replace(f"{{{name}}}", ids[name])
    path += f"?{sample.query(ids)}" if sample.query else ""
    if sample.form:
        return caller.form(path, sample.form(ids), X_Request_ID="same")
    return caller.ask(route.method, path, sample.body(ids) if sample.body else None, X_Request_ID="same")


def shown(answer: Any) -> str:
    """Return all that an answer shows."""
    body = b"" if answer.streaming else answer.content
    return f"{dict(answer.headers)} {answer.cookies.output()} {body.decode('utf-8', 'replace')}"


def test_the_two_worlds_differ_in_their_owner_alone(worlds: tuple[World, World]) -> None:
    mine, theirs = worlds
    assert {name: one.rsplit("-", 1)[0] for name, one in mine.ids.items()} == {
        name: one.rsplit("-", 1)[0] for name, one in theirs.ids.items()
    }
    assert set(mine.ids.values()) & set(theirs.ids.values()) == {mine.ids["item_id"]}
    assert {name for route in served() for name in route.parameters} <= set(mine.ids)
    keys = primary_keys(mine.tenant)
    assert keys == primary_keys(theirs.tenant)
    filled = {table for table, rows in keys.items() if rows}
    assert len(filled) >= 15, filled
    # Each merchant reads its own: what is looked for below can be found.
    for world in worlds:
        for route in served():
            if route.host == "tenant" and route.method == "GET" and route.parameters and route.id != "CH-08":
                answer = ask(world.signed_in(world.tenant), route, world.ids)
                assert answer.status_code == 200, (route.id, answer.content)
                assert (MINE in shown(answer)) <= (world is mine)


def test_one_merchants_credentials_open_nothing_of_another(
    worlds: tuple[World, World], superuser: Any, caplog: pytest.LogCaptureFixture
) -> None:
    mine, theirs = worlds
    before = fingerprint(superuser, theirs.tenant)
    caplog.set_level(logging.DEBUG)
    caplog.clear()
    for route in sorted(served(), key=lambda route: route.id in BEGINS_ITS_OWN):
        walk(route, mine, theirs)
        if route.method == "GET":
            continue
        after = fingerprint(superuser, theirs.tenant)
        changed = {table for table in before if before[table] != after[table]}
        assert not changed, f"{route.id} on the {route.host} host changed the other merchant's {changed}"
    assert fingerprint(superuser, theirs.tenant) == before
    assert THEIRS not in caplog.text


def walk(route: Served, mine: World, theirs: World) -> None:
    """Ask one route in every wrong way."""
    own_host = mine.tenant if route.host == "tenant" else None
    for caller in (mine.keyed(own_host), mine.signed_in(own_host)):
        foreign = ask(caller, route, theirs.ids)
        where = (route.host, route.id, foreign.status_code, shown(foreign)[:500])
        assert THEIRS not in shown(foreign), where
        assert foreign.status_code < 500, where
        if route.parameters:
            assert foreign.status_code in (403, 404, 422), where
            unknown = ask(caller, route, mine.unknown())
            assert (unknown.status_code, unknown.content) == (foreign.status_code, foreign.content), where
            assert stable(unknown) == stable(foreign), where
    nobody = ask(at(own_host), route, theirs.ids)
    assert THEIRS not in shown(nobody)
    if route.id not in PUBLIC and route.id not in NO_GUARD:
        assert nobody.status_code == 401, (route.id, nobody.content)
    if route.host == "tenant" and route.id not in NO_GUARD:
        on_their_host(route, mine, theirs)


def on_their_host(route: Served, mine: World, theirs: World) -> None:
    """Ask at the other merchant's host: every credential of ours is nothing there."""
    answers = [
        ask(caller, route, theirs.ids)
        for caller in (mine.keyed(theirs.tenant), mine.signed_in(theirs.tenant))
    ]
    for answer in answers:
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated"), (
            route.id,
            answer.content,
        )
        assert THEIRS not in shown(answer)


def stable(answer: Any) -> dict[str, str]:
    """Return the headers but the counters."""
    return {name: value for name, value in answer.headers.items() if not name.startswith("X-RateLimit-")}


def test_a_visitor_of_one_merchant_is_nobody_at_another(worlds: tuple[World, World]) -> None:
    mine, theirs = worlds
    answer = mine.keyed(mine.tenant).post("chat/sessions", {"channel": "web"})
    token = answer.json().get("visitor_token") or answer.json()["token"]
    for route in served():
        if route.guard is None or not route.guard.visitor:
            continue
        there = at(theirs.tenant if route.host == "tenant" else None, Authorization=f"Bearer {token}")
        foreign = ask(there, route, theirs.ids)
        assert THEIRS not in shown(foreign), route.id
        allowed = (401,) if route.host == "tenant" else (200, 403, 404, 409, 422)
        assert foreign.status_code in allowed, (route.id, foreign.content)
        if route.parameters:
            assert foreign.status_code in (401, 403, 404), (route.id, foreign.content)
