"""Every job, task and socket, run for one merchant with what names another's things: nothing of the other is touched."""

import importlib.util
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from kimono.lib import db, files, jobs, queue
from tenants.models import Tenant
from tenants.services import jobs as running
from tenants.services import outbox
from tests.conversations.talking import run
from tests.conversations.wires import plugged
from tests.guards.sources import PACKAGES
from tests.guards.test_walk import MINE, THEIRS
from tests.guards.worlds import QUESTION, World, fingerprint, make_world

pytestmark = pytest.mark.django_db(transaction=True)
TABLE = "question,answer\n几点开门,暗号{canary}\n"
# For each job, payloads that an attacker would like: the other's primary keys (equal to their own) and stored files.
JOBS: dict[str, Callable[[World], list[dict[str, Any]]]] = {
    "knowledge.ingest_version": lambda theirs: [
        {"version_id": version_of(theirs), "publish": True, "facts": {}},
    ],
    "knowledge.fetch_url": lambda _: [
        {
            "url": "http://127.0.0.1/",
            "known_as": "opening.md",
            "publish": True,
            "note": "",
            "refresh_hours": None,
            "facts": {},
        },
    ],
    "knowledge.import_pairs": lambda theirs: [
        {"file_key": key, "name": "pairs.csv", "dry_run": False, "mode": "upsert"}
        for key in (file_of(theirs), f"../{theirs.tenant.pk}/{file_of(theirs)}")
    ],
    "knowledge.calibrate": lambda _: [{}],
    "knowledge.evaluate": lambda theirs: [{"report_id": theirs.ids["report_id"]}],
    "knowledge.reindex": lambda _: [{}],
    "knowledge.sync": lambda _: [{"limit": None, "full": True}],
    "knowledge.tidy_index": lambda _: [{}],
    "knowledge.update_full": lambda theirs: [
        {"dir_path": path, "extensions": ["md"]} for path in (".", f"../{theirs.tenant.slug}")
    ],
    "knowledge.update_incremental": lambda theirs: [
        {"dir_path": path, "extensions": ["md"]} for path in ("docs", f"../{theirs.tenant.slug}/docs")
    ],
    "tenants.provision": lambda _: [{"seed": {}}],
}
# For each task that belongs to no merchant: its arguments.
TASKS: dict[str, list[tuple[Any, ...]]] = {
    "agents.look_after": [()],
    "tenants.run_jobs": [("ingest",), ("bulk",), ("chat",), ("beat",)],
    "tenants.dispatch_outbox": [()],
    "tenants.sweep": [()],
    "tenants.roll_up_metrics": [()],
    "knowledge.fetch_again": [()],
    "knowledge.look_after": [()],
    "opsconsole.check_alerts": [()],
    "opsconsole.watch_components": [()],
}


@dataclass(frozen=True)
class Spoken:
    """What is said on a socket: the end of its address, and frames, for the ids of whose things are asked for."""

    query: Callable[[dict[str, str]], str]
    frames: Callable[[dict[str, str]], list[dict[str, Any]]]
    # On the other merchant's host, and with the attacker's own things on its own.
    ends: tuple[int | None, int | None] = (4401, None)
    host: str = ""


SOCKETS: dict[str, Spoken] = {
    "ws/agent/": Spoken(
        query=lambda ids: f"agent_id={ids['user_id']}",
        frames=lambda ids: [
            {"type": "resume", "streams": {"inbox": 0, ids["session_id"]: 0}},
            {"type": "subscribe", "session_id": ids["session_id"], "after_seq": 0},
            {
                "type": "send",
                "session_id": ids["session_id"],
                "client_message_id": ids["message_id"],
                "content": "taken over",
            },
            {"type": "typing", "session_id": ids["session_id"], "on": True},
            {"type": "read", "session_id": ids["session_id"], "seq": 2},
            {"type": "unsubscribe", "session_id": ids["session_id"]},
            {"type": "presence", "status": "online"},
        ],
    ),
    "ws/chat/": Spoken(
        query=lambda ids: f"session_id={ids['session_id']}",
        frames=lambda ids: [
            {"type": "resume", "after_seq": 0},
            {"type": "send", "client_message_id": ids["message_id"], "content": QUESTION},
            {"type": "feedback", "message_id": ids["message_id"], "rating": "down"},
            {"type": "stop", "message_id": ids["message_id"]},
            {"type": "typing", "on": True, "session_id": ids["session_id"]},
            {"type": "read", "seq": 2, "session_id": ids["session_id"]},
            {"type": "csat", "score": 1, "session_id": ids["session_id"]},
            {"type": "escalate", "reason": ids["session_id"], "session_id": ids["session_id"]},
        ],
    ),
    "ws/ops/": Spoken(
        query=lambda ids: f"tenant_id={ids['user_id']}",
        frames=lambda ids: [],
        ends=(4403, 4403),
        host="localhost",
    ),
}


@pytest.fixture
def worlds(
    alpha: Tenant, beta: Tenant, equal_ids: Callable[[], Any], restart_sequences: Callable[[], None]
) -> tuple[World, World]:
    """The attacker's world and the victim's, with no work left to do in either."""
    restart_sequences()
    made = make_world(alpha, MINE, equal_ids), make_world(beta, THEIRS, equal_ids)
    work_off()
    return made


def version_of(world: World) -> int:
    from knowledge.models import Version

    with db.tenant_scope(world.tenant):
        return Version.objects.get().pk


