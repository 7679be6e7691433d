"""An agent's socket in this process: who gets one with a browser's cookie, who may only look, what is too long ago."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings as django_settings

from agents.models import ReadMark, Seat
from conversations.models import InboxEntry
from kimono.lib import db
from tenants.models import Tenant
from tests.conversations.talking import run
from tests.conversations.wires import Wire, plugged
from tests.tenants.doors import Caller, at, make_user

pytestmark = pytest.mark.django_db(transaction=True)


def browser(tenant: Tenant, role: str, username: str) -> str:
    """Sign somebody in on a page, and return the cookie."""
    make_user(tenant, role, username=username)
    session = at(tenant).with_session(username).browser.cookies[django_settings.SESSION_COOKIE_NAME]
    return f"{django_settings.SESSION_COOKIE_NAME}={session.value}"


def opened(tenant: Tenant, cookie: str, *, page: str | None = None) -> Any:
    """Open the socket on a merchant's host from a page of that host, or of another."""
    host = f"{tenant.slug}.localhost"
    origin = {} if page == "" else {"origin": f"http://{page or host}"}
    return plugged("/ws/agent/", host=host, headers={"cookie": cookie, **origin})


def test_a_cookie_opens_its_own_hosts_socket_to_its_own_pages(alpha: Tenant, beta: Tenant) -> None:
    cookie = browser(alpha, "agent", "ann")

    async def first(*where: Any, **how: Any) -> tuple[str | None, int | None]:
        async with opened(*where, **how) as wire:
            frame = await wire.next()
            if frame is not None and frame["type"] == "welcome":
                return frame["agent"]["name"], None
            return None, await wire.rest() if frame is not None else wire.code

    async def story() -> list[tuple[str | None, int | None]]:
        return [
            await first(alpha, cookie),
            await first(beta, cookie),
            await first(alpha, cookie, page="evil.example"),
            await first(alpha, cookie, page="beta.localhost"),
            await first(alpha, cookie, page=""),
        ]

    assert run(story()) == [("ann", None), (None, 4401), (None, 403), (None, 403), (None, 403)]


def test_who_may_only_look_hears_everything_and_says_nothing(
    alpha: Tenant, asked: Callable[..., str]
) -> None:
    cookie, session_id = browser(alpha, "viewer", "vera"), asked()

    async def story() -> list[Any]:
        async with opened(alpha, cookie) as wire:
            wire.send("resume", streams={"inbox": 0, session_id: 0})
            await wire.until("resumed")
            said = {"session_id": session_id, "client_message_id": "m", "content": "您好"}
            wire.send("send", id="1", **said)
            wire.send("typing", id="2", session_id=session_id)
            wire.send("presence", id="3", status="online")
            wire.send("read", id="4", session_id=session_id, seq=1)
            await wire.until("error", id="4")
            return wire.seen

    seen = run(story())
    assert [each["code"] for each in seen if each["type"] == "error"] == ["forbidden"] * 4
    assert {each["type"] for each in seen} >= {"queue.added", "state", "resumed"}
    with db.tenant_scope(alpha):
        assert not Seat.objects.filter(name="vera").exists()


def test_an_agent_is_there_reads_and_learns_what_is_too_long_ago(
    alpha: Tenant, key: Caller, asked: Callable[..., str]
) -> None:
    cookie, session_id = browser(alpha, "agent", "ann"), asked()
    asked()
    with db.tenant_scope(alpha):
        InboxEntry.objects.filter(seq=1).delete()

    async def story(wire: Wire) -> list[Any]:
        wire.send("presence", id="p", status="online")
        await wire.until("ack", id="p")
        wire.send("resume", id="r", streams={"inbox": 0})
        await wire.until("resumed", id="r")
        wire.send("read", session_id=session_id, seq=1)
        wire.send("subscribe", id="s", session_id=session_id)
        wire.send("read", session_id=session_id, seq=1)
        wire.send("read", session_id=session_id, seq=0)
        wire.send("unsubscribe", id="u", session_id=session_id)
        await wire.until("ack", id="u")
        return wire.seen

    async def whole() -> list[Any]:
        async with opened(alpha, cookie) as wire:
            return await story(wire)

    seen = run(whole())
    assert [each["code"] for each in seen if each["type"] == "error"] == ["resume_too_old", "not_found"]
    assert [each["last_seq"] for each in seen if each["type"] == "error" and "last_seq" in each] == [2]
    assert next(each for each in seen if each["type"] == "presence")["status"] == "online"
    with db.tenant_scope(alpha):
        assert [mark.seq for mark in ReadMark.objects.all()] == [1]
    assert key.get("agent/agents?presence=online").json()["items"][0]["name"] == "ann"


def test_what_no_text_may_hold_and_what_breaks_many_rules_ends_no_socket(
    alpha: Tenant, key: Caller, asked: Callable[..., str]
) -> None:
    session_id = asked()

    async def story() -> list[Any]:
        host = f"{alpha.slug}.localhost"
        async with plugged("/ws/agent/", host=host, headers=key.headers, query="agent_id=a%00b") as wire:
            wire.send("ping", id="a\ud800b")
            wire.send("resume", id="r", streams={f"\ud800{n}": "x" for n in range(100)})
            wire.send("subscribe", id="1", session_id=session_id, after_seq=2**31 - 1)
            await wire.until("ack", id="1")
            wire.send("subscribe", id="2", session_id=session_id, after_seq=0)
            await wire.until("state")
            return wire.seen

    seen = {each["type"]: each for each in run(story())}
    assert (seen["welcome"]["agent"]["id"], seen["pong"]["id"]) == ("ab", "ab")
    assert (seen["error"]["id"], len(seen["error"]["detail"])) == ("r", 20)
    # Told again to who asks again, with every field that a state has.
    assert seen["state"] | {"state": "pending", "agent": None} == seen["state"]
    assert seen["ack"]["seq"] == seen["state"]["seq"] == 1


def test_a_contact_hears_of_the_one_who_answers_that_it_types(
    alpha: Tenant, key: Caller, asked: Callable[..., str]
) -> None:
    session_id, host = asked(), f"{alpha.slug}.localhost"
    assert key.post(f"agent/sessions/{session_id}/accept", {"agent_id": "a-1"}).status_code == 200

    def line(path: str, query: str) -> Any:
        return plugged(path, host=host, headers=key.headers, query=query)

    async def story() -> list[Any]:
        async with (
            line("/ws/chat/", f"session_id={session_id}") as contact,
            line("/ws/agent/", "agent_id=a-2") as other,
            line("/ws/agent/", "agent_id=a-1") as agent,
        ):
            contact.send("ping")
            await contact.until("pong")
            for wire in (other, agent):
                wire.send("subscribe", id="s", session_id=session_id)
                wire.send("typing", session_id=session_id)
                wire.send("ping")
                await wire.until("pong")
            agent.send("read", session_id=session_id, seq=99)
            await contact.until("read")
            return contact.seen

    words = [each for each in run(story()) if each["type"] in ("typing", "read")]
    assert [(each["type"], each.get("seq")) for each in words] == [("typing", None), ("read", 2)]
