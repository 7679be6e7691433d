"""Events are written with the change, delivered at least once, and one that fails holds up no other."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
from django.db import connection, transaction

from kimono.lib import db, events
from kimono.lib.events import Event
from tenants.models import MetricPoint, OutboxEvent, Tenant
from tenants.services import metrics, outbox

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass(frozen=True)
class ThingMade(Event):
    """A thing was made."""

    name: ClassVar[str] = "thing.made"
    thing_id: str


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, str]]]:
    """What the consumers of this test heard: schema and thing."""
    heard: list[tuple[str, str]] = []
    monkeypatch.setattr(events, "_consumers", {})
    monkeypatch.setattr(events, "_kinds", {})
    events.event(ThingMade)

    @events.consumer("thing.made", by="test.first")
    def first(data: dict[str, Any]) -> None:
        heard.append((db.current_schema(), data["thing_id"]))
        assert data["event"] == "thing.made"
        metrics.add("heard")

    yield heard


def rows() -> list[OutboxEvent]:
    with db.public_scope(), db.platform_scope():
        return list(OutboxEvent.objects.order_by("id"))


def test_an_event_reaches_its_consumer_in_its_tenant(alpha: Tenant, beta: Tenant, heard: list[Any]) -> None:
    for tenant in (alpha, beta):
        with db.tenant_scope(tenant), transaction.atomic():
            outbox.publish(ThingMade(thing_id="t-1"))
    assert heard == []
    outbox.dispatch()
    assert heard == [(alpha.schema_name, "t-1"), (beta.schema_name, "t-1")]
    outbox.dispatch()
    assert len(heard) == 2
    assert all(row.done_at and row.handled_by == ["test.first"] for row in rows())


def test_an_event_of_a_change_that_was_rolled_back_never_was(alpha: Tenant, heard: list[Any]) -> None:
    with pytest.raises(RuntimeError), db.tenant_scope(alpha), transaction.atomic():
        outbox.publish(ThingMade(thing_id="t-1"))
        raise RuntimeError
    outbox.dispatch()
    assert (heard, rows()) == ([], [])


def test_a_consumer_that_fails_is_asked_again_later_and_holds_up_nobody(
    alpha: Tenant, heard: list[Any]
) -> None:
    fails = [True]

    @events.consumer("thing.made", by="test.second")
    def second(data: dict[str, Any]) -> None:
        metrics.add("half")
        if fails and data["thing_id"] == "t-1":
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 / 0")
        heard.append(("second", data["thing_id"]))

    with db.tenant_scope(alpha), transaction.atomic():
        for number in (1, 2):
            outbox.publish(ThingMade(thing_id=f"t-{number}"))
    outbox.dispatch()
    assert heard == [(alpha.schema_name, "t-1"), (alpha.schema_name, "t-2"), ("second", "t-2")]
    waiting, done = rows()
    assert (waiting.handled_by, waiting.attempts, waiting.done_at) == (["test.first"], 1, None)
    assert waiting.next_attempt_at is not None
    assert done.done_at is not None
    with db.tenant_scope(alpha):
        # What the failing one had written is gone; what the others wrote stays.
        assert MetricPoint.objects.filter(name="half").count() == 1
        assert MetricPoint.objects.filter(name="heard").count() == 2
    outbox.dispatch()
    assert len(heard) == 3
    fails.clear()
    with db.public_scope(), db.platform_scope():
        OutboxEvent.objects.update(next_attempt_at=None)
    outbox.dispatch()
    assert heard[3:] == [("second", "t-1")]
    assert all(row.done_at for row in rows())


def test_two_dispatchers_do_not_do_it_twice(alpha: Tenant, heard: list[Any]) -> None:
    with db.tenant_scope(alpha), transaction.atomic():
        for number in range(60):
            outbox.publish(ThingMade(thing_id=f"t-{number}"))

    def work() -> None:
        db.set_scope(db.Scope(tenant=None, schema=db.PUBLIC))
        outbox.dispatch()
        db.released()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    outbox.dispatch()
    assert sorted(heard) == sorted((alpha.schema_name, f"t-{number}") for number in range(60))


def test_an_event_that_nobody_waits_for_is_done_at_once(
    alpha: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "_consumers", {})
    with db.tenant_scope(alpha), transaction.atomic():
        outbox.publish(ThingMade(thing_id="t-1"))
    assert [bool(row.done_at) for row in rows()] == [True]


def test_the_platform_has_events_too(heard: list[Any]) -> None:
    with db.public_scope(), transaction.atomic():
        outbox.publish(ThingMade(thing_id="t-1"))
    outbox.dispatch()
    assert heard == [("public", "t-1")]


def test_points_are_rolled_up_to_minutes_once(alpha: Tenant, beta: Tenant) -> None:
    from tenants.models import MetricMinute

    for tenant in (alpha, beta):
        with db.tenant_scope(tenant):
            for value in (1, 4):
                metrics.add("turns", value)
    with db.public_scope():
        metrics.add("turns", 7)
    assert metrics.roll_up() >= 3
    metrics.roll_up()
    with db.public_scope(), db.platform_scope():
        assert not MetricPoint.objects.exists()
        totals = {}
        for minute in MetricMinute.objects.all():
            before = totals.get(minute.tenant_id, (0.0, 0, 0.0))
            totals[minute.tenant_id] = (
                before[0] + minute.total, before[1] + minute.count, max(before[2], minute.largest)
            )  # fmt: skip
    assert totals == {alpha.pk: (5.0, 2, 4.0), beta.pk: (5.0, 2, 4.0), None: (7.0, 1, 7.0)}
