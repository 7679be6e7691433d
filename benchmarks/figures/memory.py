"""The memory of the whole demo while nobody asks anything of it."""

import time
from collections import defaultdict

from benchmarks import memory
from benchmarks.report import Row
from benchmarks.stage import Demo

_PARTS = {
    "kimono.supervisor": "supervisor",
    "uvicorn": "web",
    "celery": "worker with scheduler",
    "postgres": "PostgreSQL",
    "redis-server": "Redis",
}
_SETTLE_SECONDS = 10.0
MOST_MB = 1000.0


def measure(demo: Demo, *, when: str) -> Row:
    """Add up the demo's processes after a quiet while; `when` says what had happened before."""
    time.sleep(_SETTLE_SECONDS)
    by_part: defaultdict[str, float] = defaultdict(float)
    for pid in memory.tree(demo.pid):
        called = memory.command(pid)
        name = next((part for mark, part in _PARTS.items() if mark in called), "others")
        by_part[name] += memory.megabytes(pid)
    parts = ", ".join(
        f"{name} {size:.0f}" for name, size in sorted(by_part.items(), key=lambda item: -item[1])
    )
    return Row(
        f"idle memory of the demo, {when}",
        sum(by_part.values()),
        "MB",
        limit=MOST_MB,
        note=f"PSS over all of its processes: {parts}.",
    )
