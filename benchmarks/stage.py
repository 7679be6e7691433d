"""Where a run takes place: a folder of its own, the whole demo in it, or its servers alone."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kimono.supervisor import services
from kimono.supervisor.accounts import account_for_servers
from kimono.supervisor.demo import is_ready, web_command
from kimono.supervisor.home import Home
from kimono.supervisor.postgres import APP, OWNER, Postgres
from kimono.supervisor.processes import Child, Program
from kimono.supervisor.stopping import Stopping

CHECKOUT = Path(__file__).resolve().parent.parent
START_SECONDS = 240.0
# A service that a figure times must not be slowed by what somebody set for their own servers.
_OURS = ("KIMONO_", "DATABASE_", "REDIS_", "DJANGO_", "PORT")


class Failed(Exception):
    """Something that a figure needs did not come up; the message holds the end of its log."""


@dataclass
class Stage:
    """One run's folder and the sizes of what it measures."""

    home: Home
    quick: bool = False
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def plans(self) -> Path:
        """Return the folder where processes of a run leave things for each other."""
        folder = self.home.path / "plans"
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder

    def addresses(self) -> services.Addresses:
        """Return where PostgreSQL and Redis of this folder are while they run."""
        account = account_for_servers(self.home.servers_folder(None) / "postgres")
        sockets = self.home.socket_folder(account)
        server = Postgres(data=Path(), sockets=sockets, programs=Path())
        return services.Addresses(server.url(APP), server.url(OWNER), f"unix://{sockets}/redis.sock?db=0")

    def process_environment(self, **more: str) -> dict[str, str]:
        """Return the environment of a process of the product on this run's servers, as the demo sets it."""
        return {
            **self.environment,
            **self.addresses().environment(),
            "KIMONO_PROFILE": "demo",
            "KIMONO_OPEN_API": "1",
            "KIMONO_SECRET_KEY": self.home.secret_key(),
            "KIMONO_HOME": str(self.home.path),
            "DJANGO_SETTINGS_MODULE": "kimono.settings",
            "PYTHONUNBUFFERED": "1",
            "DO_NOT_TRACK": "1",
            **more,
        }


@contextlib.contextmanager
def made(*, quick: bool) -> Iterator[Stage]:
    """Make a folder for a run and remove it at the end."""
    folder = Path(tempfile.mkdtemp(prefix="kimono-bench-")).resolve()
    environment = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    try:
        yield Stage(Home(folder).made(), quick=quick, environment=environment)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def free_port() -> int:
    """Return a port of the loopback address that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Demo:
    """The demo as it runs: the supervisor's process, and what `demo.json` says."""

    pid: int
    port: int
    told: dict[str, Any]

    def key(self, slug: str) -> str:
        """Return the API key of a merchant."""
        return str(next(tenant["api_key"] for tenant in self.told["tenants"] if tenant["slug"] == slug))


@contextlib.contextmanager
def demo(stage: Stage) -> Iterator[Demo]:
    """Run the whole demo in the stage's folder while the block lasts."""
    port = free_port()
    log = stage.home.logs / "demo.log"
    with log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "kimono.supervisor", "demo"],
            cwd=CHECKOUT,
            env={**stage.environment, "PORT": str(port), "KIMONO_HOME": str(stage.home.path)},
            stdout=out,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    try:
        until = time.monotonic() + START_SECONDS
        while not is_ready(port):
            if process.poll() is not None or time.monotonic() > until:
                raise Failed(f"the demo did not start:\n{log.read_text(errors='replace')[-3000:]}")
            time.sleep(0.2)
        yield Demo(process.pid, port, json.loads(stage.home.demo_file.read_text()))
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def servers(stage: Stage) -> Iterator[None]:
    """Run PostgreSQL and Redis alone, migrated, while the block lasts: nothing else is at work beside a figure."""
    with stage.home.locked(), services.started(stage.home, environment={}, stopping=Stopping()):
        run(stage, [sys.executable, "manage.py", "migrate_all"], as_owner=True)
        yield


@contextlib.contextmanager
def serving(
    stage: Stage,
    name: str,
    command: tuple[str, ...],
    *,
    port: int,
    ready: str,
    environment: Mapping[str, str],
) -> Iterator[int]:
    """Run a server of a figure while the block lasts; `ready` is the path that answers when it works."""
    child = Child(Program(name, command, environment=environment, folder=CHECKOUT), stage.home)
    child.start()
    try:
        until = time.monotonic() + START_SECONDS
        while not _answers(f"http://127.0.0.1:{port}{ready}"):
            if not child.runs or time.monotonic() > until:
                raise Failed(f"{name} did not start:\n{child.last_lines()}")
            time.sleep(0.1)
        assert child.pid is not None
        yield child.pid
    finally:
        child.stop()


@contextlib.contextmanager
def web(stage: Stage, *, environment: Mapping[str, str]) -> Iterator[int]:
    """Run the product's web server on this run's servers and return its port."""
    port = free_port()
    with_port = {**stage.process_environment(PORT=str(port)), **environment}
    with serving(stage, "bench-web", web_command(port), port=port, ready="/readyz", environment=with_port):
        yield port


@contextlib.contextmanager
def bare(stage: Stage, name: str, application: str, *, environment: Mapping[str, str]) -> Iterator[int]:
    """Run a bare ASGI application with the product's own server program and return its port."""
    port = free_port()
    command = (
        *(sys.executable, "-m", "uvicorn", application, "--host", "127.0.0.1", "--port", str(port)),
        *("--no-access-log", "--log-level", "warning"),
    )
    with serving(
        stage, name, command, port=port, ready="/ready", environment={**stage.environment, **environment}
    ):
        yield port


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=3) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def run(
    stage: Stage, command: list[str], *, as_owner: bool = False, seconds: float = 600.0, **more: str
) -> None:
    """Run a command on this run's servers. Raises `Failed` with the end of its output."""
    environment = stage.process_environment(KIMONO_LOG_LEVEL="WARNING", **more)
    if as_owner:
        environment["DATABASE_URL"] = environment["DATABASE_OWNER_URL"]
    try:
        done = subprocess.run(
            command,
            cwd=CHECKOUT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        raise Failed(f"{' '.join(command[1:4])} took longer than {seconds:g} s") from late
    if done.returncode:
        raise Failed(f"{' '.join(command[1:4])} failed:\n{done.stdout[-3000:]}")