def file_of(world: World) -> str:
    """Return the key of a stored file, a table of pairs, of a merchant."""
    with db.tenant_scope(world.tenant):
        return files.store(TABLE.format(canary=world.canary).encode(), kind="imports")


def work_off() -> None:
    """Do all that waits, of everybody."""
    load_tasks()
    for _ in range(3):
        for waiting in ("ingest", "bulk", "chat", "beat"):
            while running.run_next(waiting):
                pass
        for name, calls in TASKS.items():
            for args in calls:
                queue.app.tasks[name].apply(args=args, throw=True)
        while outbox.dispatch():
            pass


def all_tasks() -> set[str]:
    return {name for name in queue.app.tasks if not name.startswith("celery.")}


def load_tasks() -> None:
    """Make every floor's tasks known, as the worker does."""
    for package in (*PACKAGES, "tenants.people"):
        if importlib.util.find_spec(f"{package}.tasks") is not None:
            importlib.import_module(f"{package}.tasks")


def test_everything_is_walked() -> None:
    load_tasks()
    assert set(jobs.handlers()) == set(JOBS), "give the new job payloads that name another merchant's things"
    assert all_tasks() == set(TASKS), "give the new task its arguments"
    sockets = {
        str(pattern.pattern)
        for package in PACKAGES
        if importlib.util.find_spec(f"{package}.routing") is not None
        for pattern in importlib.import_module(f"{package}.routing").websocket_urlpatterns
    }
    assert sockets == set(SOCKETS), "walk the new socket"


def test_no_job_of_one_merchant_touches_another(
    worlds: tuple[World, World], superuser: Any, caplog: pytest.LogCaptureFixture
) -> None:
    mine, theirs = worlds
    given = [(name, payload) for name, payloads in JOBS.items() for payload in payloads(theirs)]
    before = fingerprint(superuser, theirs.tenant)
    caplog.set_level(logging.DEBUG)
    caplog.clear()
    for name, payload in given:
        with db.tenant_scope(mine.tenant):
            job = running.enqueue(name, by="usr-somebody", **payload)
        assert running.run_next(job.queue), name
        with db.tenant_scope(mine.tenant):
            job.refresh_from_db()
        # Either done with one's own thing under that key, or refused; and nothing of the other is told.
        assert job.status in ("succeeded", "failed", "queued"), (name, job.status)
        assert THEIRS not in f"{job.result} {job.error} {job.errors}", name
        after = fingerprint(superuser, theirs.tenant)
        changed = {table for table in before if before[table] != after[table]}
        assert not changed, f"{name} of one merchant changed the other's {changed}"
    assert THEIRS not in caplog.text
    assert THEIRS not in "".join(everything_of(superuser, mine.tenant))


def test_the_platforms_tasks_do_each_merchants_work_in_its_own_place(
    worlds: tuple[World, World], superuser: Any, caplog: pytest.LogCaptureFixture
) -> None:
    mine, theirs = worlds
    before = fingerprint(superuser, theirs.tenant)
    with db.tenant_scope(mine.tenant):
        waiting = [running.enqueue("knowledge.sync", limit=None, full=True) for _ in range(2)]
    caplog.set_level(logging.DEBUG)
    caplog.clear()
    work_off()
    with db.tenant_scope(mine.tenant):
        for job in waiting:
            job.refresh_from_db()
            assert job.status == "succeeded", job.errors
    assert fingerprint(superuser, theirs.tenant) == before
    assert THEIRS not in caplog.text
    assert db.scope_or_none() is None or db.current_tenant_or_none() is None


@pytest.mark.parametrize("path", sorted(SOCKETS))
def test_no_socket_of_one_merchant_shows_or_touches_another(
    worlds: tuple[World, World], superuser: Any, path: str
) -> None:
    mine, theirs = worlds
    said = SOCKETS[path]
    before = fingerprint(superuser, theirs.tenant)

    async def speak(host: Tenant, query: str) -> tuple[int | None, list[dict[str, Any]]]:
        credential = {"X-API-Key": mine.key}
        name = said.host or f"{host.slug}.localhost"
        async with plugged(f"/{path}", host=name, headers=credential, query=query) as wire:
            first = await wire.next()
            if first is None or first["type"] != "welcome":
                return await wire.rest(), wire.seen
            for number, frame in enumerate(said.frames(theirs.ids)):
                wire.send(
                    frame["type"], id=f"f-{number}", **{key: frame[key] for key in frame if key != "type"}
                )
            wire.send("ping", id="last")
            await wire.until("pong", id="last")
            return None, wire.seen

    async def story() -> list[tuple[int | None, list[dict[str, Any]]]]:
        return [
            await speak(theirs.tenant, said.query(theirs.ids)),
            await speak(mine.tenant, said.query(theirs.ids)),
            await speak(mine.tenant, said.query(mine.ids)),
        ]

    told = run(story())
    assert (told[0][0], told[2][0]) == said.ends
    shown = [frame for _, seen in told for frame in seen if "id" not in frame]
    assert THEIRS not in str(told)
    assert theirs.ids["session_id"] not in {frame.get("stream") for frame in shown}
    assert fingerprint(superuser, theirs.tenant) == before


def everything_of(superuser: Any, tenant: Tenant) -> list[str]:
    """Return every row of a merchant's schema as text."""
    tables = superuser.execute(
        "SELECT c.relname FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = %s::regnamespace",
        [tenant.schema_name],
    ).fetchall()
    return [
        row[0]
        for (table,) in tables
        for row in superuser.execute(f'SELECT t::text FROM "{tenant.schema_name}"."{table}" t').fetchall()
    ]
