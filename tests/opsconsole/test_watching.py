"""Components that go down and come back, alerts that are raised and resolved: what operators are told, and how often."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from conversations.services import observability
from kimono.lib import beats, db
from kimono.lib.threads import in_thread
from opsconsole.models import Alert, Component, ConsoleEntry
from opsconsole.services import alerts, components, rules, watching
from opsconsole.services.components import Measured, Status
from tenants.models import Job, Tenant, UsageRecord
from tenants.services import ringing
from tests.conversations.talking import run
from tests.opsconsole.test_sockets import cookie, opened

__all__ = ["cookie"]
pytestmark = pytest.mark.django_db(transaction=True)
LATER = timedelta(seconds=60)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> dict[str, Measured | None]:
    """What will be found of three parts."""
    found: dict[str, Measured | None] = {
        "redis": Measured(Status.HEALTHY, "", 0.4),
        "workers": Measured(Status.HEALTHY),
        "llm": None,
    }
    probes = {name: (lambda now, name=name: found[name]) for name in found}
    monkeypatch.setattr(components, "PROBES", probes)
    return found


@pytest.fixture
def clock(world: Any) -> Callable[[], int]:
    """Return a function that looks at the components once more, each time when it is due."""
    # Far ahead of a worker that other tests may have left running: for that one it is never time.
    moments = iter(timezone.now() + timedelta(days=1) + LATER * n for n in range(50))
    return lambda: watching.look(now=next(moments))


def told(kind: str) -> list[tuple[str, str]]:
    """Return what operators were told: events, and of what."""
    with db.public_scope(), db.platform_scope():
        entries = [each.payload for each in ConsoleEntry.objects.filter(type=kind)]
    return [(each["event"], each[kind].get("name") or each[kind]["message"]) for each in entries]


def test_who_looks_on_hears_once_that_a_component_goes_down_and_is_back(
    cookie: str, world: dict[str, Measured | None], clock: Callable[[], int]
) -> None:
    async def story() -> tuple[list[Any], list[Any]]:
        async with opened(cookie) as wire, opened(cookie) as other:
            other.send("subscribe", id="s", topics=["tenants"])
            wire.send("subscribe", id="s", topics=["components", "alerts"])
            await wire.until("ack", id="s")
            await in_thread(clock)
            world["redis"] = Measured(Status.UNHEALTHY, "gone", 500.0)
            for _ in range(3):
                await in_thread(clock)
            await wire.until("alert", event="raised")
            world["redis"] = Measured(Status.HEALTHY, "", 0.5)
            for _ in range(2):
                await in_thread(clock)
            await wire.until("component", event="up")
            other.send("resume", id="r", streams={"ops": 0})
            await other.until("resumed", id="r")
            return wire.seen, other.seen

    seen, others = run(story())
    frames = [each for each in seen if each["type"] == "component"]
    assert [(each["event"], each["component"]["name"]) for each in frames] == [
        ("down", "redis"),
        ("up", "redis"),
    ]
    assert (
        frames[0]["component"] | {"status": "unhealthy", "latency_ms": 500.0, "message": "gone"}
        == frames[0]["component"]
    )
    assert frames[0]["component"].keys() == {"name", "status", "latency_ms", "last_check", "message"}
    assert frames[0]["stream"] == "ops"
    raised = [each for each in seen if each["type"] == "alert"]
    assert [each["event"] for each in raised] == ["raised"]
    assert raised[0]["alert"]["extra_data"] == {
        "value": "unhealthy",
        "threshold": "healthy",
        "count": 1,
        "component": "redis",
    }
    assert raised[0]["seq"] == frames[0]["seq"] + 1 and raised[0]["alert"]["severity"] == "critical"
    assert not {"component", "alert"} & {each["type"] for each in others}


def test_nothing_is_told_twice_and_nothing_of_what_nobody_knows(
    world: dict[str, Measured | None], clock: Callable[[], int]
) -> None:
    assert (clock(), clock(), told("component")) == (0, 0, [])
    with db.public_scope(), db.platform_scope():
        assert set(Component.objects.values_list("name", "status")) == {(name, "healthy") for name in world}
    world["llm"] = Measured(Status.DEGRADED, "slow")
    assert clock() == 1
    world["llm"] = None  # no call since
    assert (clock(), told("component")) == (0, [("degraded", "llm")])
    world["llm"] = Measured(Status.HEALTHY)
    # Two beats at one moment: the first looks, the second is told that it is not due.
    now = timezone.now() + timedelta(days=2)
    assert (
        watching.look(now=now),
        watching.look(now=now),
        watching.look(now=now + timedelta(seconds=1)),
    ) == (1, 0, 0)
    world["workers"] = Measured(Status.UNHEALTHY)
    with db.public_scope(), db.platform_scope(), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtext('kimono.watching'))")
        try:
            # Somebody else is at it just now.
            assert run(in_thread(watching.look, now=now + LATER)) == 0
        finally:
            cursor.execute("SELECT pg_advisory_unlock(hashtext('kimono.watching'))")
    assert watching.look(now=now + LATER) == 1
    assert told("component")[-1] == ("down", "workers")


def test_an_alert_is_raised_once_and_resolved_at_the_second_check_without_cause(
    world: dict[str, Measured | None], clock: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    value, now = {"waiting": 156.0}, timezone.now()
    rule = next(each for each in rules.RULES if each.name == "pending_feedbacks")
    measured = replace(rule, name="of_the_test", measure=lambda self, now: self.over(value["waiting"]))
    monkeypatch.setattr(alerts, "RULES", (measured,))

    def check(minutes: float) -> int:
        return alerts.check(now=now + timedelta(minutes=minutes))

    assert [check(0), check(1), check(2)] == [1, 0, 0]
    with db.public_scope(), db.platform_scope():
        assert Alert.objects.get().extra_data == {"value": 156.0, "threshold": 100, "count": 3}
    value["waiting"] = 100.0
    assert [check(3), check(3.1)] == [0, 0]  # at the threshold is not over it; one check, and one too soon
    value["waiting"] = 101.0
    assert [check(4), check(5)] == [0, 0]  # the same alert goes on
    value["waiting"] = 1.0
    assert [check(6), check(7), check(8)] == [0, 1, 0]
    value["waiting"] = 500.0
    assert [check(9), check(16.9), check(17.1)] == [0, 0, 1]  # ten minutes of rest after the last one
    assert told("alert") == [
        ("raised", "反馈积压: 156"),
        ("resolved", "反馈积压: 101"),
        ("raised", "反馈积压: 500"),
    ]


def called(now: datetime, *, failed: int, well: int, **fields: Any) -> None:
    """Book calls of a minute ago."""
    given = {"api_type": "openai", "operation": "embedding", "purpose": "search", "model": "m", **fields}
    with db.public_scope(), db.platform_scope():
        UsageRecord.objects.bulk_create(
            UsageRecord(timestamp=now - timedelta(minutes=1), success=place >= failed, **given)
            for place in range(failed + well)
        )


@pytest.mark.parametrize(
    ("failed", "well", "status", "alerted"),
    [
        (0, 0, None, False),
        (2, 0, None, False),
        (0, 1, "healthy", False),
        (3, 0, "unhealthy", False),
        (2, 1, "degraded", False),
        (1, 2, "healthy", False),
        (3, 17, "healthy", True),
        (2, 18, "healthy", False),
    ],
)
def test_a_provider_is_judged_by_the_calls_of_all_processes(
    failed: int, well: int, status: str | None, alerted: bool
) -> None:
    now = timezone.now()
    called(now, failed=failed, well=well)
    called(now - timedelta(minutes=5), failed=50, well=0)
    called(now, failed=50, well=0, cancelled=True)
    with db.public_scope(), db.platform_scope():
        found = components.PROBES["embedding"](now)
        rule = next(each for each in rules.RULES if each.name == "high_error_rate")
        assert bool(rule.measure(rule, now)) is alerted
    assert (found and found.status) == status


def test_every_part_is_measured_and_every_rule_asks_what_is_there(
    alpha: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = timezone.now()
    monkeypatch.setattr(components, "MOST_WAITING", 1)
    # The first answer comes too late, which is no news.
    answers = iter([False, True])
    monkeypatch.setattr(ringing, "_is_worked", lambda: next(answers))
    monkeypatch.setattr(beats, "LOCK", 4711)
    monkeypatch.setattr(observability, "free_gb", lambda: 0.5)
    with db.tenant_scope(alpha):
        for number in range(2):
            Job.objects.create(
                job_id=f"job-{number}", tenant=alpha, name="knowledge.sync", kind="sync", queue="bulk"
            )
    found = components.measure(now=now)
    assert {name: each.status for name, each in found.items()} == {
        "database": "healthy",
        "redis": "healthy",
        "vector_store": "healthy",
        "llm": "healthy",
        "scheduler": "unhealthy",
        "workers": "degraded",
        "storage": "degraded",
    }
    with db.public_scope(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [beats.LOCK])
        try:
            assert beats.is_fired()
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [beats.LOCK])
    with db.public_scope(), db.platform_scope():
        assert [rule.measure(rule, now) for rule in rules.RULES] == [{}] * len(rules.RULES)
