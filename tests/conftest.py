"""Starts one PostgreSQL and one Redis for the run, and names the fixtures that all tests share."""

import gc
import os
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.conf import settings

from tests.fixtures.running import LIVE, Run, started_run

pytest_plugins = [
    "tests.fixtures.databases",
    "tests.fixtures.tenants",
    "tests.fixtures.servers",
    "tests.fixtures.browsers",
    "tests.fixtures.reading",
]

RUN = pytest.StashKey[Run]()
# With servers and browsers of their own: begun last they would leave the other workers idle for minutes.
SLOW = ("tests/browser/", "tests/journeys/", "tests/supervisor/", "tests/guards/test_walk")

# The first example may load a dictionary; no test here asserts on speed.
hypothesis.settings.register_profile("kimono", deadline=None)
hypothesis.settings.load_profile("kimono")


def pytest_configure(config: pytest.Config) -> None:
    """Point the settings at this run's servers before Django reads them (pytest-django does so after us)."""
    # Nothing that is loaded and collected is let go again: looking through it for garbage is in vain.
    gc.disable()
    if hasattr(config, "workerinput"):
        run = Run.from_json(config.workerinput["kimono_run"])
    elif config.getoption("collectonly") or config.getoption("help") or config.getoption("version", 0):
        run = Run.nowhere()
    else:
        stack = ExitStack()
        run = stack.enter_context(started_run())
        config.add_cleanup(stack.close)
    config.stash[RUN] = run
    os.environ.update(run.environment(worker_of(config)))
    # Read now: pytest-django sets Django up right after us, if its settings have been read by then.
    assert settings.DATABASES


def worker_of(config: pytest.Config) -> str:
    """Return the name of this xdist worker, `gw0` and so on; `main` without xdist."""
    return str(config.workerinput["workerid"]) if hasattr(config, "workerinput") else "main"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes() -> None:
    """Keep our own settings from the xdist workers: with this variable they would read them before their own turn."""
    os.environ.pop("DJANGO_SETTINGS_MODULE", None)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell each xdist worker where this run's servers are."""
    node.workerinput["kimono_run"] = node.config.stash[RUN].to_json()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the slow files first, in whatever order they came, and those that share a worker's servers side by side."""
    live = frozenset(item.path for item in items if "_live" in getattr(item, "fixturenames", ()))
    config.stash[LIVE] = live
    items.sort(key=lambda item: place_of(item, live))


def place_of(item: pytest.Item, live: frozenset[Path]) -> int:
    """Return when a file's turn comes: tests of faults stop the shared servers, so they begin before these run."""
    if item.nodeid.startswith("tests/faults/"):
        return 0
    if item.path in live:
        return 2
    return 1 if item.nodeid.startswith(SLOW) else 3


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Let the search for garbage begin with what the tests make, once all modules and tests are there."""
    found = yield
    gc.freeze()
    gc.enable()
    return found


@pytest.fixture(scope="session")
def run(pytestconfig: pytest.Config) -> Run:
    """This run's servers and what belongs to this worker of them."""
    return pytestconfig.stash[RUN]


@pytest.fixture(scope="session")
def worker(pytestconfig: pytest.Config) -> str:
    """The name of this xdist worker, `main` without xdist."""
    return worker_of(pytestconfig)


@pytest.fixture(autouse=True)
def _usual_meter() -> Iterator[None]:
    """Let no test leave its own meter of model calls to the next."""
    yield
    from tenants.services import metering

    metering.install()
