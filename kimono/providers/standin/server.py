"""The stand-in on a real socket, in a thread of its own or as the main thing of a process."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from kimono.providers.standin.app import StandinApp
from kimono.providers.standin.connection import TRANSPORT, Receive, Scope, Send
from kimono.providers.standin.modes import Mode
from kimono.providers.standin.state import State

START_SECONDS = 10.0


class TransportProtocol(H11Protocol):
    """Uvicorn's protocol, which also shows the application its transport: a reset cannot be sent without."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Bind the application of this connection to its transport."""
        super().connection_made(transport)
        app = self.app

        async def with_transport(scope: Scope, receive: Receive, send: Send) -> None:
            scope[TRANSPORT] = transport
            await app(scope, receive, send)

        self.app = with_transport


@dataclass(frozen=True, slots=True)
class Standin:
    """A running stand-in."""

    base_url: str
    state: State

    def behave(self, mode: Mode | str, times: int | None = None) -> None:
        """Behave in this way from now on, or for the next `times` requests."""
        self.state.set_mode(Mode(mode), times)

    def log(self) -> list[dict[str, object]]:
        """Return all requests so far, oldest first."""
        return self.state.log()

    def clear(self) -> None:
        """Forget the requests and be good again."""
        self.state.clear()
        self.state.set_mode(Mode.OK)


def listening_socket(host: str, port: int) -> socket.socket:
    """Return a socket that listens; port 0 takes a free one."""
    # With the protocol named, asyncio turns off Nagle, which would hold back tokens for 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen(512)
    return listener


def base_url_of(listener: socket.socket) -> str:
    """Return the address clients are configured with."""
    host, port = listener.getsockname()[:2]
    return f"http://{host}:{port}/v1"


def new_server(state: State) -> uvicorn.Server:
    """Return a server for this state, not yet running."""
    config = uvicorn.Config(
        StandinApp(state),
        http=TransportProtocol,
        loop="asyncio",
        ws="none",
        lifespan="off",
        log_level="critical",
        timeout_graceful_shutdown=1,
    )
    return uvicorn.Server(config)


@contextlib.contextmanager
def running(mode: Mode | str = Mode.OK, *, token_delay: float = 0.0) -> Iterator[Standin]:
    """Run a stand-in in a thread while the block lasts."""
    state = State(Mode(mode), token_delay=token_delay)
    server = new_server(state)
    listener = listening_socket("127.0.0.1", 0)
    thread = threading.Thread(target=server.run, args=([listener],), name="standin", daemon=True)
    thread.start()
    try:
        # The socket listens already: early requests wait in its queue until the server takes them.
        yield Standin(base_url_of(listener), state)
    finally:
        server.should_exit = True
        thread.join(START_SECONDS)
        listener.close()
