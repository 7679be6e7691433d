"""No route is open by accident, none has a name that the contract does not know."""

from collections import Counter

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from tenants.auth import Guard
from tests.guards.routes import HOSTS, Served, served
from tests.guards.samples import SAMPLES

# How many ids each family of the wire contract has; AG-05 is a name, AG-99 is a mistake.
FAMILIES = {
    "AU": 19, "CH": 15, "AG": 27, "SO": 5, "KB": 22, "QA": 15, "CA": 5, "UP": 4, "FB": 6, "MI": 5, "TK": 5, "EV": 13,
    "CF": 2, "TU": 3, "SC": 6, "CN": 7, "IN": 5, "OP": 10, "PM": 13, "SY": 5, "WH": 9, "RP": 8, "OX": 6, "OD": 3,
    "OS": 5, "OT": 15, "OM": 8, "OK": 15, "OL": 7, "OA": 12, "OU": 10, "OC": 4, "WI": 3, "AL": 12,
}  # fmt: skip
NO_GUARD = {
    "SY-01": "a probe asks before anybody can sign in",
    "SY-04": "a probe asks before anybody can sign in",
    "SY-05": "a probe asks before anybody can sign in",
}
PUBLIC = {
    "AU-01": "signing in is how one gets a credential",
    "AU-02": "the refresh token in the body is the credential",
    "AU-06": "a page needs its CSRF token before it can sign in",
    "AU-07": "signing in is how one gets a credential",
    "CH-04": "a page of an allowed origin starts a visitor's session; the origin is checked by the service",
    "WI-01": "the widget draws itself before there is a visitor",
    "WI-02": "the widget starts a visitor's session; the origin is checked by the service",
}
OUTSIDE_THE_API = {
    "/api/v1/openapi.json": "describes the API and holds no data",
    "/api/v1/docs": "shows the description",
}


@pytest.mark.parametrize("route", served(), ids=lambda route: f"{route.host}-{route.id}")
def test_every_route_is_guarded(route: Served) -> None:
    family, _, number = route.id.partition("-")
    assert number.isdigit(), f"{route.method} {route.path} has no id of the contract"
    assert 1 <= int(number) <= FAMILIES.get(family, 0), f"{route.id} is no id of the contract"
    if route.id in NO_GUARD:
        assert route.guard is None
        return
    assert isinstance(route.guard, Guard), f"{route.id}: auth= must be a Guard or AsyncGuard"
    marks = (route.guard.scopes, route.guard.visitor, route.guard.user, route.guard.admin, route.guard.ops)
    if route.guard.public:
        assert route.id in PUBLIC, f"{route.id} is open to anybody: say why in PUBLIC"
    else:
        assert any(marks), f"{route.id}: its guard lets nobody in"


def test_every_route_has_a_sample_for_the_walk() -> None:
    """The walk (test_walk.py) asks every route with another merchant's credentials."""
    ids = {route.id for route in served()}
    assert ids - set(SAMPLES) == set(), "add a row to tests/guards/samples.py"
    assert set(SAMPLES) - ids == set()


def test_an_id_names_one_route_of_a_host() -> None:
    for host in HOSTS:
        ids = Counter(route.id for route in served() if route.host == host)
        assert [name for name, count in ids.items() if count > 1] == []
        assert len(ids) > 40


def test_the_console_s_api_is_on_the_platform_s_host_alone() -> None:
    for route in served():
        if route.path.startswith("/api/v1/ops/"):
            assert route.host == "platform", route
            assert route.id == "OX-01" or route.guard.ops, route


def test_an_asynchronous_route_has_an_asynchronous_guard() -> None:
    """The other one would ask the database on the event loop."""
    from django.urls import resolve

    for urlconf in HOSTS.values():
        view = resolve("/api/v1/openapi.json", urlconf=urlconf).func
        for bound in view.keywords["api"]._get_bound_routers():
            for path_view in bound.path_operations.values():
                for operation in path_view.operations:
                    for guard in operation.auth_callbacks:
                        assert guard.is_async == operation.is_async, operation.operation_id


def paths_of(patterns: list[URLPattern | URLResolver], prefix: str = "/") -> list[str]:
    found = []
    for pattern in patterns:
        path = prefix + str(pattern.pattern)
        found += paths_of(pattern.url_patterns, path) if isinstance(pattern, URLResolver) else [path]
    return found


@pytest.mark.parametrize("host", HOSTS)
def test_nothing_else_lies_under_api(host: str) -> None:
    known = {route.path for route in served()} | set(OUTSIDE_THE_API) | {"/api/"}
    plain = {path.replace("<", "{").replace(">", "}").replace("str:", "") for path in known}
    for path in paths_of(get_resolver(HOSTS[host]).url_patterns):
        if path.startswith("/api/"):
            assert path.replace("<", "{").replace(">", "}").replace("str:", "") in plain, path
