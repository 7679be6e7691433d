"""A task runs for the tenant that it was sent for, or not at all."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from celery.app.trace import build_tracer
from django.db import connection, transaction

from kimono.lib import db, queue
from tenants import tasks as doors
from tenants.models import Tenant
from tenants.services import ringing

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ran() -> list[tuple[str, str]]:
    """What the task saw each time it ran: schema and the server's own search path."""
    return []


@pytest.fixture
def tasks(ran: list[tuple[str, str]]) -> Iterator[tuple[Any, Any]]:
    """A task of a tenant and one of nobody."""

    def look() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SHOW search_path")
            ran.append((db.current_schema(), cursor.fetchone()[0]))

    made = (
        queue.app.task(look, name="test.of_tenant"),
        queue.app.task(look, name="test.of_nobody", public=True),
    )
    yield made
    for task in made:
        queue.app.tasks.pop(task.name)


@pytest.fixture
def work(tasks: tuple[Any, Any]) -> Callable[[Any, str | None], str]:
    """Do a task as a worker does, with the header that it was sent with, and return how it ended."""

    def work(task: Any, schema: str | None) -> str:
        db.set_scope(None)
        headers = {} if schema is None else {"_schema_name": schema}
        request = {"id": "1", "headers": headers, "args": (), "kwargs": {}, "is_eager": False}
        tracer = build_tracer(task.name, task, app=queue.app)
        return str(tracer("1", (), {}, request).info or "SUCCESS")

    return work


def test_a_task_runs_for_its_tenant_and_leaves_nobody_behind(
    alpha: Tenant, tasks: Any, work: Any, ran: Any
) -> None:
    work(tasks[0], alpha.schema_name)
    assert ran == [(alpha.schema_name, f'"{alpha.schema_name}", "public"')]
    assert db.scope_or_none() is None
    work(tasks[1], alpha.schema_name)
    assert ran[1:] == [("public", '"public"')]
    assert db.scope_or_none() is None


@pytest.mark.parametrize("schema", [None, "public", "t_000000000000", ""])
def test_a_task_without_its_tenant_does_not_run(schema: str | None, tasks: Any, work: Any, ran: Any) -> None:
    work(tasks[0], schema)
    assert ran == []
    assert db.scope_or_none() is None


@pytest.mark.parametrize(
    ("status", "runs"), [("deleted", 0), ("failed", 0), ("creating", 0), ("suspended", 1)]
)
def test_a_task_of_a_tenant_that_is_gone_does_not_run(
    status: str, runs: int, alpha: Tenant, tasks: Any, work: Any, ran: Any
) -> None:
    with db.public_scope():
        Tenant.objects.filter(pk=alpha.pk).update(status=status)
    work(tasks[0], alpha.schema_name)
    assert len(ran) == runs


def test_a_task_after_another_tenant_s_sees_its_own(
    alpha: Tenant, beta: Tenant, tasks: Any, work: Any, ran: Any
) -> None:
    for tenant in (alpha, beta, alpha):
        work(tasks[0], tenant.schema_name)
    assert [schema for schema, _ in ran] == [alpha.schema_name, beta.schema_name, alpha.schema_name]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The headers of what was sent to the queue."""
    headers: list[dict[str, Any]] = []
    monkeypatch.setattr(
        "celery.app.base.Celery.send_task", lambda *_, **options: headers.append(options["headers"])
    )
    return headers


def test_a_ring_after_commit_needs_no_tenant(alpha: Tenant, sent: list[Any]) -> None:
    with db.public_scope(), transaction.atomic():
        with db.tenant_scope(alpha):
            ringing.after_commit("tenants.run_jobs", "bulk", queue="bulk")
        assert sent == []
    assert len(sent) == 1
    assert doors.run_jobs.public


def test_a_ring_of_a_change_that_was_rolled_back_is_not_sent(alpha: Tenant, sent: list[Any]) -> None:
    with pytest.raises(RuntimeError), db.tenant_scope(alpha), transaction.atomic():
        ringing.after_commit("tenants.run_jobs", "bulk", queue="bulk")
        raise RuntimeError
    assert sent == []


def test_a_broker_that_is_down_is_no_error(monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    from kombu.exceptions import OperationalError

    def down(*_: Any, **__: Any) -> None:
        raise OperationalError("refused")

    monkeypatch.setattr(queue.app, "send_task", down)
    queue.send("tenants.run_jobs", "bulk", queue="bulk")
    assert "could not be rung" in caplog.text
