"""The faults that are the same whatever was asked for."""

import asyncio

from kimono.providers.standin.connection import Connection
from kimono.providers.standin.modes import Mode
from kimono.providers.standin.state import State
from kimono.providers.standin.writing import error

PAGE = b"<!doctype html><html><head><title>Sign in</title></head><body><h1>Please sign in</h1></body></html>"


async def failed_at_once(connection: Connection, state: State, mode: Mode) -> bool:
    """Fail before any answer, when the mode says so. Returns whether that was done."""
    match mode:
        case Mode.NEVER:
            await asyncio.Event().wait()
        case Mode.RESET:
            connection.reset()
        case Mode.HTML:
            await connection.start(200, "text/html; charset=utf-8")
            await connection.write(PAGE)
            await connection.end()
        case Mode.RATE_LIMITED:
            wait = f"{state.retry_after:g}"
            body = error("Rate limit reached", "rate_limit_error", "rate_limit_exceeded")
            await connection.json(429, body, retry_after=wait)
        case Mode.SERVER_ERROR:
            await connection.json(500, error("The server had an error", "server_error"))
        case Mode.OVERLOADED:
            await connection.json(503, error("The engine is overloaded", "server_error"))
        case _:
            return False
    return True
