"""An operator's socket in this process: who gets one and from which pages, figures, what happens to merchants."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings as django_settings

from conversations.consumers import numbered
from kimono.lib import db
from kimono.lib.threads import in_thread
from opsconsole.services import figures
from tenants.models import Tenant
from tenants.people.models import User
from tenants.services import api_keys, lifecycle
from tenants.services.auditing import SYSTEM
from tests.agents.conftest import asked, key
from tests.conversations import talking
from tests.conversations.talking import run
from tests.conversations.wires import plugged
from tests.journeys.test_chat_sockets import ORIGINS
from tests.tenants.doors import at, make_user

__all__ = ["asked", "key"]
pytestmark = pytest.mark.django_db(transaction=True)
METRICS = {
    "conversations_today", "active_sessions", "pending_sessions", "agents_online", "requests_per_minute",
    "error_rate", "avg_latency_ms", "cost_today",
}  # fmt: skip


def cookie_of(tenant: Tenant | None, role: str) -> str:
    """Sign somebody in on a page, and return the cookie."""
    make_user(tenant, role, username=role)
    session = at(tenant).with_session(role).browser.cookies[django_settings.SESSION_COOKIE_NAME]
    return f"{django_settings.SESSION_COOKIE_NAME}={session.value}"


@pytest.fixture
def cookie() -> str:
    """The cookie of an operator who may only look."""
    return cookie_of(None, "ops_viewer")


def opened(cookie: str, *, origin: str | None = "http://localhost", host: str = "localhost") -> Any:
    """Open the console's socket from a page."""
    headers = {"cookie": cookie} | ({"origin": origin} if origin is not None else {})
    return plugged("/ws/ops/", host=host, headers=headers)


async def end_of(wire: Any) -> int | None:
    """Return how a socket ends, None for one that is open."""
    code: int | None = wire.code
    if code is not None:
        return code
    if not wire.seen and (await wire.next() or {}).get("type") == "welcome":
        return None
    await wire.rest()
    code = wire.code
    return code


def test_operators_see_figures_and_what_happens_to_merchants(
    cookie: str, alpha: Tenant, asked: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked()
    monkeypatch.setattr(figures, "_kept", {})

    def change(suspended: bool) -> None:
        if suspended:
            lifecycle.suspend(tenant_id=alpha.public_id, reason="unpaid", by=SYSTEM, now=talking.now())
        else:
            lifecycle.activate(tenant_id=alpha.public_id, by=SYSTEM)

    async def story() -> list[Any]:
        async with opened(cookie) as wire:
            wire.send("subscribe", id="s", topics=["tenants", "metrics"])
            await wire.until("metrics")
            await in_thread(change, True)
            await wire.until("tenant")
            wire.send("subscribe", id="none", topics=[])
            await wire.until("ack", id="none")
            await in_thread(change, False)
            wire.send("subscribe", id="again", topics=["tenants"])
            await wire.until("ack", id="again")
            wire.send("resume", id="r", streams={"ops": wire.seen[0]["last_seq"]})
            await wire.until("resumed", id="r")
            wire.send("subscribe", id="odd", topics=["everything"])
            wire.send("resume", id="other", streams={"inbox": 0})
            await wire.until("error", id="other")
            seen: list[Any] = wire.seen
            return seen

    seen = run(story())
    welcome, figure = seen[0], next(each for each in seen if each["type"] == "metrics")
    assert welcome["limits"] == {"frames": 20, "seconds": 10, "frame_bytes": 4096}
    assert figure.keys() >= METRICS
    assert figure["stream"] == "ops"
    assert "seq" not in figure
    assert (figure["conversations_today"], figure["pending_sessions"]) == (1, 1)
    told = [each for each in seen if each["type"] == "tenant"]
    first = welcome["last_seq"] + 1
    numbers = [each["seq"] for each in told]
    assert numbers in ([first, first, first + 1], [first, first + 1, first, first + 1])
    assert (told[0]["event"], told[0]["tenant"]["status"]) == ("suspended", "suspended")
    assert told[0]["tenant"] | {"id": alpha.public_id, "conversations_today": 1} == told[0]["tenant"]
    assert (told[-1]["event"], told[-1]["tenant"]["status"]) == ("activated", "active")
    assert next(each for each in seen if each["type"] == "resumed")["count"] == 2
    assert [each["code"] for each in seen if each["type"] == "error"] == ["validation_error"] * 2


def test_nobody_else_gets_an_operators_socket(cookie: str, alpha: Tenant) -> None:
    merchants = cookie_of(alpha, "merchant_admin")
    with db.tenant_scope(alpha):
        secret = api_keys.create(name="all", by=SYSTEM, scopes=["agent", "operations"]).secret
    own = "http://alpha.localhost"

    async def keyed() -> int | None:
        async with plugged("/ws/ops/", host="localhost", headers={"x-api-key": secret}) as wire:
            return await end_of(wire)

    async def story() -> list[int | None]:
        ends = [await keyed()]
        for credential, how in (
            (cookie, {}),
            (merchants, {}),
            ("", {}),
            (cookie, {"host": "alpha.localhost", "origin": own}),
            (merchants, {"host": "alpha.localhost", "origin": own}),
        ):
            async with opened(credential, **how) as wire:
                if not credential:
                    wire.send("auth", token="none")
                ends.append(await end_of(wire))
        headers = {"cookie": cookie, "origin": own}
        async with plugged("/ws/agent/", host="alpha.localhost", headers=headers) as wire:
            ends.append(await end_of(wire))
        return ends

    assert run(story()) == [4403, None, 4401, 4401, 404, 404, 4401]


def test_only_pages_of_the_platform_get_an_operators_socket(cookie: str) -> None:
    async def story() -> dict[str | None, int | None]:
        found = {}
        for origin in ORIGINS:
            shown = origin.format(host="localhost", sibling="alpha.localhost") if origin else origin
            async with opened(cookie, origin=shown) as wire:
                found[origin] = await end_of(wire)
        return found

    found = run(story())
    assert {origin for origin, code in found.items() if code is None} == {"http://{host}"}
    assert set(found.values()) == {None, 403}


def test_an_operator_who_may_no_longer_look_is_let_go(cookie: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numbered, "TICK_SECONDS", 0.0)

    async def story() -> int | None:
        async with opened(cookie) as wire:
            wire.send("ping", id="p")
            await wire.until("pong", id="p")
            await in_thread(User.objects.filter(username="ops_viewer").update, is_active=False)
            return await end_of(wire)

    assert run(story()) == 4403
