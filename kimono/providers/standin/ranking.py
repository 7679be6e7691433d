"""Reranking by the stand-in: the share of the question's words that a text has."""

import asyncio
import json

from kimono.providers.metering import estimate_tokens
from kimono.providers.standin import writing
from kimono.providers.standin.connection import Connection
from kimono.providers.standin.failing import failed_at_once
from kimono.providers.standin.modes import Mode
from kimono.providers.standin.reading import likeness
from kimono.providers.standin.state import State

STALLING = frozenset({Mode.STALL, Mode.STALL_MID})
HALF = frozenset({Mode.BROKEN_JSON, Mode.TRUNCATED})
SLOW_SECONDS = 0.5


async def answer_rerank(connection: Connection, state: State, request: dict[str, object], mode: Mode) -> None:
    """Answer POST /v1/rerank in this mode."""
    if await failed_at_once(connection, state, mode):
        return
    if mode is Mode.SLOW:
        await asyncio.sleep(SLOW_SECONDS)
    if mode is Mode.ERROR_IN_STREAM:
        await connection.json(200, writing.error("The engine failed", "server_error"))
        return
    body = json.dumps(_ranked(request, mode)).encode()
    await connection.start(200, "application/json")
    if mode in STALLING:
        await asyncio.Event().wait()
    if mode is Mode.RESET_MID:
        await connection.write(body[: len(body) // 2])
        await asyncio.sleep(0.05)
        connection.reset()
        return
    await connection.write(body[: len(body) // 2] if mode in HALF else body)
    await connection.end()


def _ranked(request: dict[str, object], mode: Mode) -> dict[str, object]:
    query, documents = str(request.get("query", "")), request.get("documents")
    texts = [str(text) for text in documents] if isinstance(documents, list) else []
    scores = [likeness(query, text) for text in texts]
    order = sorted(range(len(texts)), key=lambda index: -scores[index])
    if mode is Mode.WRONG_DIMENSIONS:
        order = order[:-1]
    if mode in (Mode.EMPTY_CHOICES, Mode.EMPTY_TEXT):
        order = []
    shift = len(texts) if mode is Mode.INVALID_DATA else 0
    rows = [{"index": index + shift, "relevance_score": scores[index]} for index in order]
    tokens = sum(map(estimate_tokens, [query, *texts]))
    usage = {} if mode is Mode.NO_USAGE else {"usage": {"total_tokens": tokens}}
    return {"id": "rerank-1", "model": request["model"], "results": rows} | usage
