"""From an agent to a contact, with many conversations open, against a bare consumer; and what an idle socket costs."""

import asyncio
import contextlib
import pickle
import resource
import statistics
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass

import psycopg

from benchmarks import memory
from benchmarks import stage as stages
from benchmarks.lines import Caller, Delivered, opened, talk
from benchmarks.plans import LivePlan, LiveTask
from benchmarks.report import Row
from benchmarks.stage import Stage
from kimono.supervisor.demo import web_command

OPEN = 200
AGENTS = 4
PER_SECOND = 20.0
MESSAGES = 400
ROUNDS = 3
IDLE = 1000
BUSY = 100
BUSY_PER_SECOND = 50.0
BUSY_SECONDS = 20.0
MOST_TIMES = 3.0


@dataclass(frozen=True)
class _Side:
    """One of the two servers, and how its sockets are opened."""

    port: int
    pid: int
    agents: tuple[Caller, ...]
    contacts: dict[str, Caller]


def measure(stage: Stage) -> list[Row]:
    """Write from agents to contacts in turns on either side, then beside idle sockets; count what was lost."""
    _allow_many_files()
    idle = IDLE // 4 if stage.quick else IDLE
    task_file, plan_file = stage.plans / "live.task", stage.plans / "live.plan"
    task_file.write_bytes(pickle.dumps(LiveTask(open=OPEN, idle=idle, agents=AGENTS)))
    stages.run(stage, [sys.executable, "-m", "benchmarks.plans", str(task_file), str(plan_file)])
    plan: LivePlan = pickle.loads(plan_file.read_bytes())
    messages, rounds = (100, 1) if stage.quick else (MESSAGES, ROUNDS)
    with _product(stage, plan) as ours, _bare(stage, plan) as floor:
        mine, bare = asyncio.run(_in_turns(ours, floor, messages=messages, rounds=rounds))
    with _product(stage, plan) as ours:
        busy, ours_kb = asyncio.run(_beside_idle(ours, quick=stage.quick))
    with _bare(stage, plan) as floor:
        _, bare_kb = asyncio.run(_beside_idle(floor, quick=stage.quick))
    return _rows(mine, bare, busy, (ours_kb, bare_kb), idle=idle)


