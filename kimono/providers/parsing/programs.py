"""Programs of the system that read what no library does; they run inside the limits of the process that calls them."""

import ctypes
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

_PR_SET_PDEATHSIG = 1
OCR_ADVICE = "install tesseract-ocr and tesseract-ocr-chi-sim on the server to have pictures read"


def find(*names: str) -> str | None:
    """Return the path of the first of these programs that is installed, None when none is."""
    return next((path for name in names if (path := shutil.which(name))), None)


def has_ocr() -> bool:
    """Tell whether there is a program that reads pictures."""
    return find("tesseract") is not None


def run(
    command: Sequence[str], *, seconds: float, stdin: bytes = b"", folder: Path | None = None
) -> bytes | None:
    """Return what a program prints; None when it fails, is not there or takes longer than `seconds`.

    The program dies with this process and sees nothing of its environment but where programs and their data are.
    """
    names = ("PATH", "HOME", "TMPDIR", "LANG", "TESSDATA_PREFIX")
    environment = {name: os.environ[name] for name in names if name in os.environ}
    try:
        done = subprocess.run(
            command,
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=seconds,
            check=True,
            cwd=folder,
            env={**environment, "OMP_THREAD_LIMIT": "1"},
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
