"""The parent's side of parsing in a child process."""

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import kimono
from kimono.providers.parsing.child import too_much_memory
from kimono.providers.parsing.errors import ParserKilled, ParsingStopped, UnreadableFile, error_from_json
from kimono.providers.parsing.shapes import Limits, Parsed, Progress

_TICK_SECONDS = 0.2
_ROOT = Path(kimono.__file__).resolve().parent.parent
_PROVIDERS = Path(__file__).resolve().parent.parent
# The child needs this package alone: its parent package would load every vendor's client, and that costs a second.
_START = (
    "import sys, types; package = types.ModuleType('kimono.providers'); package.__path__ = [sys.argv[1]];"
    " sys.modules['kimono.providers'] = package; from kimono.providers.parsing.child import main; main()"
)


def parse_in_child(
    path: Path,
    name: str,
    limits: Limits | None = None,
    on_progress: Progress | None = None,
    should_stop: Callable[[], bool] | None = None,
    *,
    media_dir: Path | None = None,
    on_ocr: Callable[[], None] | None = None,
) -> Parsed:
    """Return what `parse` returns for the file at `path`, and raise what it raises.

    The child has limited memory and time, no network where the kernel allows it, and an environment without secrets; it
    dies with this process. `on_progress(done, total)` is called as the file is read, `on_ocr()` when OCR begins;
    `should_stop()` is asked about five times a second, and its True kills the child and raises `ParsingStopped`. A child
    that is killed by a limit or crashes makes an `UnreadableFile` that says so; one that somebody else has killed raises
    `ParserKilled`. Blocks; call it from a thread or a worker.
    """
    limits = limits or Limits()
    with tempfile.TemporaryDirectory(prefix="kimono-parse-") as folder, _child(Path(folder)) as child:
        result = Path(folder) / "result.json"
        request = {
            "path": str(path.resolve()),
            "name": name,
            "limits": limits.to_json(),
            "media_dir": str(media_dir.resolve()) if media_dir else None,
            "result": str(result),
            "parent": os.getpid(),
        }
        _send(child, json.dumps(request))
        _follow(child, limits, on_progress, on_ocr, should_stop)
        used = _end(child)
        if not result.exists():
            if child.returncode == -signal.SIGKILL and used < limits.cpu_seconds:
                raise ParserKilled
            raise UnreadableFile(_reason(child.returncode, limits))
        answer = json.loads(result.read_text(encoding="utf-8"))
    if "error" in answer:
        raise error_from_json(answer["error"])
    return Parsed.from_json(answer["parsed"])


@contextlib.contextmanager
def _child(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Start the child in a session of its own; whatever happens, it and what it started are gone afterwards."""
    process = subprocess.Popen(
        [sys.executable, "-s", "-c", _START, str(_PROVIDERS)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        env=_environment(folder),
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()


def _end(child: subprocess.Popen[bytes]) -> float:
    """Wait for the end of the child and return the seconds of computing that it took."""
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_utime + usage.ru_stime


def _environment(folder: Path) -> dict[str, str]:
    """Return an environment with nothing of this one's but where programs are: no keys, no addresses, no proxies.

    Numeric libraries start one thread, because each thread's stack counts against the memory limit.
    """
    return {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        "PYTHONPATH": str(_ROOT),
        "PYTHONUTF8": "1",
        "LANG": "C.UTF-8",
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MALLOC_ARENA_MAX": "2",
        "DO_NOT_TRACK": "1",
    }


def _send(child: subprocess.Popen[bytes], request: str) -> None:
    assert child.stdin is not None
    with contextlib.suppress(BrokenPipeError):
        child.stdin.write(request.encode() + b"\n")
        child.stdin.close()


def _follow(
    child: subprocess.Popen[bytes],
    limits: Limits,
    on_progress: Progress | None,
    on_ocr: Callable[[], None] | None,
    should_stop: Callable[[], bool] | None,
) -> None:
    """Pass progress on until the child closes its output; raise when it takes too long or is to stop."""
    assert child.stdout is not None
    deadline = time.monotonic() + limits.wall_seconds
    pending = b""
    with selectors.DefaultSelector() as selector:
        selector.register(child.stdout, selectors.EVENT_READ)
        while True:
            if selector.select(_TICK_SECONDS):
                piece = _read(child.stdout)
                if not piece:
                    return
                *lines, pending = (pending + piece).split(b"\n")
                _pass_on(lines, on_progress, on_ocr)
            if should_stop is not None and should_stop():
                raise ParsingStopped
            if time.monotonic() > deadline:
                raise UnreadableFile(_too_long(limits.wall_seconds))


def _read(pipe: IO[bytes]) -> bytes:
    return os.read(pipe.fileno(), 65536)


def _pass_on(lines: list[bytes], on_progress: Progress | None, on_ocr: Callable[[], None] | None) -> None:
    """Report OCR, and the newest of several progress lines; anything else a parser prints is ignored."""
    steps = [step for line in lines if (step := _step(line)) is not None]
    if on_ocr is not None and "ocr" in steps:
        on_ocr()
    places = [step for step in steps if isinstance(step, tuple)]
    if on_progress is not None and places:
        on_progress(*places[-1])


def _step(line: bytes) -> tuple[int, int] | str | None:
    with contextlib.suppress(ValueError, KeyError, TypeError):
        step = json.loads(line)
        return str(step["stage"]) if "stage" in step else (int(step["done"]), int(step["total"]))
    return None


def _reason(status: int, limits: Limits) -> str:
    """Return in plain words why the child left no result."""
    if -status in (signal.SIGXCPU, signal.SIGKILL):
        return _too_long(limits.cpu_seconds)
    if -status in (signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS):
        return "the file makes its parser fail; it may be damaged, or " + too_much_memory(limits.memory_bytes)
    return "the file could not be read; its parser stopped without an answer"


def _too_long(seconds: float) -> str:
    return f"reading the file takes longer than {seconds:g} seconds; split it into smaller files"
