"""Shapes of the monitor and of performance (api.md 11)."""

from typing import Any, Literal

from ninja import Field, Schema

from conversations.schemas.fields import Search, Short


class Overview(Schema):
    """PM-04."""

    total_traces: int
    success_count: int
    failed_count: int
    success_rate: float
    avg_duration_ms: float
    active_sessions: int


class TracesQuery(Schema):
    """PM-05; `before` is a trace id or a time."""

    limit: int = Field(default=50, ge=1, le=200)
    session_id: Short | None = None
    status: Literal["running", "success", "failed"] | None = None
    before: Search | None = None


class LimitQuery(Schema):
    """PM-08."""

    limit: int = Field(default=50, ge=1, le=200)


class TraceSummary(Schema):
    """A turn in a list."""

    trace_id: str
    session_id: str
    message: str
    status: Literal["running", "success", "failed"]
    start_time: str
    started_at: str
    end_time: str | None
    duration_ms: int
    intent: str | None
    route_path: list[str]
    escalate_to_human: bool
    steps_count: int
    turn_count: int


class TraceStep(Schema):
    """One stage of a turn."""

    step: str
    name: str
    node: str
    duration_ms: int
    status: str
    input_summary: str
    output_summary: str
    timestamp: str
    detail: dict[str, Any]


class SubTask(Schema):
    """One part of the dialogue at work."""

    agent_name: str
    duration_ms: int
    success: bool


class Tokens(Schema):
    """Tokens read and written by models."""

    input: int
    output: int


class Trace(TraceSummary):
    """A turn with everything that was done for it."""

    steps: list[TraceStep]
    sub_tasks: list[SubTask]
    final_reply: str
    failed_attempts: int
    error: str | None
    tokens: Tokens
    cost: float


class AgentRow(Schema):
    """PM-07."""

    agent: str
    name: str
    calls: int
    total_calls: int
    success_count: int
    total_duration_ms: float
    avg_duration_ms: float
    success_rate: float


class SessionRow(Schema):
    """PM-08."""

    session_id: str
    channel: str
    state: str
    turn_count: int
    failed_attempts: int
    created_at: str
    last_activity_at: str


class CacheOut(Schema):
    """The answer cache."""

    hits: int
    misses: int
    hit_rate: float
    size: int
    max_size: int
    evicted: int
    evictions: int
    ttl_seconds: int


class CacheStats(Schema):
    """PM-02."""

    cache: CacheOut


class Cleared(Schema):
    """PM-03."""

    success: bool
    cleared: int
    message: str


class Concurrency(Schema):
    """How much is done at once in this process, and has been at most."""

    max_concurrent_retrieval: int
    max_concurrent_llm: int
    active_retrieval: int
    active_llm: int
    peak_retrieval: int
    peak_llm: int
    rejected_retrieval: int
    rejected_llm: int


class PerModel(Schema):
    """How often one model was asked."""

    model: str
    calls: int
    avg_complexity: float


class Routing(Schema):
    """Which models were asked."""

    small_model: str | None
    large_model: str | None
    small_model_calls: int
    large_model_calls: int
    total_calls: int
    small_model_ratio: float
    per_model: list[PerModel]


class Metrics(Schema):
    """What PM-01 measures."""

    cache: CacheOut
    concurrency: Concurrency
    model_routing: Routing
    avg_response_ms: float
    avg_response_time_ms: float
    p95_response_time_ms: float
    total_response_samples: int
    stream_first_token_ms_avg: float
    stream_first_token_ms_p95: float
    hot_cache_hit_rate: float
    cache_hit_rate: float
    intent_cache_hit_rate: float
    concurrent_requests: int


class MetricsOut(Schema):
    """PM-01."""

    metrics: Metrics
