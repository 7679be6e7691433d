"""The reference pages name what there is: every setting, limit, event, job, task and metric, with its default."""

import ast
import asyncio
import dataclasses
import importlib
import importlib.util
import json
import re
from typing import Any

import pytest

from agents.consumers import AgentSocket
from conversations.consumers.chat import ChatSocket
from kimono.lib import events, jobs, queue
from kimono.lib.environment import Environment
from opsconsole.consumers import OpsSocket
from tenants.services import tenant_settings
from tests.guards.documents import variables_of_providers
from tests.guards.limits import limits_in_force
from tests.guards.sources import CHECKOUT, PACKAGES, calls_of, dotted, trees

_ROW = re.compile(r"^\| `([^`]+)` \|(.*)\|$", re.MULTILINE)


def table(page: str) -> dict[str, list[str]]:
    """Return the rows of a page whose first cell is code: name → the other cells."""
    text = (CHECKOUT / "docs" / "reference" / f"{page}.md").read_text(encoding="utf-8")
    rows = [(name, [cell.strip() for cell in rest.split("|")]) for name, rest in _ROW.findall(text)]
    names = [name for name, _ in rows]
    assert len(names) == len(set(names)), "a name stands twice"
    assert all(all(cells) for _, cells in rows), "a cell is empty"
    return dict(rows)


@pytest.fixture(scope="module", autouse=True)
def _all_doors() -> None:
    for package in PACKAGES:
        if importlib.util.find_spec(f"{package}.tasks") is not None:
            importlib.import_module(f"{package}.tasks")


def test_environment() -> None:
    rows = table("environment")
    fields = {name.upper(): field for name, field in Environment.model_fields.items()}
    assert set(rows) == set(fields) | variables_of_providers()
    for name, field in fields.items():
        default, said = field.default, rows[name][0].strip("`")
        if default in ("", None, False):
            assert not said.startswith(("true", "1")), name
        else:
            assert said == str(default), name


def test_settings(in_alpha: Any) -> None:
    rows = {tuple(name.split(": ")): cells[0].strip("`") for name, cells in table("settings").items()}
    shown = {
        (section, key): json.dumps(value, ensure_ascii=False)
        for section, values in tenant_settings.read().items()
        for key, value in values.items()
    }
    # Made from a secret of the deployment, and not taken.
    shown.pop(("widget", "secret_prefix"))
    assert rows == shown


def test_limits() -> None:
    rows = {name: cells for name, cells in table("limits").items() if name.startswith("KIMONO_LIMIT_")}
    expected = limits_in_force()
    assert set(rows) == set(expected)
    for name, numbers in expected.items():
        assert tuple(int(cell) for cell in rows[name][: len(numbers)]) == numbers, name


def test_no_limit_is_read_elsewhere() -> None:
    """Each module that reads `KIMONO_LIMIT_…` is one whose defaults the test above compares."""
    readers = {
        path
        for path, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        and any(isinstance(part, ast.Constant) and "KIMONO_LIMIT_" in str(part.value) for part in node.values)
    }
    assert readers == {
        "tenants/services/limits.py", "conversations/services/open_streams.py",
        "conversations/services/open_sockets.py", "knowledge/services/documents/quotas.py"
    }  # fmt: skip


def test_events() -> None:
    rows = table("events")
    kinds = events.kinds()
    assert set(rows) == set(kinds)
    for name, kind in kinds.items():
        floor, _, data = rows[name]
        assert floor == kind.__module__.split(".")[0], name
        assert data == ", ".join(f"`{field.name}`" for field in dataclasses.fields(kind)), name


def test_jobs_and_tasks() -> None:
    from kimono.beat import schedule

    rows = table("jobs")
    tasks = {name for name in queue.app.tasks if not name.startswith(("celery.", "test."))}
    assert set(rows) == set(jobs.handlers()) | tasks
    for name, handler in jobs.handlers().items():
        assert rows[name][:2] == [handler.queue, handler.kind]
    every = {entry["task"]: f"{entry['schedule']:g} s" for entry in schedule().values()}
    for name in tasks:
        assert rows[name][0] == every.get(name, "–"), name


def test_metrics() -> None:
    counted = set()
    for path, tree in trees().items():
        for call in calls_of(tree):
            if dotted(call.func) == "metrics.add":
                first: Any = call.args[0]
                assert isinstance(first, ast.Constant), f"{path}:{call.lineno}: name the metric here"
                counted.add(first.value)
    assert set(table("metrics")) == counted


def test_sockets() -> None:
    async def taken() -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for name, kind in (("chat", ChatSocket), ("agent", AgentSocket), ("ops", OpsSocket)):
            for frame in kind({"type": "websocket"}, None, None).takes:  # type: ignore[arg-type]
                found.setdefault(frame, set()).add(name)
        return found

    rows = table("sockets")
    shown = {
        name: set(row[0].split(", ")) for name, row in rows.items() if name.islower() and "/" not in name
    }
    assert shown == asyncio.run(taken())
