"""A contact's socket in this process: drafts, stop, takeover, signs of life; nothing of another merchant."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from conversations.consumers import numbered
from conversations.services import handoffs, watching
from conversations.services.handoffs import Handler
from conversations.services.turns import live
from conversations.services.turns.shapes import Finished
from kimono.lib import db
from kimono.lib.threads import in_thread
from tenants.people.models import User
from tenants.services import api_keys, lifecycle
from tenants.services.auditing import SYSTEM
from tests.conversations import talking
from tests.conversations.talking import run
from tests.conversations.wires import Wire, plugged
from tests.fixtures.tenants import tenant_called
from tests.tenants.doors import at, make_user

QUESTION = "振袖清洗费是多少钱？"
SESSION = "sess-same-name"


@pytest.fixture
def open_line(shop: Any) -> Callable[..., Any]:
    """Return a function that opens a socket with a merchant's key."""
    issued = api_keys.create(name="line", by=SYSTEM, scopes=["chat"])

    def make(secret: str = issued.secret) -> Any:
        return plugged(
            "/ws/chat/", host="localhost", headers={"X-API-Key": secret}, query=f"session_id={SESSION}"
        )

    return make


def told(story: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """Begin the conversation and run a story about it."""

    async def whole() -> Any:
        await talking.say("你好", SESSION)
        return await story()

    return run(whole())


async def ask(wire: Wire) -> None:
    wire.send("send", id="f", client_message_id="c-1", content=QUESTION)
    await wire.until("ack", id="f")


def test_a_reply_grows_and_who_comes_late_gets_all_of_it(open_line: Any, model: Any) -> None:
    model.state.token_delay = 0.05

    async def story() -> tuple[list[Any], list[Any]]:
        async with open_line() as first:
            await ask(first)
            await first.until("delta", index=2)
            async with open_line() as late:
                late.send("resume", after_seq=0)
                await late.until("message", seq=4)
            await first.until("message", seq=4)
            return first.seen, late.seen

    first, late = told(story)
    for seen in (first, late):
        drafts = [each for each in seen if each["type"] in ("snapshot", "delta")]
        assert [each["index"] for each in drafts] == list(range(len(drafts)))
        stored = seen[-1]["message"]
        assert {each["message_id"] for each in drafts} == {stored["message_id"]}
        grown = "".join(each["content"] for each in drafts)
        assert grown and stored["content"].startswith(grown)
    assert [each["type"] for each in first if each.get("index") == 0] == ["delta"]
    assert [each["type"] for each in late if each.get("index") == 0] == ["snapshot"]
    assert [each["seq"] for each in late if "seq" in each] == [1, 2, 3, 4]


def test_who_knows_a_reply_is_not_shown_its_draft_though_its_turn_is_not_quite_over(open_line: Any) -> None:
    async def story() -> list[Any]:
        begun = await talking.begin("怎么退货？", SESSION)
        async for _ in talking.events_of(begun):
            pass
        # Stored and told, but not ended yet: a few milliseconds of every turn.
        ending = live.begin(begun)
        await ending.text("签收后")
        async with open_line() as wire:
            wire.send("resume", after_seq=4)
            await wire.until("resumed")
            wire.send("ping", id="p")
            await wire.until("pong", id="p")
            await ending.text("七天内")
            await asyncio.sleep(0.3)
            ending.end(Finished({"message_id": "gone"}), "done", {})
            return wire.seen

    assert {each["type"] for each in told(story)} == {"welcome", "resumed", "pong"}


def test_stop_keeps_what_was_said_and_takeover_drops_it(open_line: Any, model: Any) -> None:
    model.state.token_delay = 0.1

    async def story() -> Any:
        async with open_line() as wire:
            await ask(wire)
            await wire.until("delta")
            wire.send("stop", id="s")
            await wire.until("ack", id="s", stopped=True)
            kept = [each for each in wire.seen if each.get("seq") == 4] or [
                await wire.until("message", seq=4)
            ]
            wire.send("send", id="g", client_message_id="c-2", content=QUESTION)
            await wire.until("ack", id="g")
            draft = await wire.until("delta")
            await in_thread(
                handoffs.take_over,
                session_id=SESSION,
                agent=Handler("a-1", "一号"),
                by=SYSTEM,
                now=talking.now(),
            )
            dropped = await wire.until("abort")
            await wire.until("state", state="assigned")
            return kept[-1], draft, dropped, [each.author for each in await said()]

    kept, draft, dropped, authors = told(story)
    assert kept["message"]["author"] == "bot"
    assert (dropped["message_id"], dropped["reason"]) == (draft["message_id"], "takeover")
    assert authors == ["visitor", "bot", "visitor", "bot", "visitor"]


def test_a_turn_that_finds_its_first_words_after_a_takeover_shows_none_of_them(open_line: Any) -> None:
    async def story() -> list[Any]:
        begun = await talking.begin("怎么退货？", SESSION)
        writing = live.begin(begun)
        async with open_line() as wire:
            wire.send("resume", after_seq=3)
            await wire.until("resumed")
            await in_thread(
                handoffs.take_over,
                session_id=SESSION,
                agent=Handler("a-1", "一号"),
                by=SYSTEM,
                now=talking.now(),
            )
            await wire.until("state", state="assigned")
            told_before = len(wire.seen)
            await writing.text("签收后")
            await asyncio.sleep(0.3)
            writing.end(Finished({}), "done", {})
            wire.send("ping", id="p")
            await wire.until("pong", id="p")
            return wire.seen[told_before:]

    assert not {each["type"] for each in told(story)} & {"delta", "snapshot", "abort"}


async def said() -> list[Any]:
    from conversations.models import Message

    await talking.settled()
    return await in_thread(lambda: list(Message.objects.order_by("seq")))


def test_a_session_of_the_same_name_elsewhere_shows_nothing_of_it(open_line: Any, model: Any) -> None:
    model.state.token_delay = 0.05
    beta = tenant_called("beta")
    with db.tenant_scope(beta):
        theirs = api_keys.create(name="line", by=SYSTEM, scopes=["chat"]).secret

    async def story() -> list[Any]:
        with db.tenant_scope(beta):
            await talking.say("你好", SESSION)
        async with open_line() as mine, open_line(theirs) as other:
            other.send("resume", after_seq=2)
            await ask(mine)
            await mine.until("message", seq=4)
            other.send("ping", id="p")
            await other.until("pong", id="p")
            return other.seen

    assert {each["type"] for each in told(story)} == {"welcome", "resumed", "pong"}


def test_who_gives_no_sign_of_life_is_let_go(open_line: Any, settings: Any) -> None:
    settings.SOCKET_PING_SECONDS, settings.SOCKET_SILENCE_SECONDS = 0.05, 0.3

    async def story() -> tuple[int | None, list[Any]]:
        async with open_line() as wire:
            for _ in range(10):
                await wire.until("ping")
                wire.send("pong")
            return await wire.rest(), wire.seen

    code, seen = told(story)
    assert code == 4408
    assert [each["type"] for each in seen[-2:]] == ["ping", "bye"]
    assert {each["last_seq"] for each in seen if each["type"] == "ping"} == {2}


def test_who_serves_a_suspended_merchant_ends_when_it_rings(
    open_line: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nobody looks by itself here.
    monkeypatch.setattr(watching, "TICK_SECONDS", 3600.0)
    monkeypatch.setattr(numbered, "TICK_SECONDS", 3600.0)
    tenant = db.current_tenant()
    by_key = {"X-API-Key": api_keys.create(name="desk", by=SYSTEM, scopes=["agent"]).secret}

    async def story() -> list[tuple[int | None, Any]]:
        async with open_line() as contact, plugged("/ws/agent/", host="localhost", headers=by_key) as agent:
            for wire in (contact, agent):
                wire.send("ping", id="here")
                await wire.until("pong", id="here")
            await in_thread(suspend, tenant.public_id)
            return [(await wire.rest(), wire.seen[-1]) for wire in (contact, agent)]

    try:
        for code, bye in told(story):
            assert code == 4403
            assert bye | {"type": "bye", "reason": "tenant_suspended", "reconnect": False} == bye
    finally:
        lifecycle.activate(tenant_id=tenant.public_id, by=SYSTEM)


def test_who_may_call_no_more_is_let_go(open_line: Any, settings: Any, shop: Any) -> None:
    settings.SOCKET_CALLER_SECONDS = 0.1
    desk = api_keys.create(name="desk", by=SYSTEM, scopes=["agent"])
    make_user(shop, "agent", username="li")
    token = at(shop).signed_in("li").headers["Authorization"]

    async def story() -> list[Any]:
        by_key = {"X-API-Key": desk.secret}
        by_user = {"Authorization": token}
        async with (
            open_line() as contact,
            plugged("/ws/agent/", host="localhost", headers=by_key) as machine,
            plugged("/ws/agent/", host="localhost", headers=by_user) as person,
        ):
            for wire in (contact, machine, person):
                wire.send("ping", id="here")
                await wire.until("pong", id="here")
            await in_thread(api_keys.revoke, key_id=desk.key.key_id, by=SYSTEM)
            codes = [await machine.rest()]
            await in_thread(User.objects.filter(username="li").update, is_active=False)
            codes.append(await person.rest())
            contact.send("ping", id="still")
            await contact.until("pong", id="still")
            return codes

    assert told(story) == [4401, 4401]


def suspend(tenant_id: str) -> None:
    lifecycle.suspend(tenant_id=tenant_id, reason="unpaid", by=SYSTEM, now=talking.now())
