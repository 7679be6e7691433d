"""Parse a file in a process of its own, which a hostile file may fill, stall or crash without harm to anyone.

The child reads one request as JSON from its standard input, writes progress lines to its standard output and the result
to a file in a folder of its own. It limits itself before it imports a parser.
"""

import ctypes
import json
import os
import resource
import signal
import sys
from pathlib import Path
from typing import Any

_PR_SET_PDEATHSIG = 1
_CLONE_NEWNET = 0x40000000
_CLONE_NEWUSER = 0x10000000
_MAX_RESULT_BYTES = 1024 * 1024 * 1024
_RESERVE_BYTES = 256 * 1024 * 1024


def main() -> None:
    """Serve the one request on standard input; the exit status is 0 whenever a result was written."""
    request: dict[str, Any] = json.loads(sys.stdin.readline())
    confine(parent=request["parent"], limits=request["limits"])
    answer = _answer(request)
    target = Path(request["result"])
    partial = target.with_suffix(".part")
    partial.write_text(json.dumps(answer, ensure_ascii=False), encoding="utf-8", errors="replace")
    partial.rename(target)


def confine(*, parent: int, limits: dict[str, Any]) -> None:
    """Give this process its limits for good: memory and time of `limits`, no network, dead when `parent` dies."""
    _bind_to_parent(parent)
    _limit(limits)
    _cut_network()


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    """Return {"parsed": …} or {"error": …}; running out of memory is an error like another."""
    from kimono.providers.parsing.errors import ParseError, UnreadableFile
    from kimono.providers.parsing.parse import parse
    from kimono.providers.parsing.shapes import Limits

    limits = Limits(**request["limits"])
    try:
        media = request["media_dir"]
        parsed = parse(
            Path(request["path"]),
            name=request["name"],
            limits=limits,
            media_dir=Path(media) if media else None,
            on_progress=_report,
            on_ocr=_report_ocr,
        )
        return {"parsed": parsed.to_json()}
    except ParseError as error:
        return {"error": error.to_json()}
    except MemoryError:
        # The answer has to be made with what the parser left behind.
        _release()
        return {"error": UnreadableFile(too_much_memory(limits.memory_bytes)).to_json()}


def too_much_memory(limit: int) -> str:
    """Return the words for a file whose parsing needs more memory than `limit` bytes."""
    return f"reading the file needs more than {limit // (1024 * 1024)} MiB of memory; split it into smaller files"


def _report(done: int, total: int) -> None:
    sys.stdout.write(json.dumps({"done": done, "total": total}) + "\n")
    sys.stdout.flush()


def _report_ocr() -> None:
    sys.stdout.write('{"stage": "ocr"}\n')
    sys.stdout.flush()


def _bind_to_parent(parent: int) -> None:
    """Let the kernel kill this process when its parent dies, and leave at once if that has happened already."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _limit(limits: dict[str, Any]) -> None:
    memory, seconds = int(limits["memory_bytes"]), int(limits["cpu_seconds"])
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory + _RESERVE_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 2))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_MAX_RESULT_BYTES, _MAX_RESULT_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _release() -> None:
    """Open the reserve above the memory limit, so that the refusal itself can be written."""
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (hard, hard))


def _cut_network() -> None:
    """Move into a network namespace without any interface, where the kernel lets this process do so.

    A privileged process may do it directly, another one inside a user namespace of its own; where neither is allowed the
    parsers still have no reason and no address to call.
    """
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.unshare(_CLONE_NEWNET) != 0:
            libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET)


if __name__ == "__main__":
    main()
