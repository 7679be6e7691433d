"""Redis and PostgreSQL go away and come back; streams crowd the pool; the web server is asked to stop."""

import contextlib
import signal
import time
import uuid
from collections.abc import Callable
from typing import Any

import httpx
import psycopg
import pytest

from kimono.lib import db
from kimono.providers.standin.server import Standin
from tests.conversations.talking import assert_well_formed
from tests.faults.neighbours import Neighbour, own_postgres, own_redis
from tests.fixtures.running import Run
from tests.fixtures.servers import Servers
from tests.journeys.calling import (
    CHAT,
    ask,
    at_once,
    eventually,
    ingest,
    meanwhile,
    messages,
    reading,
    streamed,
    teach,
    watching,
)

RETURNS = "签收后七天内可以申请退货。"
POOL = 3
LONG = tuple(
    f"和服清洗的第 {number} 条规定是，第 {number} 类和服清洗收费 {number} 百元。" for number in range(1, 9)
)
QUESTION = "和服清洗的规定和收费是什么？"


@pytest.mark.timeout(240)
def test_without_redis_chat_goes_on_and_with_it_the_worker_too(
    no_other_worker: None, servers: Callable[..., Servers], alpha: Any, new_key: Callable[..., str]
) -> None:
    with own_redis() as redis:
        own = servers(KIMONO_POLL_SECONDS="1", KIMONO_SWEEP_SECONDS="1", **redis.environment)
        client = own.client(key=new_key(alpha))
        teach(client, "怎么退货？", RETURNS)
        assert ingest(client, "a.md", "# 甲\n\n门店早上九点开门。")["status"] == "success"
        session_id = ask(client, "怎么退货？")["session_id"]
        redis.stop()
        _talk_without_redis(own, client, session_id)
        queued = client.post(
            "/api/v1/knowledge/ingest",
            files={"file": ("b.md", "# 乙\n\n雨天可以借伞。".encode())},
            data={"async": "true"},
            timeout=60,
        )
        assert queued.status_code in (202, 503), queued.text
        redis.start()
        if queued.status_code == 202:
            path = f"/api/v1/knowledge/jobs/{queued.json()['job_id']}"
            eventually(lambda: client.get(path).json()["status"] == "succeeded", wanted="the job")
        assert ingest(client, "c.md", "# 丙\n\n停车免费。")["status"] == "success"
        assert "免费" in ask(client, "停车收费吗？")["reply"]
        assert "Traceback" not in own.web.log


def _talk_without_redis(own: Servers, client: httpx.Client, session_id: str) -> None:
    for number in range(3):
        assert RETURNS in ask(client, "怎么退货？", session_id, client_message_id=f"m{number}")["reply"]
    assert RETURNS in streamed(client, "怎么退货？", session_id)[-1].data["answer"]
    teach(client, "几点关门？", "晚上八点关门。")
    assert "八点" in ask(client, "几点关门？")["reply"]
    listed = client.get("/api/v1/knowledge/qa-pairs")
    assert listed.status_code == 200 and int(listed.headers["X-RateLimit-Remaining"]) >= 0
    with watching(client, session_id) as events:
        events.until("ready")
        with own.client(key=client.headers["X-API-Key"]) as other:
            ask(other, "怎么退货？", session_id)
        assert [events.until("message")[-1].data["message"]["author"] for _ in range(2)] == ["visitor", "bot"]


def test_limits_hold_without_redis(
    web: Callable[..., Servers], alpha: Any, new_key: Callable[..., str]
) -> None:
    with own_redis() as redis:
        own = web(KIMONO_DEMO_LIMIT_FACTOR="1", **redis.environment)
        client = own.client(key=new_key(alpha))
        redis.stop()
        statuses = [client.get("/api/v1/monitor/overview").status_code for _ in range(5)]
        assert statuses == [200] * 5

        def many() -> list[httpx.Response]:
            with own.client(key=client.headers["X-API-Key"]) as each:
                return [each.get("/api/v1/knowledge/categories", timeout=60) for _ in range(160)]

        answers = [answer for part in at_once([many] * 4) for answer in part]
        assert {answer.status_code for answer in answers} == {200, 429}
        refused = [answer for answer in answers if answer.status_code == 429]
        assert all(answer.json()["code"] == "rate_limited" for answer in refused)
        assert all(int(answer.headers["Retry-After"]) >= 1 for answer in refused)


class Sender:
    """A program that sends each message until it is acknowledged, under an id of its own."""

    def __init__(self, own: Servers, key: str) -> None:
        self.own, self.key = own, key
        self.acknowledged: list[tuple[str, str]] = []
        self.troubles: list[httpx.Response | httpx.TransportError] = []

    def send_until(self, end: Callable[[], bool]) -> None:
        """Send messages one after the other until `end` says so."""
        with self.own.client(key=self.key, timeout=30) as client:
            while not end():
                self._send(client, f"m-{uuid.uuid4().hex}")

    def _send(self, client: httpx.Client, own_id: str) -> None:
        body = {
            "message": "怎么退货？",
            "session_id": f"merchant_{own_id[2:14]}",
            "client_message_id": own_id,
        }
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                answer = client.post(CHAT, json=body)
            except httpx.TransportError as trouble:
                self.troubles.append(trouble)
            else:
                if answer.status_code == 200:
                    self.acknowledged.append((own_id, answer.json()["reply"]))
                    return
                self.troubles.append(answer)
            time.sleep(0.1)
        raise AssertionError(f"{own_id} was never acknowledged: {self.troubles[-1]}")


