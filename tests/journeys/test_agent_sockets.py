"""Contact and agent on their sockets before a real server: queue, takeover, messages both ways, who wins."""

import random
import threading
import time
from typing import Any

import httpx
import pytest

from tests.faults.neighbours import Neighbour, own_redis
from tests.fixtures.servers import Servers
from tests.journeys.calling import at_once, eventually, messages, watching
from tests.journeys.sockets import opened, refused
from tests.journeys.test_chat_sockets import CHAT, ORIGINS, begun
from tests.journeys.test_streams import QUESTION
from tests.journeys.test_streams import shop as modelled_shop

AGENT = "/ws/agent/"
CHAT_API = "/api/v1/chat/sessions"
shop = modelled_shop


def waiting(client: httpx.Client) -> str:
    """Begin a conversation that waits for a person, and return it."""
    session_id: str = begun(client)["session_id"]
    answer = client.post(f"/api/v1/chat/sessions/{session_id}/escalate", json={"reason": "要人工"})
    assert answer.status_code == 200, answer.text
    return session_id


def test_a_contact_and_an_agent_talk(live: Servers, alpha: Any, beta: Any, merchant: httpx.Client) -> None:
    key = merchant.headers["X-API-Key"]
    hands = begun(merchant)
    session_id, desk = hands["session_id"], f"/api/v1/agent/sessions/{hands['session_id']}"
    protocols = ["kimono.v1", f"bearer.{hands['visitor_token']}"]
    with (
        opened(live, CHAT, alpha, subprotocols=protocols) as contact,
        opened(live, f"{AGENT}?agent_id=a-1", key=key) as agent,
        opened(live, f"{AGENT}?agent_id=a-2", alpha, key=key) as other,
    ):
        assert contact.next()["type"] == agent.next()["type"] == other.next()["type"] == "welcome"
        contact.send("escalate", id="e", reason="要人工")
        added = agent.until("queue.added")
        assert (added["stream"], added["seq"], added["item"]["session_id"]) == ("inbox", 1, session_id)
        agent.send("presence", id="p", status="online")
        agent.send("subscribe", id="s", session_id=session_id, after_seq=0)
        assert agent.until("ack", id="s")["stream"] == session_id
        assert agent.until("state")["state"] == "pending"
        agent.send("send", id="early", session_id=session_id, client_message_id="x", content="您好")
        assert agent.until("error", id="early")["code"] == "invalid_state"
        assert merchant.post(f"{desk}/accept", json={"agent_id": "a-1"}).status_code == 200
        removed = other.until("queue.removed")
        assert (removed["session_id"], removed["agent_id"]) == (session_id, "a-1")
        joined = contact.until("state", state="assigned")
        assert joined["agent"] == {"id": "a-1", "name": "a-1"}
        agent.send("typing", session_id=session_id, on=True)
        assert contact.until("typing") | {"author": "agent", "on": True} == contact.seen[-1]
        said = agent.say("您好，我来帮您", "m-1", session_id=session_id)
        assert (
            said["duplicate"],
            agent.say("您好，我来帮您", "m-1", session_id=session_id)["duplicate"],
        ) == (
            False,
            True,
        )
        heard = contact.until("message")
        assert (heard["message"]["author"], heard["seq"]) == ("agent", said["seq"])
        contact.send("read", seq=said["seq"])
        assert agent.until("read", author="visitor")["seq"] == said["seq"]
        asked = contact.say("多久能到账？", "c-1")
        assert agent.until("message", seq=asked["seq"])["message"]["content"] == "多久能到账？"
        merchant.post(f"{desk}/notes", json={"content": "悄悄话"})
        assert agent.until("note")["note"]["content"] == "悄悄话"
        other.send("subscribe", id="none", session_id="sess-nobody")
        assert other.until("error", id="none")["code"] == "not_found"
        assert merchant.post(f"{desk}/resolve", json={"agent_id": "a-1"}).status_code == 200
        assert contact.until("state")["state"] == "resolved"
        assert "悄悄话" not in str(contact.seen)
        contact.send("csat", id="v", score=5)
        assert contact.until("ack", id="v")
        assert contact.saw("csat")["score"] == 5
        last = agent.until("csat", stream="inbox")["seq"]
        assert contact.saw("presence")["agents_online"] == 1
    with opened(live, CHAT, alpha, subprotocols=protocols) as contact:
        contact.send("resume", after_seq=0)
        contact.until("resumed")
        assert {"message", "state"} <= {each["type"] for each in contact.seen}
        assert "悄悄话" not in str(contact.seen)
    visitor = live.client(alpha, headers={"Authorization": f"Bearer {hands['visitor_token']}"})
    with visitor, watching(visitor, session_id) as stream:
        assert "悄悄话" not in str(stream.until("ready"))
    with opened(live, f"{AGENT}?agent_id=a-1", key=key) as agent:
        assert agent.next()["last_seq"] == last
        agent.send("resume", id="r", streams={"inbox": 1, session_id: 0})
        resumed = agent.until("resumed")
        assert resumed["streams"]["inbox"] == last
        told = [each for each in agent.seen if each["type"] != "welcome" and each is not resumed]
        for name, first in (("inbox", 2), (session_id, 1)):
            seqs = [each["seq"] for each in told if each["stream"] == name]
            assert seqs == list(range(first, resumed["streams"][name] + 1))
    for tenant, code in ((beta, 4401), (alpha, None)):
        with opened(live, AGENT, tenant, key=key) as line:
            assert line.next()["type"] == ("bye" if code else "welcome")
    with opened(live, AGENT, alpha, subprotocols=protocols) as line:
        assert line.ended() == 4403


