"""A Redis and a PostgreSQL of a test's own, which it may stop and start again."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import redis

from kimono.supervisor import services
from kimono.supervisor.home import Home
from kimono.supervisor.postgres import APP, OWNER, Postgres
from kimono.supervisor.processes import Child
from kimono.supervisor.stopping import Stopping
from tests.fixtures.running import Run

COPY = "kimono_copy"


@contextlib.contextmanager
def _own_folder() -> Iterator[Home]:
    # The servers' own account must be able to walk there.
    folder = Path(tempfile.mkdtemp(prefix="kimono-neighbours-"))
    folder.chmod(0o711)
    try:
        home = Home(folder / "home").made()
        with home.locked():
            yield home
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@dataclass
class Neighbour:
    """A server that can go away and come back."""

    child: Child
    environment: dict[str, str]
    _answers: object

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.child.start()
        services.await_answer(self.child, self._answers, Stopping())  # type: ignore[arg-type]

    def stop(self) -> None:
        """Stop it properly."""
        self.child.stop()

    def forget(self) -> None:
        """Empty a Redis while it runs."""
        with redis.Redis.from_url(self.environment["REDIS_URL"]) as client:
            client.flushall()

    def crash(self) -> None:
        """Stop a PostgreSQL in the middle of what it does: the next start has to recover from its log."""
        assert self.child.pid is not None
        os.kill(self.child.pid, signal.SIGQUIT)
        until = time.monotonic() + 20
        while self.child.runs:
            assert time.monotonic() < until, self.child.last_lines()
            time.sleep(0.02)


@contextlib.contextmanager
def own_redis() -> Iterator[Neighbour]:
    """Run a Redis with nothing in it."""
    elsewhere = {"DATABASE_URL": "elsewhere", "DATABASE_OWNER_URL": "elsewhere"}
    with _own_folder() as home, services.started(home, environment=elsewhere, stopping=Stopping()) as started:
        assert started.redis is not None
        yield Neighbour(started.children[0], {"REDIS_URL": started.redis.url()}, started.redis.answers)


@contextlib.contextmanager
def own_postgres(run: Run, worker: str) -> Iterator[Neighbour]:
    """Run a PostgreSQL with a copy of this worker's database, that loses nothing it has acknowledged."""
    elsewhere = {"REDIS_URL": "elsewhere"}
    settings = {"fsync": "off", "full_page_writes": "off"}
    with (
        _own_folder() as home,
        services.started(home, environment=elsewhere, stopping=Stopping(), settings=settings) as started,
    ):
        assert started.postgres is not None
        _copy(run.url("postgres", run.database(worker)), started.postgres)
        addresses = {
            "DATABASE_URL": started.postgres.url(APP, COPY),
            "DATABASE_OWNER_URL": started.postgres.url(OWNER, COPY),
        }
        yield Neighbour(started.children[0], addresses, started.postgres.answers)


def _copy(source: str, target: Postgres) -> None:
    target.sql(f'CREATE DATABASE "{COPY}" OWNER {OWNER} TEMPLATE template0')
    dumped = subprocess.run(
        [str(target.programs / "pg_dump"), "-Fc", "-Z0", source], cwd="/", capture_output=True, check=True
    )
    restored = subprocess.run(
        [str(target.programs / "pg_restore"), "-d", target.url("postgres", COPY)],
        cwd="/",
        input=dumped.stdout,
        capture_output=True,
        check=False,
    )
    assert restored.returncode == 0, restored.stderr.decode()[-2000:]
