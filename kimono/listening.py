"""Where this process listens, whoever told it to: open mode must not be reached from other machines (api.md 2.5)."""

import asyncio
import logging
import os
import socket
import stat
from pathlib import Path

from kimono.lib.addresses import is_loopback

log = logging.getLogger(__name__)
_DESCRIPTORS = Path("/dev/fd")
_PAUSE_SECONDS = 0.05
# A server behind a socket of the file system binds none at all.
_TRIES = 600


def doors() -> list[str]:
    """Return the addresses of the TCP sockets on which this process takes connections."""
    found = []
    for name in os.listdir(_DESCRIPTORS):
        try:
            if not stat.S_ISSOCK(os.fstat(int(name)).st_mode):
                continue
            with socket.socket(fileno=os.dup(int(name))) as door:
                inet = door.family in (socket.AF_INET, socket.AF_INET6)
                if inet and door.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                    found.append(str(door.getsockname()[0]))
        except OSError:
            # Closed since the directory was read, the directory's own descriptor among them.
            continue
    return found


def refusal() -> str | None:
    """Return why this process must not go on without asking for keys, or None."""
    if outside := [address for address in doors() if not is_loopback(address)]:
        return (
            f"KIMONO_OPEN_API and KIMONO_DEMO_API_KEY need a loopback address to bind to, not {outside[0]}."
        )
    return None


def check() -> None:
    """End the process when it can be reached from other machines."""
    if (reason := refusal()) is not None:
        log.critical(reason)
        # The server would catch an exception and go on serving.
        os._exit(1)


async def watch() -> None:
    """Check as soon as the server has bound its sockets, which it does only after it was told to start."""
    for _ in range(_TRIES):
        if doors():
            check()
            return
        await asyncio.sleep(_PAUSE_SECONDS)
