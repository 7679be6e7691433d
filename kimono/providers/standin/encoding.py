"""Embeddings by the stand-in: those of the local encoder."""

import asyncio
import json

from kimono.providers.local import DIMENSIONS, LocalEncoder
from kimono.providers.metering import estimate_tokens
from kimono.providers.standin import writing
from kimono.providers.standin.connection import Connection
from kimono.providers.standin.failing import failed_at_once
from kimono.providers.standin.modes import Mode
from kimono.providers.standin.state import State

STALLING = frozenset({Mode.STALL, Mode.STALL_MID})
HALF = frozenset({Mode.BROKEN_JSON, Mode.TRUNCATED})


async def answer_embeddings(
    connection: Connection, state: State, request: dict[str, object], mode: Mode
) -> None:
    """Answer POST /v1/embeddings in this mode."""
    if await failed_at_once(connection, state, mode):
        return
    texts = _texts(request.get("input"))
    wanted = request.get("dimensions")
    dimensions = wanted if isinstance(wanted, int) and wanted > 0 else DIMENSIONS
    if mode is Mode.WRONG_DIMENSIONS:
        dimensions += 1
    vectors = [] if mode is Mode.EMPTY_CHOICES else LocalEncoder(dimensions).encode(texts)
    value = writing.embeddings(str(request["model"]), vectors, sum(map(estimate_tokens, texts)))
    body = json.dumps(value).encode()
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


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [str(item) for item in value] if isinstance(value, list) else []
