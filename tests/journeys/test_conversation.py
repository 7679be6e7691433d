"""A contact's whole conversation over the wire, on what a merchant has just written."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.fixtures.servers import Servers
from tests.journeys.calling import (
    CHAT,
    ask,
    assert_honest,
    at_once,
    ingest,
    messages,
    session,
    steps,
    streamed,
    teach,
    text_of,
    trace,
    watching,
)

RETURNS = "签收后 7 天内可以申请退货：在“我的订单”里选择商品，点击“申请退货”。"
SHIPPING = "满 99 元包邮，不满 99 元收取 10 元运费。"
CLEANING = (
    "# 清洗收费标准\n\n## 小纹\n\n小纹和服清洗费为 120 元，三个工作日后可取。\n\n"
    "## 振袖\n\n振袖清洗费为 260 元。振袖清洗需要五个工作日。\n"
)


@pytest.fixture
def shop(merchant: httpx.Client) -> httpx.Client:
    teach(merchant, "退货流程是什么？", RETURNS, similar_questions=["怎么退货", "如何申请退货"])
    teach(merchant, "运费怎么算？", SHIPPING, similar_questions=["运费多少"])
    return merchant


def test_from_the_first_question_to_a_person(shop: httpx.Client) -> None:
    ingest(shop, "规定/cleaning.md", CLEANING)
    first = ask(shop, "怎么退货？")
    session_id = first["session_id"]
    assert first["status"] == "ok" and RETURNS in first["reply"]
    (cited,) = first["data"]["citations"]
    assert cited["kind"] == "qa" and cited["quote"] in RETURNS
    assert first["data"]["failed_attempts"] == 0 and not first["data"]["handoff_offered"]

    second = streamed(shop, "振袖清洗费是多少？", session_id)[-1].data
    assert "260 元" in second["answer"] and "120" not in second["answer"]
    (cited,) = second["data"]["citations"]
    assert cited["kind"] == "chunk" and cited["source"] == "规定/cleaning.md" and cited["quote"] in CLEANING
    file = shop.get(cited["url"])
    assert file.status_code == 200 and file.text == CLEANING

    follow_up = ask(shop, "需要多久？", session_id)
    assert "五个工作日" in follow_up["reply"] and follow_up["data"]["turn_count"] == 3
    assert "振袖" in steps(trace(shop, follow_up["data"]["trace_id"]))["rewrite_query"]["output_summary"]

    unknown = ask(shop, "火星上有分店吗？", session_id)
    assert unknown["data"]["citations"] == [] and unknown["data"]["confidence"] == 0
    assert unknown["data"]["handoff_offered"] and unknown["data"]["failed_attempts"] == 1
    assert not unknown["data"]["escalate_to_human"]

    moved = streamed(shop, "转人工", session_id)
    assert moved[0].data["escalate"] and moved[-1].data["escalate"]
    card = moved[-1].data["data"]["escalation_card"]
    assert (card["session_id"], card["rule"], card["priority"]) == (session_id, "user_request", "urgent")
    assert session(shop, session_id)["state"] == "pending"

    silent = ask(shop, "有人吗？", session_id)
    assert (silent["status"], silent["reply"], silent["message_id"], silent["seq"]) == (
        "human",
        "",
        None,
        None,
    )
    meta, done = streamed(shop, "怎么退货？", session_id)
    assert (meta.data["status"], done.data["answer"], done.data["message_id"]) == ("human", "", None)

    said = messages(shop, session_id)
    assert [each["author"] for each in said] == ["visitor", "bot"] * 5 + ["visitor"] * 2
    seqs = [each["seq"] for each in said]
    assert seqs == sorted(set(seqs))


def test_a_transfer_is_heard_by_those_who_watch(shop: httpx.Client) -> None:
    session_id = ask(shop, "怎么退货？")["session_id"]
    with watching(shop, session_id) as events:
        missed = events.until("ready")
        assert [event.data["message"]["author"] for event in missed[:-1]] == ["visitor", "bot"]
        ask(shop, "转人工", session_id)
        state = events.until("state")[-1]
    assert (state.data["state"], state.data["agent_status"]) == ("pending", "pending")
    with watching(shop, session_id, after_seq=2) as events:
        later = events.until("ready")[:-1]
    assert [int(event.id or 0) for event in later] == list(range(3, 3 + len(later)))
    assert {event.name for event in later} == {"message", "state"}


def test_a_visitor_talks_on_the_merchants_host_and_opens_what_is_cited(
    live: Servers, alpha: Any, shop: httpx.Client
) -> None:
    ingest(shop, "cleaning.md", CLEANING)
    with live.client(alpha) as page:
        opened = page.post(f"{CHAT}/sessions", json={}, headers={"Origin": live.url_of(alpha)})
        assert opened.status_code == 201, opened.text
        page.headers["Authorization"] = f"Bearer {opened.json()['visitor_token']}"
        done = streamed(page, "振袖清洗费是多少？", opened.json()["session_id"])[-1].data
        (cited,) = done["data"]["citations"]
        assert "sig=" in cited["url"]
        assert ask(page, "怎么退货？")["session_id"] == opened.json()["session_id"]
        foreign = ask(shop, "怎么退货？")["session_id"]
        assert page.get(f"{CHAT}/sessions/{foreign}").status_code == 404
    with live.client(alpha) as anyone:
        file = anyone.get(cited["url"].split("#")[0])
        assert file.status_code == 200 and file.text == CLEANING
        assert file.headers["x-content-type-options"] == "nosniff"
        unsigned = anyone.get(cited["url"].split("?")[0])
        assert unsigned.status_code in (401, 404)


def test_twenty_repeats_at_once_are_one_message(shop: httpx.Client, live: Servers) -> None:
    body = {"message": "怎么退货？", "client_message_id": "once-1"}

    def send() -> httpx.Response:
        with live.client(key=shop.headers["X-API-Key"]) as own:
            return own.post(CHAT, json=body, timeout=60)

    answers = at_once([send] * 20)
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    assert sum(answer.headers.get("Idempotent-Replay") == "true" for answer in answers) == 19
    session_id = answers[0].json()["session_id"]
    assert [each["author"] for each in messages(shop, session_id)] == ["visitor", "bot"]
    other = shop.post(CHAT, json={**body, "message": "运费怎么算？"})
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_conflict")
    assert len(messages(shop, session_id)) == 2


def test_messages_sent_at_once_are_answered_one_after_the_other(shop: httpx.Client, live: Servers) -> None:
    session_id = ask(shop, "你好")["session_id"]

    def send(number: int) -> Callable[[], dict[str, Any]]:
        def work() -> dict[str, Any]:
            with live.client(key=shop.headers["X-API-Key"]) as own:
                text = "怎么退货？" if number % 2 else "运费怎么算？"
                return ask(own, text, session_id, client_message_id=f"m{number}")

        return work

    answers = at_once([send(number) for number in range(8)])
    for number, answer in enumerate(answers):
        assert (RETURNS if number % 2 else SHIPPING) in answer["reply"]
    said = messages(shop, session_id)
    assert [each["seq"] for each in said] == list(range(1, 19))
    by_user = sorted(answers, key=lambda answer: int(answer["user_seq"]))
    replies = [answer["seq"] for answer in by_user]
    assert replies == sorted(replies), "the second message was answered before the first"
    assert sorted(answer["data"]["turn_count"] for answer in answers) == list(range(2, 10))


def test_what_the_merchant_changes_is_in_the_next_answer(shop: httpx.Client) -> None:
    pair = teach(shop, "营业到几点？", "我们营业到晚上八点。")

    def both() -> str:
        rest, stream = ask(shop, "营业到几点？"), streamed(shop, "营业到几点？")
        assert text_of(stream) == rest["reply"]
        return str(rest["reply"])

    assert "八点" in both()
    assert ask(shop, "营业到几点？")["data"]["cached"] is True
    changed = shop.put(f"/api/v1/knowledge/qa-pairs/{pair}", json={"answer": "我们营业到晚上十点。"})
    assert changed.status_code == 200, changed.text
    assert "十点" in (reply := both()) and "八点" not in reply
    assert shop.put(f"/api/v1/knowledge/qa-pairs/{pair}", json={"enabled": False}).status_code == 200
    assert "点" not in both()
    assert shop.put(f"/api/v1/knowledge/qa-pairs/{pair}", json={"enabled": True}).status_code == 200
    assert "十点" in both()
    assert shop.delete(f"/api/v1/knowledge/qa-pairs/{pair}").status_code == 200
    assert "点" not in both()


def test_a_new_version_and_the_way_back_are_in_the_next_answer(shop: httpx.Client) -> None:
    question = "振袖清洗费是多少？"
    doc_id = ingest(shop, "cleaning.md", CLEANING)["doc_id"]
    assert "260 元" in ask(shop, question)["reply"]
    assert ask(shop, question)["data"]["cached"] is True
    assert ingest(shop, "cleaning.md", CLEANING.replace("260", "300"))["version"] == "v2"
    assert "300 元" in (reply := ask(shop, question)["reply"]) and "260" not in reply
    back = shop.post(
        f"/api/v1/knowledge/documents/{doc_id}/rollback", json={"target_version": "v1"}, timeout=60
    )
    assert back.status_code == 200, back.text
    assert "260 元" in (reply := ask(shop, question)["reply"]) and "300" not in reply
    assert shop.delete(f"/api/v1/knowledge/documents/{doc_id}").status_code == 200
    gone = ask(shop, question)
    assert gone["data"]["citations"] == [] and "元" not in gone["reply"]


def test_two_merchants_never_see_each_others_answers(
    live: Servers, alpha: Any, beta: Any, program: Callable[..., httpx.Client]
) -> None:
    canaries = {"alpha": "甲店暗号青竹", "beta": "乙店暗号红梅"}
    clients = {"alpha": program(alpha), "beta": program(beta)}
    questions = ["押金是多少？", "怎么预约？", "可以改期吗？"]
    for name, client in clients.items():
        for number, question in enumerate(questions):
            teach(client, question, f"{canaries[name]}，第 {number} 条。")
        ingest(client, "rules.md", f"# 规定\n\n## 雨天\n\n雨天可以免费改到第二天，{canaries[name]}。\n")
    questions.append("雨天怎么改到第二天？")

    def asking(name: str, question: str, way: Callable[..., Any]) -> Callable[[], tuple[str, str]]:
        def work() -> tuple[str, str]:
            with live.client(key=clients[name].headers["X-API-Key"]) as own:
                return name, str(way(own, question))

        return work

    def searched(own: httpx.Client, question: str) -> str:
        return own.post("/api/v1/knowledge/search", json={"query": question}, timeout=60).text

    rounds = [
        asking(name, question, way)
        for question in questions
        for way in (ask, streamed, searched)
        for name in clients
    ]
    for _ in range(3):
        for name, seen in at_once(rounds):
            other = canaries["beta" if name == "alpha" else "alpha"]
            assert canaries[name] in seen
            assert other not in seen
    assert ask(clients["beta"], questions[0])["data"]["cached"] is True


def test_ids_of_one_merchant_mean_nothing_to_another(
    alpha: Any, beta: Any, shop: httpx.Client, program: Callable[..., httpx.Client]
) -> None:
    first = ask(shop, "怎么退货？")
    stranger = program(beta)
    for path in ("", "/messages", "/events"):
        assert stranger.get(f"{CHAT}/sessions/{first['session_id']}{path}").status_code == 404
    for door in ("stop", "close", "escalate"):
        assert stranger.post(f"{CHAT}/sessions/{first['session_id']}/{door}", json={}).status_code == 404
    assert stranger.get(f"/api/v1/monitor/traces/{first['data']['trace_id']}").status_code == 404
    own = ask(stranger, "怎么退货？", first["session_id"])
    assert own["data"]["citations"] == [] and own["data"]["turn_count"] == 1
    assert len(messages(shop, first["session_id"])) == 2


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"message": "   "}, "message"),
        ({"message": "问" * 2001}, "message"),
        ({}, "message"),
        ({"message": 5}, "message"),
        ({"message": "x", "channel": "fax"}, "channel"),
        ({"message": "x", "session_id": "a b"}, "session_id"),
        ({"message": "x", "client_message_id": "i" * 65}, "client_message_id"),
        ({"message": "x", "metadata": {"k": "v" * 5000}}, "metadata"),
        ({"message": "x", "language": "tlh"}, "language"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_bad_message_is_refused_by_name_and_nothing_is_kept(
    merchant: httpx.Client, body: dict[str, Any], field: str
) -> None:
    for path in (CHAT, f"{CHAT}/stream"):
        refused = merchant.post(path, json=body)
        assert refused.status_code == 422, refused.text
        assert refused.json()["detail"][0]["loc"][:2] == ["body", field]
    assert merchant.get(f"{CHAT}/sessions").json()["total"] == 0


def test_broken_json_and_bad_keys_get_the_contracts_errors(live: Servers, merchant: httpx.Client) -> None:
    broken = merchant.post(CHAT, content=b'{"message": "x"', headers={"Content-Type": "application/json"})
    assert (broken.status_code, broken.json()["code"]) == (422, "invalid_json")
    assert broken.json()["detail"][0]["loc"] == ["body"]
    with live.client(key="kmn_aaaaaaaa_" + "b" * 40) as stranger:
        refused = stranger.post(CHAT, json={"message": "x"})
        assert (refused.status_code, refused.json()["code"]) == (401, "unauthenticated")
        assert "WWW-Authenticate" in refused.headers
    assert merchant.get(f"{CHAT}/sessions").json()["total"] == 0


def test_two_thousand_characters_are_a_message(merchant: httpx.Client) -> None:
    answer = ask(merchant, "退" * 2000)
    assert_honest(answer["reply"], answer["data"])
    assert messages(merchant, answer["session_id"])[0]["content"] == "退" * 2000