def test_of_fifty_agents_one_gets_it(live: Servers, alpha: Any, merchant: httpx.Client) -> None:
    accept_all(live, merchant, conversations=2)


def accept_all(servers: Servers, merchant: httpx.Client, *, conversations: int) -> None:
    """Let fifty agents accept each of so many conversations at the same instant, and check who has it."""
    key = merchant.headers["X-API-Key"]
    for _ in range(conversations):
        path = f"/api/v1/agent/sessions/{waiting(merchant)}"

        def accept(number: int, path: str = path) -> httpx.Response:
            with servers.client(key=key) as client:
                return client.post(f"{path}/accept", json={"agent_id": f"a-{number}"}, timeout=60)

        answers = at_once([lambda n=n: accept(n) for n in range(50)])
        (winner,) = [each.json()["assigned_agent_id"] for each in answers if each.status_code == 200]
        late = [each.json() for each in answers if each.status_code == 409]
        assert len(late) == 49
        assert {(each["code"], each["assigned_agent_name"]) for each in late} == {
            ("already_assigned", winner)
        }


def test_after_a_takeover_the_bot_is_silent(
    shop: httpx.Client, modelled: Servers, model: Any, alpha: Any
) -> None:
    take_over_all(shop, modelled, model, alpha, times=20, at_a_time=5)


