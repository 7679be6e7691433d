"""The shipped stand-in model with a watch at its door, which notes when each piece of an answer is written.

An ASGI application. `BENCH_TOKEN_DELAY` is the pause between two tokens in seconds; `GET /__writes` tells what was noted.
"""

import json
import os
import time
from collections.abc import MutableMapping
from typing import Any

from kimono.providers.standin.app import StandinApp
from kimono.providers.standin.state import State

_standin = StandinApp(State(token_delay=float(os.environ.get("BENCH_TOKEN_DELAY", "0.02"))))
_noted: list[dict[str, Any]] = []


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answer one request as the stand-in does."""
    if scope["type"] != "http":
        return
    if scope["path"] == "/__writes":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": json.dumps(_noted).encode()})
        return
    note: dict[str, Any] = {"sent": "", "writes": []}

    async def hear() -> dict[str, Any]:
        message: dict[str, Any] = await receive()
        note["sent"] += message.get("body", b"").decode(errors="replace")
        return message

    async def tell(message: MutableMapping[str, Any]) -> None:
        at = time.time()
        await send(message)
        text = _content(message.get("body", b""))
        if text:
            note["writes"].append((at, text))

    if scope["path"] == "/v1/chat/completions":
        _noted.append(note)
    await _standin(
        {**scope, "path": "/v1/models" if scope["path"] == "/ready" else scope["path"]}, hear, tell
    )


def _content(body: bytes) -> str:
    """Return the text that one event of a stream brings."""
    if not body.startswith(b"data: {"):
        return ""
    choices = json.loads(body[6:]).get("choices") or [{}]
    return str(choices[0].get("delta", {}).get("content") or "")
