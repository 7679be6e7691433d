"""One SDK client per event loop and endpoint, without the SDK's own retries and with our time limits."""

import asyncio
import threading
from typing import TYPE_CHECKING

from kimono.providers.config import Endpoint, Patience

if TYPE_CHECKING:
    from openai import AsyncOpenAI

_Key = tuple[str, str, Patience]

_lock = threading.Lock()
_clients: "dict[asyncio.AbstractEventLoop, dict[_Key, AsyncOpenAI]]" = {}


def client_for(endpoint: Endpoint, patience: Patience) -> "AsyncOpenAI":
    """Return the client of the running loop for this endpoint.

    A connection belongs to the loop that opened it, so that loops never share a client. HTTP/1.1 only: closing
    one stream of an HTTP/2 connection early leaks it.
    """
    loop = asyncio.get_running_loop()
    key = (endpoint.base_url, endpoint.api_key, patience)
    with _lock:
        _forget_closed_loops()
        clients = _clients.setdefault(loop, {})
        if key not in clients:
            clients[key] = _new_client(endpoint, patience)
        return clients[key]


async def close_clients() -> None:
    """Close the connections of the running loop; for servers that stop and for short-lived loops."""
    with _lock:
        clients = _clients.pop(asyncio.get_running_loop(), {})
    for client in clients.values():
        await client.close()


def _new_client(endpoint: Endpoint, patience: Patience) -> "AsyncOpenAI":
    # The adapters load it; who only closes clients does without.
    from openai import AsyncOpenAI, DefaultAsyncHttpxClient, Timeout

    timeout = Timeout(
        connect=patience.connect_seconds,
        read=patience.read_seconds,
        write=patience.read_seconds,
        pool=patience.connect_seconds,
    )
    return AsyncOpenAI(
        base_url=endpoint.base_url,
        # The SDK refuses an empty key; servers that want none ignore what is sent.
        api_key=endpoint.api_key or "none",
        max_retries=0,
        timeout=timeout,
        http_client=DefaultAsyncHttpxClient(http1=True, http2=False, timeout=timeout),
    )


def _forget_closed_loops() -> None:
    for loop in [loop for loop in _clients if loop.is_closed()]:
        del _clients[loop]
