"""Children: started so that they cannot outlive us, stopped in order, and found again when they did."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from kimono.supervisor.accounts import Account
from kimono.supervisor.home import Home

_PR_SET_PDEATHSIG = 1
_LARGEST_LOG = 5 * 1024 * 1024
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


@dataclass(frozen=True)
class Program:
    """What to run: its name on the console, its command, and how it likes to be stopped."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] | None = None
    folder: Path = Path("/")
    account: Account | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    grace_seconds: float = 15.0


class Child:
    """A running program, in a session of its own so that Ctrl-C reaches the supervisor alone."""

    def __init__(self, program: Program, home: Home) -> None:
        self.program = program
        self.log = home.logs / f"{program.name}.log"
        self._record = home.pids / program.name
        self._process: subprocess.Popen[bytes] | None = None
        self.started_at = 0.0

    def start(self) -> None:
        """Start the program; to be called from the main thread, whose end is what ends the child."""
        program = self.program
        _turn_over(self.log)
        with self.log.open("ab") as out:
            self._process = subprocess.Popen(
                program.command,
                cwd=program.folder,
                env=dict(program.environment) if program.environment is not None else None,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                # The supervisor has one thread, and the function touches no lock.
                preexec_fn=bound_to(os.getpid(), program.stop_signal),
                user=program.account.uid if program.account else None,
                group=program.account.gid if program.account else None,
                extra_groups=[] if program.account else None,
            )
        self.started_at = time.monotonic()
        self._record.write_text(f"{self._process.pid} {_born(self._process.pid)}\n")

    @property
    def pid(self) -> int | None:
        """Return the process id, or None before the first start."""
        return self._process.pid if self._process else None

    def ended(self) -> int | None:
        """Return the exit status, or None while it runs; -N for a death by signal N."""
        return self._process.poll() if self._process else None

    @property
    def runs(self) -> bool:
        """Tell whether it is alive."""
        return self._process is not None and self._process.poll() is None

    def ask_to_stop(self) -> None:
        """Send it the signal it likes, and return at once."""
        if self._process is not None and self.runs:
            self._process.send_signal(self.program.stop_signal)

    def stop(self, *, seconds: float | None = None, hurry: Callable[[], bool] = lambda: False) -> None:
        """Stop it and all it started; after the grace, or when `hurry()` says so, without asking."""
        process = self._process
        if process is None:
            return
        self.ask_to_stop()
        until = time.monotonic() + (self.program.grace_seconds if seconds is None else seconds)
        while process.poll() is None and time.monotonic() < until and not hurry():
            time.sleep(0.02)
        _kill_group(process.pid)
        process.wait()
        self._record.unlink(missing_ok=True)

    def last_lines(self, count: int = 20) -> str:
        """Return the end of its log."""
        with contextlib.suppress(OSError):
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-count:])
        return ""


def bound_to(parent: int, stop_signal: signal.Signals) -> Callable[[], None]:
    """Return what the child does between fork and exec: ask the kernel to stop it when its parent dies."""

    def bind() -> None:
        if _libc is not None:
            _libc.prctl(_PR_SET_PDEATHSIG, int(stop_signal), 0, 0, 0)
            if os.getppid() != parent:
                os._exit(1)

    return bind


def _kill_group(group: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def _turn_over(log: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        if log.stat().st_size > _LARGEST_LOG:
            log.replace(log.with_suffix(".1.log"))


def _born(pid: int) -> str:
    """Return when a process started, in the system's own words, or "" if there is none: a pid alone is reused."""
    try:
        # The name in parentheses may hold spaces; the start time is the 20th field after it (proc(5), field 22).
        text = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return "" if text[0] == "Z" else text[19]
    except FileNotFoundError:
        if sys.platform == "linux":
            return ""
    found = subprocess.run(
        ["ps", "-o", "lstart=", "-p", str(pid)],
        capture_output=True,
        text=True,
        check=False,
    )
    return "_".join(found.stdout.split())


def end_leftovers(home: Home, *, seconds: float = 10.0) -> list[str]:
    """End what an earlier supervisor left behind when it was killed; return the names of what was still there.

    To be called under the home's lock only: then nothing in its records can belong to a living supervisor.
    """
    left: list[tuple[Path, int, str]] = []
    for record in sorted(home.pids.iterdir()):
        number, _, birth = record.read_text().strip().partition(" ")
        if number.isdecimal() and birth and _born(int(number)) == birth:
            left.append((record, int(number), birth))
        else:
            record.unlink()
    # INT is the one signal that every one of our programs takes as "stop now, and properly".
    for _, pid, _ in left:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGINT)
    until = time.monotonic() + seconds
    for record, pid, born in left:
        while _born(pid) == born and time.monotonic() < until:
            time.sleep(0.05)
        _kill_group(pid)
        record.unlink(missing_ok=True)
    return [record.name for record, _, _ in left]
