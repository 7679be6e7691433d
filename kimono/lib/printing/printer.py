"""The parent's side of printing."""

import os
import subprocess
import sys
import tempfile
from ctypes.util import find_library
from pathlib import Path

import kimono
from kimono.lib.errors import Unavailable
from kimono.lib.printing.child import BROKEN, NO_FONT, NO_LIBRARY
from kimono.lib.printing.fonts import FontMissing, find

# Of the processor and of the clock: a busy machine needs longer for the same work.
CPU_SECONDS, SECONDS = 30, 60
_ROOT = Path(kimono.__file__).resolve().parent.parent
# Where programs, libraries and fonts are; no key, no address and no proxy goes along.
_KEPT = (
    "PATH",
    "HOME",
    "XDG_CACHE_HOME",
    "FONTCONFIG_FILE",
    "FONTCONFIG_PATH",
    "LD_LIBRARY_PATH",
    "DYLD_FALLBACK_LIBRARY_PATH",
)
_MISSING = {
    NO_LIBRARY: (
        "PDF files need the Pango library, which is not installed on the server."
        " On Debian or Ubuntu: apt-get install libpango-1.0-0 libpangoft2-1.0-0. Other formats work without it."
    ),
    NO_FONT: str(FontMissing.detail),
}


class PrinterMissing(Unavailable):
    """Something that the system has to bring is not there; the text says what to install."""


class TookTooLong(Unavailable):
    """The pages were not laid out in time."""

    detail = "Laying out the pages took too long."


def missing() -> list[str]:
    """Return what the system lacks for PDF and Word files, each with what to install; usually nothing."""
    lacks = []
    # Elsewhere libraries lie where this search does not look; there the first file that is asked for says it.
    if sys.platform == "linux" and not (find_library("pango-1.0") and find_library("pangoft2-1.0")):
        lacks.append(_MISSING[NO_LIBRARY])
    try:
        find()
    except FontMissing:
        lacks.append(_MISSING[NO_FONT])
    return lacks


def print_pdf(html: str, *, seconds: float = SECONDS) -> bytes:
    """Return the pages of an HTML document as PDF with its fonts inside.

    Only `data:` addresses are followed. Blocks for a second or more: call it from a thread. Raises `PrinterMissing`
    when Pango or a font for the text's Chinese characters is missing, `TookTooLong`, and `RuntimeError` for HTML that
    cannot be laid out.
    """
    environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
    with tempfile.TemporaryDirectory(prefix="kimono-print-") as folder:
        try:
            done = subprocess.run(
                [sys.executable, "-s", "-m", "kimono.lib.printing.child", str(os.getpid()), str(CPU_SECONDS)],
                input=html.encode("utf-8", "replace"),
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=folder,
                env={**environment, "PYTHONPATH": str(_ROOT), "PYTHONUTF8": "1", "TMPDIR": folder},
                start_new_session=True,
                timeout=seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise TookTooLong from None
    if done.returncode == 0:
        return done.stdout
    if done.returncode in _MISSING:
        raise PrinterMissing(_MISSING[done.returncode], retry_after=3600)
    if done.returncode == BROKEN:
        raise RuntimeError("the pages could not be laid out")
    # Killed by its own limit of time or memory.
    raise TookTooLong