@pytest.mark.timeout(240)
def test_after_a_crash_of_postgresql_nothing_acknowledged_is_lost(
    run: Run, worker: str, web: Callable[..., Servers], alpha: Any, new_key: Callable[..., str]
) -> None:
    from tests.knowledge.filling import add_pair

    key = new_key(alpha)
    with db.tenant_scope(alpha):
        add_pair("怎么退货？", RETURNS)
    with own_postgres(run, worker) as postgres:
        own = web(**postgres.environment)
        senders = [Sender(own, key) for _ in range(4)]
        with own.client(key=key) as client:
            done: list[bool] = []
            with meanwhile([lambda one=sender: one.send_until(lambda: bool(done)) for sender in senders]):
                try:
                    # From this thread: whoever starts a server is to outlive it.
                    for _ in range(2):
                        await_more(senders)
                        postgres.crash()
                        time.sleep(0.5)
                        postgres.start()
                    await_more(senders)
                finally:
                    done.append(True)
            assert_nothing_lost(postgres, alpha.schema_name, senders)
            assert RETURNS in ask(client, "怎么退货？")["reply"]
        assert own.web.runs


def await_more(senders: list[Sender]) -> None:
    """Wait until some more messages are acknowledged than now."""
    counted = sum(len(sender.acknowledged) for sender in senders)
    eventually(lambda: sum(len(sender.acknowledged) for sender in senders) > counted + 8, wanted="more")


def assert_nothing_lost(postgres: Neighbour, schema: str, senders: list[Sender]) -> None:
    url = postgres.environment["DATABASE_URL"].replace("kimono_app@", "postgres@")
    with psycopg.connect(url) as raw:
        rows = raw.execute(
            f'SELECT client_message_id, count(*) FROM "{schema}".conversations_message'
            " WHERE author = 'visitor' GROUP BY 1"
        ).fetchall()
    stored = dict(rows)
    acknowledged = [own_id for sender in senders for own_id, _ in sender.acknowledged]
    assert len(set(acknowledged)) == len(acknowledged) > 20
    assert all(stored.get(own_id) == 1 for own_id in acknowledged)
    assert all(reply == f"{RETURNS}[1]" for sender in senders for _, reply in sender.acknowledged)
    for trouble in [trouble for sender in senders for trouble in sender.troubles]:
        if isinstance(trouble, httpx.Response):
            assert trouble.status_code == 503, trouble.text
            assert trouble.json()["code"] == "unavailable" and "Retry-After" in trouble.headers


@contextlib.contextmanager
def many_streams(own: Servers, client: httpx.Client, sessions: list[str]) -> Any:
    """Hold streams open: the events of each conversation, and a slow answer in each."""
    with contextlib.ExitStack() as stack:
        for session_id in sessions:
            events = stack.enter_context(watching(client, session_id))
            events.until("ready")
        answers = []
        for session_id in sessions:
            answer = stack.enter_context(reading(client, QUESTION, session_id))
            assert answer.next().name == "meta"
            answers.append(answer)
        yield answers


@pytest.fixture
def crowded(
    web: Callable[..., Servers], alpha: Any, model: Standin, new_key: Callable[..., str]
) -> tuple[Servers, str]:
    """A web server with a small pool, before a slow model."""
    from tests.knowledge.filling import add_document, add_pair

    with db.tenant_scope(alpha):
        add_pair("怎么退货？", RETURNS)
        add_document("cleaning.md", *LONG, title="清洗")
    own = web(
        KIMONO_POOL_SIZE=str(POOL),
        KIMONO_CHAT_BASE_URL=model.base_url,
        KIMONO_CHAT_MODEL="standin",
        KIMONO_PROVIDER_READ_SECONDS="10",
    )
    return own, new_key(alpha)


@pytest.mark.soak
def test_three_times_as_many_streams_as_connections_stop_nobody(
    crowded: tuple[Servers, str], model: Standin
) -> None:
    own, key = crowded
    limits = httpx.Limits(max_connections=100)
    with own.client(key=key, limits=limits) as client:
        sessions = [ask(client, "你好")["session_id"] for _ in range(3 * POOL)]
        model.state.token_delay = 0.4
        with many_streams(own, client, sessions) as answers:
            for number in range(2):
                assert RETURNS in ask(client, "怎么退货？", seconds=15)["reply"]
                teach(client, f"第 {number} 个问题是什么？", "答案。")
                assert len(messages(client, sessions[0])) >= 2
            assert not [entry for entry in model.log() if entry["closed_early"]]
            model.state.token_delay = 0.0
            for answer in answers:
                last = answer.rest()[-1]
                assert last.name == "done" and "百元" in last.data["answer"]


def test_asked_to_stop_the_server_finishes_what_it_says(crowded: tuple[Servers, str], model: Standin) -> None:
    own, key = crowded
    with own.client(key=key) as client:
        session_id = ask(client, "你好")["session_id"]
        model.state.token_delay = 0.1
        with watching(client, session_id) as events, reading(client, QUESTION, session_id) as answer:
            events.until("ready")
            first = [answer.next(), answer.next()]
            own.web.child._process.send_signal(signal.SIGTERM)  # type: ignore[union-attr]
            whole = [*first, *answer.rest()]
            assert_well_formed(whole)
            assert whole[-1].name == "done" and "百元" in whole[-1].data["answer"]
            assert events.until("bye")[-1].data["reconnect"] is True
            assert events.rest() == []
        eventually(lambda: not own.web.runs, seconds=45, wanted="the end of the server")
    assert own.web.child.ended() in (0, -signal.SIGTERM), own.web.log[-2000:]
    assert "Traceback" not in own.web.log
    own.web.start()
    own.web.await_ready()
    with own.client(key=key) as client:
        assert messages(client, session_id)[-1]["content"] == whole[-1].data["answer"]
