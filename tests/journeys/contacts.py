"""What contacts and keys send over HTTP as it stands in the contract, without reading it for the test."""

from typing import Any

import httpx

from tests.conversations.talking import Event, parse


def chat(client: httpx.Client, message: str, **more: Any) -> httpx.Response:
    """Ask over REST and return the answer as it came."""
    return client.post("/api/v1/chat", json={"message": message, **more})


def stream(client: httpx.Client, message: str, headers: Any = None, **more: Any) -> list[Event]:
    """Ask for a stream and return all of its events, having checked its headers."""
    body = {"message": message, **more}
    with client.stream("POST", "/api/v1/chat/stream", json=body, headers=headers) as response:
        assert response.status_code == 200
        assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert response.headers["cache-control"] == "no-cache"
        assert response.headers["x-accel-buffering"] == "no"
        raw = b"".join(response.iter_bytes())
    blocks = [parse(block + b"\n\n") for block in raw.split(b"\n\n") if block]
    return [event for event in blocks if event is not None]


def shake(page: httpx.Client, **body: Any) -> dict[str, Any]:
    """Open a conversation; the page goes on as its contact."""
    response = page.post("/api/v1/chat/sessions", json=body)
    assert response.status_code == 201, response.text
    given: dict[str, Any] = response.json()
    page.headers["Authorization"] = f"Bearer {given['visitor_token']}"
    return given


def error_of(response: httpx.Response) -> tuple[int, str]:
    """Return the status and the code of an error, having checked that it has all that errors have."""
    body = response.json()
    assert set(body) >= {"detail", "code", "request_id"}
    return response.status_code, body["code"]
