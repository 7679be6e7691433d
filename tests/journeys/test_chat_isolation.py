"""Two merchants with equal keys, equal random parts of ids and a canary word each: nothing of one reaches the other."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from kimono.lib import db
from tests.conversations import talking
from tests.fixtures.servers import Servers
from tests.fixtures.tenants import tenant_called

CANARY = {"alpha": "zinnober", "beta": "ultramarin"}


async def _live_through(slug: str) -> dict[str, str]:
    first = await talking.say(f"{CANARY[slug]} 是什么？", f"shared-{slug}", user_id="u_1")
    second = await talking.say("你好", user_id="u_1")
    return {
        "session": second.response["session_id"],
        "message": second.response["message_id"],
        "trace": second.response["data"]["trace_id"],
        "first": first.response["session_id"],
    }


@pytest.fixture
def lives(live: Servers, equal_ids: Callable[[], Any]) -> dict[str, dict[str, str]]:
    """What each of the two merchants has, made alike to the letter."""
    from tests.knowledge.filling import add_pair

    made = {}
    for slug in ("alpha", "beta"):
        with db.tenant_scope(tenant_called(slug)), equal_ids():
            add_pair(f"{CANARY[slug]} 是什么？", f"{CANARY[slug]} 是一种颜色。")
            made[slug] = talking.run(_live_through(slug))
    assert made["alpha"]["session"].rsplit("-", 1)[0] == made["beta"]["session"].rsplit("-", 1)[0]
    return made


@pytest.fixture
def beta_client(live: Servers, new_key: Callable[..., str]) -> httpx.Client:
    key = new_key(tenant_called("beta"), scopes=("chat", "agent", "knowledge", "operations", "analytics"))
    return live.client(key=key, headers={"X-Request-ID": "req-same"}, timeout=30)


def paths(session_id: str, trace_id: str) -> list[tuple[str, str, Any]]:
    sessions = f"/api/v1/chat/sessions/{session_id}"
    return [
        ("GET", sessions, None),
        ("GET", f"{sessions}/messages", None),
        ("GET", f"{sessions}/events", None),
        ("POST", f"{sessions}/feedback", {"rating": "up"}),
        ("POST", f"{sessions}/escalate", {}),
        ("POST", f"{sessions}/close", {}),
        ("POST", f"{sessions}/stop", {}),
        ("GET", f"/api/v1/monitor/traces/{trace_id}", None),
        ("GET", f"/api/v1/monitor/traces?session_id={session_id}", None),
        ("GET", f"/api/v1/scenes/{session_id}", None),
    ]


def test_what_belongs_to_another_is_what_never_was(
    lives: dict[str, dict[str, str]], beta_client: httpx.Client
) -> None:
    foreign = lives["alpha"]
    unborn = {name: f"{value[:-9]}-zzzzzzzz" for name, value in foreign.items()}
    theirs = paths(foreign["session"], foreign["trace"])
    nobodys = paths(unborn["session"], unborn["trace"])
    for (method, path, body), (_, other, _) in zip(theirs, nobodys, strict=True):
        one = beta_client.request(method, path, json=body)
        two = beta_client.request(method, other, json=body)
        assert (one.status_code, one.content) == (two.status_code, two.content), path
        volatile = {"date", "x-ratelimit-remaining", "x-ratelimit-reset"}
        assert {k: v for k, v in one.headers.items() if k not in volatile} == {
            k: v for k, v in two.headers.items() if k not in volatile
        }


def test_no_list_shows_the_other_ones_word(
    lives: dict[str, dict[str, str]], beta_client: httpx.Client
) -> None:
    for path in (
        "/api/v1/chat/sessions?page_size=100",
        f"/api/v1/chat/sessions?q={CANARY['alpha']}",
        f"/api/v1/chat/sessions/{lives['beta']['session']}/messages",
        "/api/v1/monitor/traces?limit=200",
        "/api/v1/monitor/sessions",
        "/api/v1/monitor/overview",
    ):
        assert CANARY["alpha"] not in beta_client.get(path).text
    assert beta_client.get("/api/v1/monitor/overview").json()["total_traces"] == 2


def test_the_same_words_get_each_merchants_own_answer(
    lives: dict[str, dict[str, str]], beta_client: httpx.Client
) -> None:
    own = beta_client.post("/api/v1/chat", json={"message": f"{CANARY['beta']} 是什么？"}).json()
    foreign = beta_client.post("/api/v1/chat", json={"message": f"{CANARY['alpha']} 是什么？"}).json()
    assert own["reply"].startswith(CANARY["beta"])
    assert "一种颜色" not in foreign["reply"] or CANARY["beta"] in foreign["reply"]
    assert CANARY["alpha"] not in foreign["reply"]


def test_an_id_of_another_merchant_may_begin_a_conversation_of_ones_own(
    lives: dict[str, dict[str, str]], beta_client: httpx.Client
) -> None:
    begun = beta_client.post("/api/v1/chat", json={"message": "你好", "session_id": "shared-alpha"}).json()
    assert (begun["session_id"], begun["user_seq"]) == ("shared-alpha", 1)
    with db.tenant_scope(tenant_called("alpha")):
        from conversations.models import Conversation

        assert Conversation.objects.get(public_id="shared-alpha").last_seq == 2
