"""The bundled Redis: a doorbell and a cache, on a socket that only we reach."""

import contextlib
import signal
import socket
from dataclasses import dataclass
from pathlib import Path

from kimono.supervisor.accounts import Account
from kimono.supervisor.processes import Program


@dataclass(frozen=True)
class Redis:
    """One server: its data, its socket, its program."""

    data: Path
    sockets: Path
    binary: Path
    account: Account | None = None
    lasting: bool = True
    databases: int = 16

    @property
    def socket(self) -> Path:
        """Return the path of the socket."""
        return self.sockets / "redis.sock"

    def url(self, database: int = 0) -> str:
        """Return the address of one of its databases; the settings count the other purposes up from it."""
        return f"unix://{self.socket}?db={database}"

    def program(self) -> Program:
        """Return how to run the server: no port, one socket, and every second a write to disk."""
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.data),
            "appendonly": "yes" if self.lasting else "no",
            "appendfsync": "everysec",
            "save": "",
            "databases": str(self.databases),
            "maxmemory": "256mb",
            # A queue must not lose what it holds: writing fails instead.
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
        }
        arguments = [part for key, value in options.items() for part in (f"--{key}", value)]
        return Program(
            name="redis",
            command=(str(self.binary), *arguments),
            account=self.account,
            stop_signal=signal.SIGTERM,
        )

    def answers(self) -> bool:
        """Tell whether the server has read its data and answers."""
        with (
            contextlib.suppress(OSError),
            socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection,
        ):
            connection.settimeout(1)
            connection.connect(str(self.socket))
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
        return False
