"""The whole product in one foreground process: servers, migrations, demo content, web and worker."""

import contextlib
import json
import os
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from kimono.lib import printing
from kimono.supervisor import services
from kimono.supervisor.home import Home
from kimono.supervisor.processes import Child, Program, end_leftovers
from kimono.supervisor.refusals import Refused
from kimono.supervisor.stamps import code_stamp
from kimono.supervisor.stopping import Stopping
from kimono.supervisor.watching import Watch

CHECKOUT = Path(__file__).resolve().parent.parent.parent
HOST = "127.0.0.1"
READY_SECONDS = 120.0
_STAMP = "prepared_stamp"


def run(home: Home, *, stopping: Stopping, say: Callable[[str], None]) -> None:
    """Run the demo until it is asked to stop. Raises `StopAsked` then, `Refused` when it cannot go on."""
    begun = time.monotonic()
    port = _port(os.environ.get("PORT") or "8000")
    with home.made().locked():
        for name in end_leftovers(home):
            say(f"{name} was left over from a start that was killed; it has been stopped.")
        _check_free(port)
        first = not (home.path / "postgres_prepared").exists()
        say(f"Kimono starts in {home.path}" + (" for the first time; this takes a moment." if first else "."))
        with services.started(home, environment=os.environ, stopping=stopping) as servers:
            if servers.postgres and not servers.postgres.data.is_relative_to(home.path):
                say(
                    f"Its servers may not enter that folder; their data lies in {servers.postgres.data.parent}."
                )
            environment = _environment(home, port) | servers.addresses.environment()
            if not _is_prepared(home, environment, ours=servers.postgres is not None):
                _prepare(home, environment, stopping, say)
            with _running(home, environment, port, stopping) as (web, worker):
                watch = Watch(say)
                watch.over(*servers.children, web, worker)
                _await_ready(port, watch, stopping, web)
                say(f"Ready after {time.monotonic() - begun:.1f} s.")
                _announce(home, say)
                watch.until_asked_to_stop(stopping)


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise Refused(f"PORT={text} is not a port; choose a number from 1 to 65535.")
    return int(text)


def _check_free(port: int) -> None:
    with contextlib.closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise Refused(
                f"Port {port} cannot be used ({error.strerror}); choose another with PORT=…."
            ) from error


def _environment(home: Home, port: int) -> dict[str, str]:
    """Return the children's environment: what the user set wins, but for the folder and the port."""
    environment = dict(os.environ)
    environment.setdefault("KIMONO_PROFILE", "demo")
    if environment["KIMONO_PROFILE"] in ("demo", "dev"):
        environment.setdefault("KIMONO_OPEN_API", "1")
    if not environment.get("KIMONO_SECRET_KEY"):
        environment["KIMONO_SECRET_KEY"] = home.secret_key()
    return environment | {
        "KIMONO_HOME": str(home.path),
        "KIMONO_BIND": HOST,
        "PORT": str(port),
        "DJANGO_SETTINGS_MODULE": "kimono.settings",
        "PYTHONUNBUFFERED": "1",
        "DO_NOT_TRACK": "1",
    }


def _is_prepared(home: Home, environment: dict[str, str], *, ours: bool) -> bool:
    """Tell whether the last preparation that succeeded still holds; a database of the user's own is always asked."""
    stamp = home.path / _STAMP
    holds = ours and stamp.exists() and home.demo_file.exists() and (home.path / "static").is_dir()
    return holds and stamp.read_text() == _stamp_of(home, environment)


def _stamp_of(home: Home, environment: dict[str, str]) -> str:
    """Return a name for the code, and for the cluster that it prepares."""
    cluster = home.path / "postgres_prepared"
    return f"{code_stamp(CHECKOUT, environment)} {cluster.read_text() if cluster.exists() else ''}"


def _prepare(
    home: Home,
    environment: dict[str, str],
    stopping: Stopping,
    say: Callable[[str], None],
) -> None:
    """Bring database, static files and demo content up to date, in one process as the tables' owner."""
    owner = environment | {"DATABASE_URL": environment["DATABASE_OWNER_URL"]}
    command = (sys.executable, "-m", "kimono.supervisor.preparing")
    child = Child(Program("prepare", command, environment=owner, folder=CHECKOUT), home)
    stamp = _stamp_of(home, environment)
    (home.path / _STAMP).unlink(missing_ok=True)
    say("Preparing database, static files and demo content …")
    child.start()
    try:
        while child.runs:
            stopping.pause(0.05)
        if child.ended():
            raise Refused(f"The preparation failed; see {child.log}:\n{child.last_lines()}")
        (home.path / _STAMP).write_text(stamp)
    finally:
        child.stop()


