"""Killing a worker, the processes that run its jobs, and those that read its files."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.fixtures.servers import Process

SHORT_LEASES = {
    "KIMONO_JOB_LEASE_SECONDS": "2",
    "KIMONO_JOB_HEARTBEAT_SECONDS": "0.5",
    "KIMONO_SWEEP_SECONDS": "1",
}


def await_true(what: Callable[[], Any], seconds: float = 60.0, *, log: Callable[[], str] = str) -> None:
    """Wait until `what` is true; fails with the end of a log."""
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, log()[-3000:]
        time.sleep(0.02)


def kill_all(worker: Process) -> None:
    """Kill the worker with its children, as a machine that goes down does, and start another."""
    os.killpg(worker.pid, signal.SIGKILL)
    await_true(lambda: not worker.runs, 10)
    worker.start()


def kill_children(worker: Process) -> None:
    """Kill the processes that run jobs, as the kernel does when memory is short; the worker replaces them."""
    for child in _children(worker.pid):
        os.kill(child, signal.SIGKILL)


def kill_parser(worker: Process, seconds: float = 2.0) -> bool:
    """Kill one process that reads a file as soon as there is one, and tell whether there was."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for parser in parsers(worker):
            os.kill(parser, signal.SIGKILL)
            return True
    return False


def parsers(worker: Process) -> list[int]:
    """Return the processes that read files for a worker."""
    return [parser for runner in _children(worker.pid) for parser in _children(runner)]


def _children(pid: int) -> Iterator[int]:
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            yield from map(int, task.read_text().split())
        except (FileNotFoundError, ProcessLookupError):
            continue
