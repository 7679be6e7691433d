"""Every job that is enqueued has a handler that takes what it is given; every task is a strict one."""

import ast
import importlib
import inspect
from typing import Any

import pytest

from kimono.lib import events, jobs, queue
from tests.guards.sources import PACKAGES, calls_of, dotted, module_of, trees

# What `enqueue` keeps for itself; the rest is the handler's.
OWN = {"by", "source", "doc_id", "run_after"}
# Calls whose name is only known when they run: module → the names that it may be.
BY_VARIABLE = {
    "knowledge/services/folders/updating.py": ("knowledge.update_full", "knowledge.update_incremental"),
    "knowledge/services/upkeep.py": (
        "knowledge.calibrate",
        "knowledge.reindex",
        "knowledge.sync",
        "knowledge.tidy_index",
    ),
    "tenants/services/jobs.py": (),
}


@pytest.fixture(scope="module", autouse=True)
def _all_doors() -> None:
    for package in (*PACKAGES, "tenants.people"):
        if importlib.util.find_spec(f"{package}.tasks") is not None:
            importlib.import_module(f"{package}.tasks")


def calls() -> list[tuple[str, ast.Call]]:
    return [
        (path, call)
        for path, tree in trees().items()
        for call in calls_of(tree)
        if dotted(call.func) in ("jobs.enqueue", "enqueue") and call.args
    ]


def name_of(path: str, call: ast.Call) -> str | None:
    """Return the job's name: a text, or a constant of the module or of one it imports."""
    first = call.args[0]
    if isinstance(first, ast.Constant):
        return str(first.value)
    value: Any = importlib.import_module(module_of(path))
    for part in dotted(first).split("."):
        value = getattr(value, part, None)
    return value if isinstance(value, str) else None


def test_every_enqueued_job_has_a_handler_that_takes_it() -> None:
    seen = set()
    for path, call in calls():
        name = name_of(path, call)
        if name is None:
            assert path in BY_VARIABLE, f"{path}:{call.lineno}: which jobs may this be? Say so in BY_VARIABLE"
            seen.update(BY_VARIABLE[path])
            continue
        seen.add(name)
        given = {keyword.arg: None for keyword in call.keywords if keyword.arg not in OWN}
        assert None not in given, f"{path}:{call.lineno}: name the arguments"
        inspect.signature(jobs.handler(name).function).bind(None, **given)
    assert seen == set(jobs.handlers()), "a job that nobody starts, or one that nobody handles"


def test_the_payload_is_the_handlers_own_names() -> None:
    for name, handler in jobs.handlers().items():
        parameters = inspect.signature(handler.function).parameters
        assert next(iter(parameters)) == "run", name
        assert not OWN & set(parameters), name
        if handler.abandoned is not None:
            given = {key: None for key in parameters if key != "run"}
            inspect.signature(handler.abandoned).bind(code="", message="", **given)


def test_every_task_is_ours_and_strict() -> None:
    ours = {name: task for name, task in queue.app.tasks.items() if not name.startswith("celery.")}
    assert {"tenants.run_jobs", "tenants.sweep", "tenants.dispatch_outbox"} <= set(ours)
    for name, task in ours.items():
        assert isinstance(task, queue.StrictTask), name
        assert name.split(".")[0] in PACKAGES, name
        assert task.app is queue.app or task.app.main == "kimono", name


def test_what_beat_fires_exists() -> None:
    from kimono.beat import schedule

    entries = schedule()
    assert entries
    for entry in entries.values():
        assert entry["task"] in queue.app.tasks
        assert queue.app.tasks[entry["task"]].public


def test_what_is_rung_exists() -> None:
    names = [
        (path, str(call.args[0].value))
        for path, tree in trees().items()
        for call in calls_of(tree)
        if dotted(call.func) in ("ringing.now", "ringing.after_commit")
        and isinstance(call.args[0], ast.Constant)
    ]
    assert names
    assert {name for _, name in names} <= set(queue.app.tasks)


def test_consumers_listen_to_events_that_exist() -> None:
    assert set(events._consumers) <= set(events.kinds())
    for name in events.kinds():
        listeners = [by for by, _ in events.consumers(name)]
        assert len(listeners) == len(set(listeners)), f"two consumers of {name} remember under one name"


def test_events_carry_ids_and_facts_that_json_knows() -> None:
    import dataclasses

    for name, kind in events.kinds().items():
        assert dataclasses.is_dataclass(kind), name
        assert kind.__dataclass_params__.frozen, name  # type: ignore[attr-defined]
        assert name.count(".") == 1, name