@contextlib.contextmanager
def _running(
    home: Home, environment: dict[str, str], port: int, stopping: Stopping
) -> Iterator[tuple[Child, Child]]:
    """Start web and worker, and stop both at once at the end of the block."""
    web, worker = (
        Child(_web(environment, port), home),
        Child(_worker(environment), home),
    )
    try:
        web.start()
        worker.start()
        yield web, worker
    finally:
        web.ask_to_stop()
        worker.ask_to_stop()
        web.stop(hurry=stopping.impatient)
        worker.stop(hurry=stopping.impatient)


def _web(environment: dict[str, str], port: int) -> Program:
    # The owner's address is for those who change the structure; web processes never do.
    without_owner = {key: value for key, value in environment.items() if key != "DATABASE_OWNER_URL"}
    return Program("web", web_command(port), environment=without_owner, folder=CHECKOUT)


def web_command(port: int, host: str = HOST) -> tuple[str, ...]:
    """Return the command of the web server."""
    return (
        *(
            sys.executable,
            "-m",
            "uvicorn",
            "kimono.asgi:application",
            "--host",
            host,
            "--port",
            str(port),
        ),
        *("--ws", "kimono.upgrading:Sockets"),
        *(
            "--ws-max-size",
            "65536",
            "--ws-ping-interval",
            "20",
            "--ws-ping-timeout",
            "20",
        ),
        *("--timeout-graceful-shutdown", "25", "--no-access-log", "--no-server-header"),
        # Which proxy may name the client is decided in one place, by KIMONO_TRUSTED_PROXIES.
        "--no-proxy-headers",
    )


def _worker(environment: dict[str, str]) -> Program:
    return Program("worker", worker_command(), environment=environment, folder=CHECKOUT)


def worker_command() -> tuple[str, ...]:
    """Return the command of the worker, which carries the scheduler with it."""
    return (
        *(
            sys.executable,
            "-m",
            "celery",
            "-A",
            "kimono.celery",
            "worker",
            "-P",
            "prefork",
            "-c",
            "2",
        ),
        *(
            "-Q",
            "chat,ingest,bulk,beat",
            "--without-gossip",
            "--without-mingle",
            "--without-heartbeat",
        ),
        *("--loglevel", "INFO"),
    )


def is_ready(port: int) -> bool:
    """Tell whether the first question can be asked."""
    try:
        with urllib.request.urlopen(f"http://{HOST}:{port}/readyz", timeout=3) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _await_ready(port: int, watch: Watch, stopping: Stopping, web: Child) -> None:
    until = time.monotonic() + READY_SECONDS
    while not is_ready(port):
        watch.look()
        if time.monotonic() > until:
            raise Refused(f"The web server is not ready after {READY_SECONDS:g} s; see {web.log}.")
        stopping.pause(0.1)


def _announce(home: Home, say: Callable[[str], None]) -> None:
    """Print where to go and who to be, as the demo's file says it."""
    try:
        told = json.loads(home.demo_file.read_text())
    except (OSError, ValueError) as error:
        raise Refused(f"{home.demo_file} cannot be read: {error}.") from error
    for line in [*announcement(told), *printing.missing()]:
        say(line)
    say(f"The same is in {home.demo_file}; logs are in {home.logs}. Ctrl-C stops everything.")


def announcement(told: dict[str, Any]) -> list[str]:
    """Return the lines for the terminal from what `demo.json` holds (api.md 17 lists its fields)."""
    base, platform = told["base_url"], told["platform"]
    lines = [
        "",
        f"  Platform   {base}/admin/   {platform['username']} / {platform['password']}",
    ]
    for tenant in told["tenants"]:
        host, admin = tenant["host"], tenant["admin"]
        lines += [
            "",
            f"  {tenant['slug']}",
            f"    chat     {_at(base, host)}/chat/",
            f"    admin    {_at(base, host)}/admin/   {admin['username']} / {admin['password']}",
            *(
                f"    agent    {_at(base, host)}/workbench/   {agent['username']} / {agent['password']}"
                for agent in tenant.get("agents", [])
            ),
            f"    API key  {tenant['api_key']}",
        ]
    return [*lines, ""]


def _at(base: str, host: str) -> str:
    """Return the address of a host of a tenant; the port is the platform's unless the host names one."""
    scheme, _, rest = base.partition("://")
    port = rest.partition(":")[2]
    return f"{scheme}://{host}" + (f":{port}" if port and ":" not in host else "")