def _allow_many_files() -> None:
    """Let this process and the servers that it starts have as many open lines as the system allows."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


@contextlib.contextmanager
def _product(stage: Stage, plan: LivePlan) -> Iterator[_Side]:
    port = stages.free_port()
    serving = stages.serving(
        stage,
        "bench-web",
        web_command(port),
        port=port,
        ready="/readyz",
        environment=stage.process_environment(PORT=str(port)),
    )
    names = list(plan.tokens)
    agents = tuple(
        Caller(
            f"/ws/agent/?agent_id=bench-{number}",
            {"X-API-Key": plan.key},
            first=tuple({"type": "subscribe", "session_id": name} for name in names[number:OPEN:AGENTS]),
        )
        for number in range(AGENTS)
    )
    contacts = {
        name: Caller("/ws/chat/", subprotocols=("kimono.v1", f"bearer.{token}"))
        for name, token in plan.tokens.items()
    }
    with serving as pid:
        yield _Side(port, pid, agents, contacts)


@contextlib.contextmanager
def _bare(stage: Stage, plan: LivePlan) -> Iterator[_Side]:
    addresses = stage.addresses().environment()
    with psycopg.connect(addresses["DATABASE_OWNER_URL"], autocommit=True) as raw:
        raw.execute(
            "CREATE TABLE IF NOT EXISTS bench_said"
            " (id bigserial PRIMARY KEY, session_id text, content text, at timestamptz DEFAULT now())"
        )
    port = stages.free_port()
    command = (
        *(sys.executable, "-m", "uvicorn", "benchmarks.floors.consumer:app", "--host", "127.0.0.1"),
        *("--port", str(port), "--no-access-log", "--log-level", "warning"),
    )
    environment = {
        **stage.environment,
        "BENCH_DATABASE": addresses["DATABASE_URL"],
        "BENCH_REDIS": addresses["REDIS_URL"].replace("?db=0", "?db=2"),
    }
    serving = stages.serving(
        stage, "bare-consumer", command, port=port, ready="/ready", environment=environment
    )
    names = list(plan.tokens)
    agents = tuple(Caller(f"/?{','.join(names[number:OPEN:AGENTS])}") for number in range(AGENTS))
    with serving as pid:
        yield _Side(port, pid, agents, {name: Caller(f"/?{name}") for name in names})


@contextlib.asynccontextmanager
async def _sockets(side: _Side, count: int) -> AsyncIterator[tuple[list[object], dict[str, object]]]:
    names = list(side.contacts)[:count]
    async with (
        opened(side.port, side.agents) as agents,
        opened(side.port, [side.contacts[name] for name in names]) as contacts,
    ):
        yield list(agents), dict(zip(names, contacts, strict=True))


async def _in_turns(
    ours: _Side, floor: _Side, *, messages: int, rounds: int
) -> tuple[list[float], list[float]]:
    """Return the milliseconds of either side, whose rounds alternate while the sockets of both are open."""
    times: tuple[list[float], list[float]] = ([], [])
    async with _sockets(ours, OPEN) as mine, _sockets(floor, OPEN) as bare:
        for agents, contacts in (mine, bare):
            await talk(agents, contacts, per_second=PER_SECOND, messages=20)
        for turn in range(rounds * 2):
            side = turn % 2
            agents, contacts = (mine, bare)[side]
            told = await talk(agents, contacts, per_second=PER_SECOND, messages=messages)
            times[side].extend(told.milliseconds)
    return times


async def _beside_idle(side: _Side, *, quick: bool) -> tuple[Delivered, float]:
    """Open idle sockets, see what they take, and talk on some more; returns the latter, and KB per idle socket."""
    names = list(side.contacts)
    async with opened(side.port, [side.contacts[name] for name in names[OPEN : OPEN + 50]]):
        before = _megabytes(side)
        rest = names[OPEN + 50 :]
        async with opened(side.port, [side.contacts[name] for name in rest]):
            await asyncio.sleep(2)
            each = (_megabytes(side) - before) * 1000 / len(rest)
            async with _sockets(side, BUSY) as (agents, contacts):
                seconds = BUSY_SECONDS / 4 if quick else BUSY_SECONDS
                told = await talk(
                    agents,
                    contacts,
                    per_second=BUSY_PER_SECOND,
                    messages=round(seconds * BUSY_PER_SECOND),
                )
    return told, each


def _megabytes(side: _Side) -> float:
    return sum(memory.megabytes(pid) for pid in memory.tree(side.pid))


def _p95(times: Sequence[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]


def _rows(
    mine: list[float],
    bare: list[float],
    busy: Delivered,
    kilobytes: tuple[float, float],
    *,
    idle: int,
) -> list[Row]:
    how = (
        f"{OPEN} conversations of {AGENTS} agents open on both sides at once, {PER_SECOND:g} messages a second, in turns;"
        f" {len(mine)} messages each. Floor: a consumer that inserts one row, commits and group_sends over the same Redis."
        f" Medians {statistics.median(mine):.1f} and {statistics.median(bare):.1f} ms."
    )
    said = len(busy.milliseconds) + busy.lost
    return [
        Row(
            "agent to contact, 95th percentile",
            _p95(mine),
            "ms",
            _p95(bare),
            measure="ratio",
            limit=MOST_TIMES,
            note=how,
        ),
        Row(
            "messages lost beside idle sockets",
            float(busy.lost),
            "",
            limit=0,
            note=f"{idle} idle sockets and {BUSY_PER_SECOND:g} messages a second to {BUSY} contacts, {said} in all;"
            f" median {statistics.median(busy.milliseconds):.1f} ms, 95th percentile {_p95(busy.milliseconds):.1f} ms.",
        ),
        Row(
            "memory per idle socket",
            kilobytes[0],
            "KB",
            kilobytes[1],
            note="a contact's socket, followed and greeted, in the web server's proportional set size. Floor: the bare"
            " consumer's.",
        ),
    ]
