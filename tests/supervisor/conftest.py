"""A supervisor as a process, in a data folder of its own."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parent.parent.parent


class Supervisor:
    """A running supervisor, its lines, and what can be seen of it from outside."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    def line(self, start: str, *, seconds: float = 30) -> str:
        """Wait for a line that begins with `start` and return its rest."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            for line in list(self.lines):
                if line.startswith(start):
                    return line.removeprefix(start)
            if self.process.poll() is not None and not self._reader.is_alive():
                break
            time.sleep(0.02)
        raise AssertionError(f"no line {start!r} in {self.lines}")

    def wait(self, *, seconds: float = 30) -> int:
        """Wait for its end and return its status."""
        status = self.process.wait(timeout=seconds)
        self._reader.join(timeout=5)
        return status

    def stop(self) -> int:
        """Ask it to stop and return its status."""
        self.process.send_signal(signal.SIGTERM)
        return self.wait()


@pytest.fixture
def home() -> Iterator[Path]:
    """A data folder, under a path that every account may walk."""
    folder = Path(tempfile.mkdtemp(prefix="kimono-supervisor-"))
    folder.chmod(0o711)
    yield folder / "home"
    shutil.rmtree(folder)


@pytest.fixture
def supervise(home: Path) -> Iterator[Callable[..., Supervisor]]:
    """Return a function that starts a supervisor in `home`; extra environment by keyword."""
    begun: list[Supervisor] = []

    def start(*arguments: str, **environment: str) -> Supervisor:
        for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL"):
            environment.setdefault(name, "")
        process = subprocess.Popen(
            [sys.executable, "-m", "kimono.supervisor", *arguments],
            cwd=CHECKOUT,
            env=os.environ | {"KIMONO_HOME": str(home)} | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        begun.append(Supervisor(process))
        return begun[-1]

    yield start
    for supervisor in begun:
        if supervisor.process.poll() is None:
            supervisor.process.terminate()
            supervisor.process.wait(timeout=30)


def processes_of(folder: Path) -> list[int]:
    """Return the processes with `folder` in their command line, or with it as their current folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and int(entry.name) != os.getpid():
            try:
                command = (entry / "cmdline").read_bytes()
                place = os.readlink(entry / "cwd")
            except OSError:
                continue
            if str(folder).encode() in command or place.startswith(str(folder)):
                found.append(int(entry.name))
    return found


def await_none(folder: Path, *, seconds: float) -> list[int]:
    """Wait until no process of `folder` is left and return the ones that still are."""
    until = time.monotonic() + seconds
    while (left := processes_of(folder)) and time.monotonic() < until:
        time.sleep(0.05)
    return left
