"""Shapes of observability (api.md 11)."""

from typing import Literal

from ninja import Schema


class BreakerOut(Schema):
    """PM-09: one circuit breaker."""

    name: str
    state: Literal["closed", "open", "half_open"]
    failure_threshold: int
    recovery_timeout: float
    success_threshold: int
    failure_count: int
    success_count: int
    total_failures: int
    total_successes: int
    last_opened_at: str | None
    last_failure_at: str | None
    last_failure: str | None
    last_success_at: str | None


class BreakerReset(Schema):
    """PM-10."""

    name: str
    reset: bool


class Check(Schema):
    """The state of a part."""

    status: str


class TimedCheck(Check):
    """The state of a part that was asked, and how long it took."""

    latency_ms: float


class StoreCheck(Check):
    """The state of the search index, and how much is in it."""

    size: int


class DiskCheck(Check):
    """The state of the disk."""

    free_gb: float


class Checks(Schema):
    """All parts."""

    database: TimedCheck
    llm: Check
    vector_store: StoreCheck
    redis: TimedCheck
    disk: DiskCheck


class HealthOut(Schema):
    """PM-12."""

    status: Literal["up", "degraded", "down"]
    checks: Checks
    timestamp: str
