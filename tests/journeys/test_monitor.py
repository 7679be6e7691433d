"""The monitor over HTTP shows the turn, the breakers and the health."""

import httpx

from tests.fixtures.servers import Servers
from tests.journeys.contacts import chat, error_of


def test_the_monitor_shows_the_turn(keyed_shop: httpx.Client) -> None:
    answer = chat(keyed_shop, "怎么退货？13800138000", session_id="sess-traced").json()
    traces = keyed_shop.get("/api/v1/monitor/traces", params={"session_id": "sess-traced"}).json()
    assert [trace["trace_id"] for trace in traces] == [answer["data"]["trace_id"]]
    assert "13800138000" not in traces[0]["message"]
    trace = keyed_shop.get(f"/api/v1/monitor/traces/{answer['data']['trace_id']}").json()
    assert trace["route_path"] == [step["name"] for step in trace["steps"]]
    assert trace["status"] == "success"
    assert trace["final_reply"] == answer["reply"]
    assert {task["agent_name"] for task in trace["sub_tasks"]} >= {"IntentAgent", "KnowledgeAgent"}
    before = keyed_shop.get("/api/v1/monitor/traces", params={"before": trace["trace_id"]}).json()
    assert before == []
    assert keyed_shop.get("/api/v1/monitor/traces", params={"before": "yesterday"}).status_code == 422
    overview = keyed_shop.get("/api/v1/monitor/overview").json()
    assert (overview["total_traces"], overview["success_rate"], overview["active_sessions"]) == (1, 1.0, 1)
    agents = {row["agent"]: row["calls"] for row in keyed_shop.get("/api/v1/monitor/agents").json()}
    assert agents["BusinessAgent"] == 0
    assert keyed_shop.get("/api/v1/monitor/sessions").json()[0]["session_id"] == "sess-traced"
    assert keyed_shop.get("/api/v1/performance/metrics").json()["metrics"]["total_response_samples"] == 1
    assert keyed_shop.post("/api/v1/performance/cache/invalidate").json()["success"] is True


def test_breakers_and_health_are_shown(keyed_shop: httpx.Client, live: Servers) -> None:
    breakers = keyed_shop.get("/api/v1/observability/circuit-breakers").json()
    assert set(breakers) >= {"llm", "embedding", "rerank", "vector_store", "business_api", "redis"}
    assert {breaker["state"] for breaker in breakers.values()} == {"closed"}
    reset = "/api/v1/observability/circuit-breakers/llm/reset"
    assert error_of(keyed_shop.post(reset)) == (403, "forbidden")
    with live.client() as in_open_mode:
        assert in_open_mode.post(reset).json() == {"name": "llm", "reset": True}
        unknown = in_open_mode.post("/api/v1/observability/circuit-breakers/none/reset")
        assert error_of(unknown) == (404, "not_found")
    health = keyed_shop.get("/api/v1/observability/health").json()
    assert health["status"] == "up"
    assert health["checks"]["database"]["status"] == health["checks"]["redis"]["status"] == "up"
    assert health["checks"]["vector_store"]["size"] > 0
    assert health["checks"]["llm"]["status"] == "not_configured"
