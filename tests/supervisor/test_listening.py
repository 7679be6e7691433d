"""A web server that asks for no keys is for this machine alone, whoever started it."""

import os
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from kimono.lib.environment import Environment
from tests.fixtures.running import CHECKOUT, Run
from tests.fixtures.servers import free_port

pytestmark = pytest.mark.django_db(transaction=True)


def start(
    run: Run, worker: str, log: Path, host: str, port: int, **environment: str
) -> subprocess.Popen[bytes]:
    with log.open("wb") as out:
        return subprocess.Popen(
            [sys.executable, "-m", "uvicorn", "kimono.asgi:application", "--host", host, "--port", str(port)],
            cwd=CHECKOUT,
            env=os.environ | run.environment(worker) | {"KIMONO_PROFILE": "dev"} | environment,
            stdout=out,
            stderr=subprocess.STDOUT,
        )


@pytest.mark.parametrize("name", ["KIMONO_OPEN_API", "KIMONO_DEMO_API_KEY"])
def test_it_ends_when_others_could_reach_it(name: str, run: Run, worker: str, tmp_path: Path) -> None:
    server = start(run, worker, tmp_path / "log", "0.0.0.0", free_port(), **{name: "1"})
    try:
        assert server.wait(60) == 1
    finally:
        server.kill()
    assert "need a loopback address to bind to, not 0.0.0.0" in (tmp_path / "log").read_text()


@pytest.mark.parametrize(("host", "environment"), [("127.0.0.1", {"KIMONO_OPEN_API": "1"}), ("0.0.0.0", {})])
def test_it_serves_this_machine_or_whoever_has_a_key(
    host: str, environment: dict[str, str], run: Run, worker: str, tmp_path: Path
) -> None:
    port = free_port()
    server = start(run, worker, tmp_path / "log", host, port, **environment)
    try:
        until = time.monotonic() + 60
        while True:
            try:
                answer = httpx.get(f"http://127.0.0.1:{port}/api/v1/system/live")
                break
            except httpx.TransportError:
                assert server.poll() is None, (tmp_path / "log").read_text()
                assert time.monotonic() < until
                time.sleep(0.1)
        assert answer.status_code == 200
        assert server.poll() is None
    finally:
        server.kill()
        server.wait()


def test_the_environment_says_whether_it_needs_loopback() -> None:
    assert not Environment(kimono_profile="demo").needs_loopback
    assert Environment(kimono_profile="demo", kimono_open_api=True).needs_loopback
    assert Environment(kimono_profile="demo", kimono_demo_api_key="x").needs_loopback
