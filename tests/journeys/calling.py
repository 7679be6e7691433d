"""A merchant's program before a real server: it asks, reads streams, and writes knowledge, over HTTP alone."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx

from tests.conversations.talking import Event, assert_well_formed, parse

CHAT = "/api/v1/chat"
PATIENCE_SECONDS = 60.0
T = TypeVar("T")


def ask(
    client: httpx.Client, message: str, session_id: str | None = None, *, seconds: float = 60, **more: Any
) -> dict[str, Any]:
    """Ask over REST and return the whole ChatResponse, having checked what holds of each."""
    answer = client.post(CHAT, json={"message": message, "session_id": session_id, **more}, timeout=seconds)
    assert answer.status_code == 200, answer.text
    response: dict[str, Any] = answer.json()
    assert_honest(response["reply"], response["data"])
    return response


def assert_honest(reply: str, data: Mapping[str, Any]) -> None:
    """Check that reply and citations fit each other, both ways, and that nothing of a crash is in the reply."""
    assert data["sources"] == data["citations"]
    numbers = [citation["n"] for citation in data["citations"]]
    assert numbers == list(range(1, len(numbers) + 1))
    assert all(f"[{number}]" in reply for number in numbers)
    assert not [n for n in range(len(numbers) + 1, len(numbers) + 60) if f"[{n}]" in reply]
    assert not [word for word in ("Traceback", "Error", "Exception", "None", "{") if word in reply]


@dataclass
class Reading:
    """A stream that is being read."""

    response: httpx.Response
    _events: Iterator[Event]

    def next(self) -> Event:
        """Return the next event."""
        return next(self._events)

    def until(self, name: str) -> list[Event]:
        """Return the events up to the first of this name."""
        events = []
        for event in self._events:
            events.append(event)
            if event.name == name:
                return events
        raise AssertionError(f"the stream ended without {name}: {[each.name for each in events]}")

    def rest(self) -> list[Event]:
        """Return all that is left."""
        return list(self._events)


@contextlib.contextmanager
def reading(
    client: httpx.Client,
    message: str,
    session_id: str | None = None,
    *,
    after: str | None = None,
    **more: Any,
) -> Iterator[Reading]:
    """Ask for a stream, and read it inside the block; leaving the block hangs up."""
    headers = {"Last-Event-ID": after} if after else {}
    body = {"message": message, "session_id": session_id, **more}
    with client.stream("POST", f"{CHAT}/stream", json=body, headers=headers, timeout=130) as response:
        if response.status_code != 200:
            raise AssertionError(f"{response.status_code}: {response.read()!r}")
        assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
        yield Reading(response, _events(response))


@contextlib.contextmanager
def watching(client: httpx.Client, session_id: str, **params: Any) -> Iterator[Reading]:
    """Read the events of a conversation inside the block."""
    path = f"{CHAT}/sessions/{session_id}/events"
    with client.stream("GET", path, params=params, timeout=30) as response:
        if response.status_code != 200:
            raise AssertionError(f"{response.status_code}: {response.read()!r}")
        yield Reading(response, _events(response))


def _events(response: httpx.Response) -> Iterator[Event]:
    rest = b""
    for piece in response.iter_bytes():
        rest += piece
        while b"\n\n" in rest:
            block, rest = rest.split(b"\n\n", 1)
            event = parse(block + b"\n\n")
            if event is not None:
                yield event
    assert not rest, f"the stream ended inside an event: {rest!r}"


def streamed(client: httpx.Client, message: str, session_id: str | None = None, **more: Any) -> list[Event]:
    """Ask for a stream and return all of its events, having checked the rules of api.md 4.4."""
    with reading(client, message, session_id, **more) as stream:
        events = stream.rest()
    assert_well_formed(events)
    if events[-1].name == "done":
        assert_honest(events[-1].data["answer"], events[-1].data["data"])
    return events


def text_of(events: list[Event]) -> str:
    """Return what the tokens say together."""
    return "".join(event.data["content"] for event in events if event.name == "token")


def teach(client: httpx.Client, question: str, answer: str, **more: Any) -> str:
    """Write a QA pair and return its id."""
    given = client.post(
        "/api/v1/knowledge/qa-pairs", json={"question": question, "answer": answer, **more}, timeout=60
    )
    assert given.status_code == 201, given.text
    return str(given.json()["id"])


def ingest(client: httpx.Client, source: str, content: str | bytes, **fields: Any) -> dict[str, Any]:
    """Upload a document, wait until it is indexed, and return the IngestResult."""
    data = content.encode() if isinstance(content, str) else content
    given = client.post(
        "/api/v1/knowledge/ingest",
        files={"file": (source.rsplit("/", 1)[-1], data)},
        data={"source": source, **fields},
        timeout=100,
    )
    assert given.status_code == 200, given.text
    result: dict[str, Any] = given.json()
    return result


def messages(client: httpx.Client, session_id: str, **params: Any) -> list[dict[str, Any]]:
    """Return the messages of a conversation in order."""
    given = client.get(f"{CHAT}/sessions/{session_id}/messages", params=params, timeout=30)
    assert given.status_code == 200, given.text
    items: list[dict[str, Any]] = given.json()["items"]
    return items


def session(client: httpx.Client, session_id: str) -> dict[str, Any]:
    """Return a conversation."""
    given = client.get(f"{CHAT}/sessions/{session_id}", timeout=30)
    assert given.status_code == 200, given.text
    found: dict[str, Any] = given.json()
    return found


def trace(client: httpx.Client, trace_id: str) -> dict[str, Any]:
    """Return what was recorded of a turn."""
    given = client.get(f"/api/v1/monitor/traces/{trace_id}", timeout=30)
    assert given.status_code == 200, given.text
    found: dict[str, Any] = given.json()
    return found


def steps(found: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the steps of a trace by their names."""
    return {step["name"]: step for step in found["steps"]}


def eventually(look: Callable[[], T], *, seconds: float = PATIENCE_SECONDS, wanted: str = "it") -> T:
    """Look again and again until what is seen is true, and return it."""
    until = time.monotonic() + seconds
    while not (seen := look()):
        assert time.monotonic() < until, f"{wanted} did not come in {seconds:g} s"
        time.sleep(0.05)
    return seen


@contextlib.contextmanager
def meanwhile(works: list[Callable[[], T]]) -> Iterator[list[T | None]]:
    """Do all in threads of their own while the block runs, and wait for them; yields their results to be, in order.

    The first failure is raised.
    """
    results: list[T | None] = [None] * len(works)
    failures: list[BaseException] = []
    barrier = threading.Barrier(len(works))

    def do(place: int) -> None:
        try:
            barrier.wait(30)
            results[place] = works[place]()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=do, args=(place,), daemon=True) for place in range(len(works))]
    for thread in threads:
        thread.start()
    yield results
    for thread in threads:
        thread.join(180)
    if failures:
        raise failures[0]


def at_once(works: list[Callable[[], T]]) -> list[T]:
    """Do all at the same time, each in a thread of its own, and return their results in order."""
    with meanwhile(works) as results:
        pass
    return results  # type: ignore[return-value]
