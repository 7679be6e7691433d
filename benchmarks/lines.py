"""Clients of sockets that do as little as possible, so that what they measure is the server."""

import asyncio
import contextlib
import itertools
import json
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

AT_ONCE = 20
# What is late on a busy machine is not lost: after the last message the others have this long to arrive.
SETTLE_SECONDS = 60.0
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Caller:
    """How one socket is opened: the path with its query, headers, subprotocols; and what it says first."""

    path: str
    headers: dict[str, str] = field(default_factory=dict)
    subprotocols: tuple[str, ...] = ()
    first: tuple[dict[str, Any], ...] = ({"type": "ping"},)


@dataclass(frozen=True)
class Delivered:
    """Milliseconds from the agent's send to the contact's frame, of all that arrived, and how many did not."""

    milliseconds: list[float]
    lost: int


@contextlib.asynccontextmanager
async def opened(port: int, callers: Sequence[Caller]) -> AsyncIterator[list[ClientConnection]]:
    """Open a socket for each caller, some at a time, while the block lasts; each has been greeted and has spoken."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(caller: Caller) -> ClientConnection:
        async with gate:
            line = await connect(
                f"ws://127.0.0.1:{port}{caller.path}",
                additional_headers=caller.headers,
                subprotocols=list(caller.subprotocols) or None,  # type: ignore[arg-type]
                open_timeout=60,
                ping_interval=None,
                compression=None,
            )
            for frame in caller.first:
                await line.send(json.dumps(frame))
            answers = 0
            while answers <= len(caller.first):
                kind = json.loads(await line.recv())["type"]
                answers += kind in ("welcome", "pong", "ack")
            return line

    lines = await asyncio.gather(*(one(caller) for caller in callers))
    try:
        yield lines
    finally:
        await asyncio.gather(*(line.close() for line in lines))


async def talk(
    agents: Sequence[ClientConnection],
    contacts: dict[str, ClientConnection],
    *,
    per_second: float,
    messages: int,
) -> Delivered:
    """Let agents write to contacts in turns, evenly spread, and time each message until the contact has it.

    `contacts` by the name of the conversation; the one at place n belongs to the agent at n modulo their number.
    """
    sent: dict[str, float] = {}
    took: list[float] = []

    all_there = asyncio.Event()

    async def hear(line: ClientConnection) -> None:
        async for raw in line:
            frame = json.loads(raw)
            if frame["type"] == "message":
                began = sent.pop(frame["message"]["content"], None)
                if began is not None:
                    took.append((time.perf_counter() - began) * 1000)
            if len(took) == messages:
                all_there.set()

    async def drain(line: ClientConnection) -> None:
        async for _ in line:
            pass

    listening = [asyncio.create_task(hear(line)) for line in contacts.values()]
    listening += [asyncio.create_task(drain(line)) for line in agents]
    names, begun = list(contacts), time.perf_counter()
    for number in range(messages):
        await asyncio.sleep(max(0.0, begun + number / per_second - time.perf_counter()))
        place = number * 7 % len(names)
        content = f"bench {next(_numbers)}"
        said = {
            "type": "send",
            "id": content,
            "session_id": names[place],
            "client_message_id": content,
            "content": content,
        }
        sent[content] = time.perf_counter()
        await agents[place % len(agents)].send(json.dumps(said))
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(SETTLE_SECONDS):
            await all_there.wait()
    for task in listening:
        task.cancel()
    await asyncio.gather(*listening, return_exceptions=True)
    return Delivered(took, len(sent))
