"""Conversations over HTTP: read in parts, listed, voted on, handed over and closed; scenes."""

import httpx

from tests.journeys.contacts import chat, error_of


def test_a_person_is_asked_for_and_the_conversation_closed(keyed_shop: httpx.Client) -> None:
    chat(keyed_shop, "怎么退货？", session_id="sess-person", user_id="u_9")
    sessions = "/api/v1/chat/sessions/sess-person"
    first = keyed_shop.post(f"{sessions}/escalate", json={"reason": "想谈赔偿", "priority": "medium"}).json()
    assert (first["state"], first["queue_position"], first["in_working_hours"]) == ("pending", 1, True)
    assert first["escalation_card"]["priority"] == "normal"
    assert first["escalation_card"]["escalate_reason"] == "用户主动要求转人工"
    assert keyed_shop.post(f"{sessions}/escalate").json()["escalation_card"] == first["escalation_card"]
    human = chat(keyed_shop, "在吗", session_id="sess-person").json()
    assert (human["status"], human["reply"], human["message_id"], human["seq"]) == ("human", "", None, None)
    closed = keyed_shop.post(f"{sessions}/close").json()
    assert keyed_shop.post(f"{sessions}/close", json={"reason": "x"}).json() == closed
    assert error_of(chat(keyed_shop, "在吗", session_id="sess-person")) == (409, "session_closed")
    assert error_of(keyed_shop.post(f"{sessions}/escalate")) == (409, "session_closed")
    assert keyed_shop.get(sessions).json()["agent_status"] == "pending"


def test_votes_replace_one_another_and_two_bad_ones_bring_a_person(keyed_shop: httpx.Client) -> None:
    first = chat(keyed_shop, "怎么退货？", session_id="sess-votes").json()
    path = "/api/v1/chat/sessions/sess-votes/feedback"
    up = keyed_shop.post(path, json={"rating": "up"}).json()
    assert (up["success"], up["applied"], up["status"]) == (True, False, "pending")
    down = keyed_shop.post(path, json={"rating": "down", "message_id": first["message_id"]}).json()
    assert down["feedback_id"] == up["feedback_id"]
    assert keyed_shop.get("/api/v1/chat/sessions/sess-votes").json()["state"] == "bot"
    chat(keyed_shop, "运费多少", session_id="sess-votes")
    keyed_shop.post(path, json={"rating": 1, "comment": "不对"})
    assert keyed_shop.get("/api/v1/chat/sessions/sess-votes").json()["state"] == "pending"
    assert error_of(keyed_shop.post(path, json={"rating": 6})) == (422, "validation_error")
    assert keyed_shop.post(path, json={"rating": "up", "message_id": "msg-none"}).status_code == 404


def test_a_conversation_is_read_in_parts(keyed_shop: httpx.Client) -> None:
    for text in ("怎么退货？", "运费多少", "转人工"):
        chat(keyed_shop, text, session_id="sess-parts1")
    path = "/api/v1/chat/sessions/sess-parts1/messages"
    everything = keyed_shop.get(path).json()
    assert [item["seq"] for item in everything["items"]] == [1, 2, 3, 4, 5, 6]
    assert (everything["total"], everything["last_seq"], everything["has_more"]) == (6, 7, False)
    part = keyed_shop.get(path, params={"after_seq": 2, "limit": 2}).json()
    assert ([item["seq"] for item in part["items"]], part["has_more"]) == ([3, 4], True)
    back = keyed_shop.get(path, params={"before_seq": 5, "limit": 2}).json()
    assert ([item["seq"] for item in back["items"]], back["has_more"]) == ([3, 4], True)
    events = keyed_shop.get(path, params={"include": "events"}).json()["items"]
    assert [event["type"] for event in events] == ["message"] * 6 + ["state"]
    assert keyed_shop.get(path, params={"limit": 201}).status_code == 422


def test_sessions_are_listed_and_found(keyed_shop: httpx.Client) -> None:
    chat(keyed_shop, "怎么退货？", session_id="sess-listed", user_id="u_1", channel="app")
    chat(keyed_shop, "你好", session_id="sess-other1", user_id="u_2")
    chat(keyed_shop, "转人工", session_id="sess-other1")

    def found(**query: str) -> set[str]:
        return {
            item["session_id"]
            for item in keyed_shop.get("/api/v1/chat/sessions", params=query).json()["items"]
        }

    assert found() == {"sess-listed", "sess-other1"}
    assert found(user_id="u_1") == {"sess-listed"}
    assert found(state="pending") == {"sess-other1"}
    assert found(channel="app") == {"sess-listed"}
    assert found(q="退货") == {"sess-listed"}
    assert found(**{"from": "2999-01-01T00:00:00Z"}) == set()
    assert found(**{"to": "2999-01-01T00:00:00"}) == {"sess-listed", "sess-other1"}
    assert keyed_shop.get("/api/v1/chat/sessions", params={"state": "lost"}).status_code == 422


def test_scenes_over_the_wire(keyed_shop: httpx.Client) -> None:
    schema = {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer", "title": "件数"}}}
    made = keyed_shop.post(
        "/api/v1/scenes", json={"name": "件数登记", "trigger_examples": ["登记件数"], "schema": schema}
    )
    assert made.status_code == 201, made.text
    scene = made.json()
    assert scene["schema"] == schema
    path = f"/api/v1/scenes/{scene['scene_id']}"
    again = keyed_shop.post("/api/v1/scenes", json={"name": "件数登记", "schema": schema})
    assert error_of(again) == (409, "duplicate_name")
    bad = keyed_shop.post("/api/v1/scenes", json={"name": "坏", "schema": {"type": "array"}})
    assert (bad.status_code, bad.json()["detail"][0]["loc"][:2]) == (422, ["body", "schema"])
    tried = keyed_shop.post("/api/v1/scenes/test", json={"message": "登记件数"}).json()
    assert (tried["missing_slots"], tried["scene"]["scene_id"]) == (["n"], scene["scene_id"])
    filled = keyed_shop.post("/api/v1/scenes/test", json={"message": "登记件数", "slots": {"n": 3}}).json()
    assert (filled["missing_slots"], filled["slots"]) == ([], {"n": 3})
    changed = keyed_shop.put(path, json={"max_asks": 5, "then": "handoff"}).json()
    assert (changed["max_asks"], changed["then"], changed["name"]) == (5, "handoff", "件数登记")
    assert keyed_shop.put(path, json={"max_asks": 6}).status_code == 422
    assert keyed_shop.put(path, json={"then": "fly"}).json()["detail"][0]["loc"] == ["body", "then"]
    assert keyed_shop.get("/api/v1/scenes").json()["items"][0]["scene_id"] == scene["scene_id"]
    assert keyed_shop.delete(path).status_code == 204
    assert keyed_shop.get(path).status_code == keyed_shop.delete(path).status_code == 404
