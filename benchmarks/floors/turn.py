"""The bare parts of a turn behind one HTTP request: the search's SQL, then the turn's rows in one transaction.

A bare ASGI application. `BENCH_PLAN` names the file with what to send (`benchmarks.plans`).
"""

import json
import os
import pickle
from pathlib import Path
from typing import Any

import psycopg
from psycopg_pool import AsyncConnectionPool

from benchmarks.plans import TurnPlan

_plan: TurnPlan = pickle.loads(Path(os.environ["BENCH_PLAN"]).read_bytes())
_pool: "AsyncConnectionPool[psycopg.AsyncConnection[Any]] | None" = None


async def _configure(raw: "psycopg.AsyncConnection[Any]") -> None:
    await raw.execute(*_plan.session.settings())


async def _opened() -> "AsyncConnectionPool[psycopg.AsyncConnection[Any]]":
    global _pool
    if _pool is None:
        options = {
            "options": _plan.session.options,
            "autocommit": True,
            "cursor_factory": psycopg.AsyncClientCursor,
        }
        _pool = AsyncConnectionPool(
            _plan.session.url, kwargs=options, configure=_configure, min_size=1, max_size=4, open=False
        )
        await _pool.open(wait=True)
    return _pool


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answer one request."""
    if scope["type"] != "http":
        return
    if scope["path"] == "/ready":
        await _opened()
        await _respond(send, b"{}")
        return
    body = b""
    while True:
        message: dict[str, Any] = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    await _turn(json.loads(body)["message"])
    await _respond(send, _plan.response)


async def _turn(question: str) -> None:
    pool = await _opened()
    async with pool.connection() as raw:
        async with raw.cursor() as cursor:
            for statement in _plan.searches[question]:
                await cursor.execute(statement.sql, statement.params)
                if cursor.description is not None:
                    await cursor.fetchall()
        async with raw.transaction(), raw.cursor() as cursor:
            keys: dict[tuple[str, Any], int] = {}
            for table in _plan.tables:
                await cursor.execute(table.statement, table.values(keys))
                new = await cursor.fetchall()
                keys |= {(table.name, old): row[0] for (old, _), row in zip(table.rows, new, strict=True)}


async def _respond(send: Any, body: bytes) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
