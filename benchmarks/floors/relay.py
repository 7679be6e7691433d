"""A bare relay: a request goes on to the model at `BENCH_MODEL`, and its bytes come back as they are.

A bare ASGI application; nothing is parsed, checked or kept.
"""

import os
from typing import Any

import httpx

_client = httpx.AsyncClient(timeout=120, limits=httpx.Limits(max_connections=200))
_model = os.environ["BENCH_MODEL"]


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Pass one request on."""
    if scope["type"] != "http":
        return
    if scope["path"] == "/ready":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})
        return
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), bool(message.get("more_body"))
    headers = {"Content-Type": "application/json"}
    async with _client.stream("POST", f"{_model}/chat/completions", content=body, headers=headers) as answer:
        kind = [(b"content-type", b"text/event-stream; charset=utf-8")]
        await send({"type": "http.response.start", "status": answer.status_code, "headers": kind})
        async for part in answer.aiter_raw():
            await send({"type": "http.response.body", "body": part, "more_body": True})
    await send({"type": "http.response.body", "body": b""})
