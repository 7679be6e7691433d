"""A client of sockets before a real server: it reads frames in order and answers signs of life."""

import contextlib
import json
import socket
import time
from collections.abc import Iterator
from typing import Any

from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.fixtures.servers import Servers

PATIENCE_SECONDS = 30.0
Frame = dict[str, Any]


class Line:
    """One open socket."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.seen: list[Frame] = []

    def send(self, kind: str, **fields: Any) -> None:
        """Send one frame."""
        self.connection.send(json.dumps({"type": kind, **fields}))

    def next(self, *, seconds: float = PATIENCE_SECONDS) -> Frame:
        """Return the next frame; raises `TimeoutError`, `ConnectionClosed`."""
        frame: Frame = json.loads(self.connection.recv(timeout=seconds))
        self.seen.append(frame)
        if frame["type"] == "ping":
            self.send("pong")
            return self.next(seconds=seconds)
        return frame

    def until(self, kind: str, *, seconds: float = PATIENCE_SECONDS, **wanted: Any) -> Frame:
        """Return the first frame of a type with these fields; fails with what came instead."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                frame = self.next(seconds=max(0.01, end - time.monotonic()))
            except TimeoutError:
                break
            if frame["type"] == kind and all(frame.get(name) == value for name, value in wanted.items()):
                return frame
        raise AssertionError(f"no {kind} {wanted} came, but {[each['type'] for each in self.seen]}")

    def saw(self, kind: str, **wanted: Any) -> Frame:
        """Return the last frame of a type with these fields that has come, or the first one to come."""
        for frame in reversed(self.seen):
            if frame["type"] == kind and all(frame.get(name) == value for name, value in wanted.items()):
                return frame
        return self.until(kind, **wanted)

    def say(self, content: str, own_id: str, **more: Any) -> Frame:
        """Send a message and return its `ack`."""
        self.send("send", id=own_id, client_message_id=own_id, content=content, **more)
        return self.until("ack", id=own_id)

    def ended(self, *, seconds: float = PATIENCE_SECONDS) -> int | None:
        """Read to the end of the socket and return its close code."""
        end = time.monotonic() + seconds
        try:
            while time.monotonic() < end:
                self.next(seconds=max(0.01, end - time.monotonic()))
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd is not None else None
        raise AssertionError(f"the socket is still open after {[each['type'] for each in self.seen]}")

    def kill(self) -> None:
        """Cut the connection without a word, as a lost network does."""
        self.connection.socket.shutdown(socket.SHUT_RDWR)
        self.connection.socket.close()


def address(servers: Servers, path: str, tenant: Any = None) -> str:
    """Return the address of a socket on a merchant's host, or on the platform's."""
    host = servers.host(tenant) if tenant is not None else f"127.0.0.1:{servers.port}"
    return f"ws://{host}{path}"


@contextlib.contextmanager
def opened(
    servers: Servers,
    path: str,
    tenant: Any = None,
    *,
    key: str | None = None,
    headers: dict[str, str] | None = None,
    origin: str | None = None,
    subprotocols: list[str] | None = None,
) -> Iterator[Line]:
    """Open a socket inside the block; raises `InvalidStatus` when it is refused before it opens."""
    given = {**(headers or {}), **({"X-API-Key": key} if key else {})}
    with connect(
        address(servers, path, tenant),
        sock=socket.create_connection(("127.0.0.1", servers.port)),
        additional_headers=given,
        origin=origin,  # type: ignore[arg-type]
        subprotocols=subprotocols,  # type: ignore[arg-type]
        open_timeout=PATIENCE_SECONDS,
        close_timeout=5,
        max_size=2**22,
    ) as connection:
        yield Line(connection)


def refused(servers: Servers, path: str, tenant: Any = None, **how: Any) -> int | None:
    """Return the HTTP status with which a socket is refused, None when it opens."""
    try:
        with opened(servers, path, tenant, **how):
            return None
    except InvalidStatus as error:
        return error.response.status_code
