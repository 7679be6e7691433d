"""Lays out HTML as PDF: reads it from standard input, writes the file to standard output, says by its status why not.

The child limits itself and leaves the network before it loads the library, so that neither a hostile text nor a gap in
the library's own fetcher reaches anything.
"""

import ctypes
import logging
import os
import resource
import signal
import sys
from typing import Any

NO_LIBRARY, NO_FONT, BROKEN = 3, 4, 5
_MEMORY_BYTES = 2 * 1024 * 1024 * 1024
_MOST_BYTES = 256 * 1024 * 1024
_PR_SET_PDEATHSIG = 1
_CLONE_NEWNET = 0x40000000
_CLONE_NEWUSER = 0x10000000
# The ideographs that every Chinese font has; rarer ones may be missing without spoiling a page.
_FIRST_HAN, _LAST_HAN = 0x4E00, 0x9FA5


class _Missing(logging.Handler):
    """Notes which Chinese characters the layout found no font for."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[int] = set()

    def emit(self, record: logging.LogRecord) -> None:
        arguments = record.args if isinstance(record.args, tuple) else ()
        self.found.update(
            each for each in arguments if isinstance(each, int) and _FIRST_HAN <= each <= _LAST_HAN
        )


def main(parent: int, seconds: int) -> int:
    """Serve the document on standard input and return the exit status."""
    _bind_to(parent)
    _limit(seconds)
    _cut_network()
    html = sys.stdin.buffer.read().decode("utf-8")
    # What the library has to say goes nowhere; what is not a PDF must not stand in the output.
    sys.stdout.flush()
    out = os.dup(1)
    os.dup2(2, 1)
    try:
        from weasyprint import HTML
    except OSError:
        return NO_LIBRARY
    missing = _Missing()
    logging.getLogger("weasyprint").addHandler(missing)
    try:
        pdf = HTML(string=html, base_url=None, url_fetcher=closed_fetcher()).write_pdf(pdf_tags=True)
    except Exception:
        return BROKEN
    if missing.found:
        return NO_FONT
    with os.fdopen(out, "wb") as target:
        target.write(pdf)
    return 0


def closed_fetcher() -> Any:
    """Return a fetcher that reads what an address itself holds, and follows none to a file or a host."""
    from weasyprint.urls import URLFetcher

    return URLFetcher(allowed_protocols={"data"}, allow_redirects=False)


def _bind_to(parent: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _limit(seconds: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 2))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_MOST_BYTES, _MOST_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _cut_network() -> None:
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.unshare(_CLONE_NEWNET) != 0:
            libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
