"""`python -m benchmarks [--only FIGURE …] [--quick]`: one table, each figure with its floor from the same run."""

import argparse
import contextlib
import os
import platform
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

from benchmarks import report
from benchmarks import stage as stages
from benchmarks.figures import first_token, ingestion, live, memory, turn
from benchmarks.report import Row
from benchmarks.stage import CHECKOUT, Failed, Stage
from kimono.supervisor.refusals import Refused

OUT = CHECKOUT / "benchmarks" / "out"
# In the order of the run: the first three with the whole demo, the others with its servers alone.
WITH_DEMO = ("memory", "turn", "ingestion")
WITH_SERVERS = ("first-token", "search", "ranking", "parsing", "exports", "tenants", "live")
# A figure that takes longer is given up: on two idle cores the whole run takes less.
MOST_SECONDS = 900.0


def main() -> int:
    """Run the figures that are asked for and print the table; 1 when a figure could not be taken."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--only",
        nargs="+",
        choices=[*WITH_DEMO, *WITH_SERVERS],
        metavar="FIGURE",
        help=", ".join([*WITH_DEMO, *WITH_SERVERS]),
    )
    parser.add_argument("--quick", action="store_true", help="smaller sizes and fewer samples")
    chosen = parser.parse_args()
    signal.signal(signal.SIGTERM, _stop)
    wanted = chosen.only or [*WITH_DEMO, *WITH_SERVERS]
    begun = time.monotonic()
    taken = _Taken()
    try:
        with stages.made(quick=chosen.quick) as stage:
            _with_demo(stage, wanted, taken)
            _with_servers(stage, wanted, taken)
    except KeyboardInterrupt:
        # What was taken by then is shown all the same.
        print("Stopped before the end.", file=sys.stderr)
        taken.failed.append("the rest")
    seconds = time.monotonic() - begun
    machine = f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
    text = f"{report.table(taken.rows)}\n\n{machine}; {seconds:.0f} s{', quick' if chosen.quick else ''}.\n"
    print(f"\n{text}")
    _keep(text, taken.rows, machine=machine, seconds=round(seconds), quick=chosen.quick)
    return 1 if taken.failed else 0


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


class _Taken:
    """The rows so far, and the figures that could not be taken."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.failed: list[str] = []

    @contextlib.contextmanager
    def figure(self, name: str) -> Iterator[None]:
        """Say how long a figure takes; one that fails does not keep the others from being taken."""
        begun = time.monotonic()
        try:
            yield
        except (Failed, Refused, OSError) as error:
            self.failed.append(name)
            print(f"{name} could not be measured: {error}", file=sys.stderr, flush=True)
        print(f"{name}: {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)


def _with_demo(stage: Stage, wanted: list[str], taken: _Taken) -> None:
    if not set(wanted) & set(WITH_DEMO):
        return
    with taken.figure("demo"), stages.demo(stage) as demo:
        if "memory" in wanted:
            with taken.figure("memory, fresh"):
                taken.rows.append(memory.measure(demo, when="after its start"))
        if "turn" in wanted:
            with taken.figure("turn"):
                taken.rows += turn.measure(stage, demo)
        if "ingestion" in wanted:
            with taken.figure("ingestion"):
                taken.rows.append(ingestion.measure(demo, quick=stage.quick))
        if "memory" in wanted and len(wanted) > 1:
            with taken.figure("memory, used"):
                taken.rows.append(memory.measure(demo, when="after the questions and uploads"))


def _with_servers(stage: Stage, wanted: list[str], taken: _Taken) -> None:
    if not set(wanted) & set(WITH_SERVERS):
        return
    figures: dict[str, Callable[[], list[Row]]] = {
        "first-token": lambda: first_token.measure(stage),
        "search": lambda: _inside(stage, "search"),
        "ranking": lambda: _inside(stage, "ranking"),
        "parsing": lambda: _inside(stage, "parsing", as_owner=True),
        "exports": lambda: _inside(stage, "exports"),
        "tenants": lambda: _inside(stage, "tenants", as_owner=True),
        "live": lambda: live.measure(stage),
    }
    with taken.figure("servers"), stages.servers(stage):
        for name, measure in figures.items():
            if name in wanted:
                with taken.figure(name):
                    taken.rows += measure()


def _inside(stage: Stage, name: str, *, as_owner: bool = False) -> list[Row]:
    """Take a figure in a process of the product, and return its rows."""
    out = stage.plans / f"{name}.json"
    command = [
        sys.executable,
        "-m",
        "benchmarks.inside",
        name,
        str(out),
        *(["--quick"] if stage.quick else []),
    ]
    stages.run(stage, command, as_owner=as_owner, seconds=MOST_SECONDS)
    return report.read(out)


def _keep(text: str, rows: list[Row], **about: object) -> None:
    report.write(rows, OUT / "latest.json", **about)
    Path(OUT / "latest.md").write_text(text)


if __name__ == "__main__":
    sys.exit(main())