def take_over_all(
    client: httpx.Client, servers: Servers, model: Any, tenant: Any, *, times: int, at_a_time: int
) -> None:
    """Take over so many streaming answers at random moments, and check that the bot says nothing after."""
    model.state.token_delay = 0.05
    moments = random.Random(7)

    def once(delay: float) -> None:
        with servers.client(key=client.headers["X-API-Key"]) as own:
            hands = begun(own)
            protocols = ["kimono.v1", f"bearer.{hands['visitor_token']}"]
            with opened(servers, CHAT, tenant, subprotocols=protocols) as line:
                line.until("welcome")
                line.say(QUESTION, "c-1")
                time.sleep(delay)
                taken = own.post(f"/api/v1/agent/sessions/{hands['session_id']}/takeover", timeout=30)
                assert taken.status_code == 200, taken.text
                assigned = line.saw("state", state="assigned")
                eventually(lambda: not own.post(f"{CHAT_API}/{hands['session_id']}/stop").json()["stopped"])
                line.send("ping", id="p")
                line.until("pong", id="p")
                said = [each for each in messages(own, hands["session_id"]) if each["author"] == "bot"]
                assert all(each["seq"] < assigned["seq"] for each in said)
                frames = line.seen[line.seen.index(assigned) + 1 :]
                assert not [each for each in frames if each["type"] in ("delta", "snapshot", "message")]

    for _ in range(times // at_a_time):
        delays = [moments.uniform(0, 1.2) for _ in range(at_a_time)]
        at_once([lambda d=delay: once(d) for delay in delays])


def test_messages_sent_again_over_cut_lines_are_stored_once_and_in_order(
    live: Servers, alpha: Any, merchant: httpx.Client
) -> None:
    send_again_and_again(live, alpha, merchant, clients=4, each=5)


def send_again_and_again(
    servers: Servers, tenant: Any, merchant: httpx.Client, *, clients: int, each: int
) -> None:
    """Let contacts send each message up to five times over lines that are cut, and check what is stored."""

    def talk(number: int) -> tuple[str, list[str], dict[str, str]]:
        chance = random.Random(number)
        with servers.client(key=merchant.headers["X-API-Key"]) as own:
            hands = begun(own)
            own.post(f"/api/v1/agent/sessions/{hands['session_id']}/takeover", timeout=30)
        acks: dict[str, str] = {}
        sent = [f"c-{number}-{place}" for place in range(each)]
        for own_id in sent:
            for last in [False] * chance.randint(0, 4) + [True]:
                url = f"{CHAT}?token={hands['visitor_token']}"
                with opened(servers, url, tenant, origin=f"http://{servers.host(tenant)}") as line:
                    line.send("send", id=own_id, client_message_id=own_id, content=own_id)
                    if last:
                        acks[own_id] = line.until("ack", id=own_id)["message_id"]
                    else:
                        time.sleep(chance.choice((0.0, 0.01, 0.05)))
                        line.kill()
        return hands["session_id"], sent, acks

    for session_id, sent, acks in at_once([lambda n=n: talk(n) for n in range(clients)]):
        stored = [each for each in messages(merchant, session_id) if each["author"] == "visitor"]
        assert [each["client_message_id"] for each in stored] == sent
        assert {each["client_message_id"]: each["message_id"] for each in stored} == acks


def test_nothing_is_missed_though_no_ring_arrives(web: Any, merchant: httpx.Client) -> None:
    with own_redis() as redis:
        follow_all(web, merchant, redis, sockets=10, events=100, kills=10)


def follow_all(
    web: Any, merchant: httpx.Client, redis: Neighbour, *, sockets: int, events: int, kills: int
) -> None:
    """Follow a conversation on sockets that are killed, while rings are lost; check what each hears.

    Redis is emptied after a third of the events, and stopped and started after two thirds.
    """
    deaf = {"DJANGO_SETTINGS_MODULE": "tests.fixtures.deaf", "KIMONO_POLL_SECONDS": "0.5"}
    here, there = web(**deaf, **redis.environment), web(**deaf, **redis.environment)
    key = merchant.headers["X-API-Key"]
    with here.client(key=key) as client:
        session_id = begun(client)["session_id"]
        client.post(f"/api/v1/agent/sessions/{session_id}/takeover", timeout=30)
        before = client.get(f"{CHAT_API}/{session_id}").json()["last_seq"]
    last, chance, to_kill = before + events, random.Random(3), threading.Semaphore(kills)

    def follow(number: int) -> list[int]:
        seqs: list[int] = []
        while not seqs or seqs[-1] < last:
            with opened(there, f"{CHAT}?session_id={session_id}", key=key) as line:
                line.until("welcome")
                line.send("resume", after_seq=seqs[-1] if seqs else 0)
                more = chance.randint(1, events // 2) if to_kill.acquire(blocking=False) else events * 2
                while more and (not seqs or seqs[-1] < last):
                    frame = line.next()
                    if "seq" in frame:
                        more -= 1
                        seqs.append(frame["seq"])
                if more == 0:
                    line.kill()
        return seqs

    def write() -> list[int]:
        with here.client(key=key) as client:
            for number in range(events):
                answer = client.post(
                    f"/api/v1/agent/sessions/{session_id}/messages",
                    json={"content": f"第{number}条"},
                    timeout=30,
                )
                assert answer.status_code == 200, answer.text
                if number == events // 3:
                    redis.forget()
                if number == events * 2 // 3:
                    redis.stop()
                    redis.start()
        return list(range(1, last + 1))

    for seqs in at_once([write, *(lambda n=n: follow(n) for n in range(sockets))]):
        assert seqs == list(range(1, last + 1))


@pytest.mark.parametrize("place", ["tenant", "platform"])
def test_an_agents_socket_opens_on_the_houses_own_pages_alone(
    live: Servers, alpha: Any, beta: Any, merchant: httpx.Client, place: str
) -> None:
    tenant = alpha if place == "tenant" else None
    host = live.host(alpha) if tenant is not None else f"127.0.0.1:{live.port}"
    allowed = {}
    for origin in ORIGINS:
        shown = origin.format(host=host, sibling=live.host(beta)) if origin else origin
        allowed[origin] = refused(live, AGENT, tenant, origin=shown, key=merchant.headers["X-API-Key"])
    # A program shows no page, but its key in a header.
    assert {origin for origin, status in allowed.items() if status is None} == {None, "", "http://{host}"}


def test_a_suspended_merchants_sockets_end_though_nobody_rings(
    live: Servers, alpha: Any, merchant: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.utils import timezone

    from conversations.services import doorbell
    from tenants.services import lifecycle
    from tenants.services.auditing import SYSTEM

    monkeypatch.setattr(doorbell, "_relay", None)
    key, hands = merchant.headers["X-API-Key"], begun(merchant)
    url = f"{CHAT}?token={hands['visitor_token']}"
    with (
        opened(live, url, alpha, origin=live.url_of(alpha)) as contact,
        opened(live, AGENT, alpha, key=key) as agent,
    ):
        lifecycle.suspend(tenant_id=alpha.public_id, reason="unpaid", by=SYSTEM, now=timezone.now())
        try:
            for line in (contact, agent):
                assert line.ended() == 4403
                assert line.seen[-1] | {"reason": "tenant_suspended", "reconnect": False} == line.seen[-1]
            with opened(live, AGENT, alpha, key=key) as late:
                assert late.ended() == 4403
        finally:
            lifecycle.activate(tenant_id=alpha.public_id, by=SYSTEM)
    assert messages(merchant, hands["session_id"]) == []
