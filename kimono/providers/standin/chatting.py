"""Chat completions by the stand-in, streamed and whole."""

import asyncio
import json
from collections.abc import Mapping

from kimono.providers.metering import estimate_tokens
from kimono.providers.standin import writing
from kimono.providers.standin.answering import answer
from kimono.providers.standin.connection import Connection
from kimono.providers.standin.data import instance
from kimono.providers.standin.failing import failed_at_once
from kimono.providers.standin.modes import Mode
from kimono.providers.standin.reading import read
from kimono.providers.standin.seeing import pictures_of, seen
from kimono.providers.standin.state import State

SLOW_SECONDS = 0.05
OVERLONG_PIECES = 200_000


class _Job:
    """One chat request, read and thought over."""

    def __init__(
        self, connection: Connection, state: State, request: Mapping[str, object], mode: Mode
    ) -> None:
        self.connection = connection
        self.mode = mode
        self.model = str(request["model"])
        self.number = connection.entry.number if connection.entry else 0
        self.delay = SLOW_SECONDS if mode is Mode.SLOW else state.token_delay
        messages = _messages(request)
        self.text = "" if mode is Mode.EMPTY_TEXT else _seen(request) or _text(request, messages, mode)
        if mode is Mode.SAYS:
            self.text = state.words
        sent, received = sum(estimate_tokens(text) for _, text in messages), estimate_tokens(self.text)
        self.usage: dict[str, int] | None = {
            "prompt_tokens": sent,
            "completion_tokens": received,
            "total_tokens": sent + received,
        }
        if mode is Mode.NO_USAGE:
            self.usage = None


async def answer_chat(connection: Connection, state: State, request: dict[str, object], mode: Mode) -> None:
    """Answer POST /v1/chat/completions in this mode."""
    if await failed_at_once(connection, state, mode):
        return
    job = _Job(connection, state, request, mode)
    if request.get("stream"):
        options = request.get("stream_options")
        with_usage = isinstance(options, Mapping) and options.get("include_usage") is True
        await _stream(job, with_usage=with_usage)
    else:
        await _whole(job)


async def _whole(job: _Job) -> None:
    connection, mode = job.connection, job.mode
    if mode is Mode.SLOW:
        await asyncio.sleep(job.delay * len(writing.pieces(job.text)))
    if mode is Mode.ERROR_IN_STREAM:
        await connection.json(200, writing.error("The engine failed", "server_error"))
        return
    if mode is Mode.EMPTY_CHOICES:
        await connection.json(200, writing.empty(job.number, job.model, "chat.completion"))
        return
    text = job.text * OVERLONG_PIECES if mode is Mode.OVERLONG else job.text
    finish_reason = None if mode is Mode.TRUNCATED else "stop"
    value = writing.completion(job.number, job.model, text, finish_reason=finish_reason, usage=job.usage)
    body = json.dumps(value, ensure_ascii=False).encode()
    await connection.start(200, "application/json")
    if mode in {Mode.STALL, Mode.STALL_MID, Mode.RESET_MID, Mode.BROKEN_JSON}:
        await _half(connection, mode, body)
        return
    if connection.entry:
        connection.entry.wrote_token()
    await connection.write(body)
    await connection.end()


async def _half(connection: Connection, mode: Mode, body: bytes) -> None:
    if mode is Mode.STALL:
        await asyncio.Event().wait()
    await connection.write(body[: len(body) // 2])
    if mode is Mode.BROKEN_JSON:
        await connection.end()
    elif mode is Mode.RESET_MID:
        # What was written must leave before the reset throws it away.
        await asyncio.sleep(0.05)
        connection.reset()
    else:
        await asyncio.Event().wait()


async def _stream(job: _Job, *, with_usage: bool) -> None:
    connection, mode = job.connection, job.mode
    await connection.start(200, "text/event-stream; charset=utf-8", cache_control="no-cache")
    await connection.event(writing.chunk(job.number, job.model, {"role": "assistant", "content": ""}))
    if mode is Mode.STALL:
        await asyncio.Event().wait()
    if mode is Mode.EMPTY_CHOICES:
        await connection.event(writing.empty(job.number, job.model, "chat.completion.chunk"))
    else:
        if await _broke_off(job):
            return
        await connection.event(writing.chunk(job.number, job.model, {}, finish_reason="stop"))
        if mode is Mode.NO_ENDING:
            await asyncio.Event().wait()
    if with_usage and job.usage:
        await connection.event(writing.usage_chunk(job.number, job.model, job.usage))
    await connection.event("[DONE]")
    await connection.end()


async def _broke_off(job: _Job) -> bool:
    """Write the text, and break off in its middle when the mode says so. Returns whether it did."""
    connection, mode = job.connection, job.mode
    pieces = writing.pieces(job.text)
    breaking = {
        Mode.STALL_MID,
        Mode.TRUNCATED,
        Mode.BROKEN_JSON,
        Mode.ERROR_IN_STREAM,
        Mode.RESET_MID,
    }
    if mode is Mode.OVERLONG:
        pieces = pieces * (OVERLONG_PIECES // max(1, len(pieces)))
    if mode in breaking:
        pieces = pieces[: max(1, len(pieces) // 2)]
    for piece in pieces:
        await connection.event(writing.chunk(job.number, job.model, {"content": piece}))
        if connection.entry:
            connection.entry.wrote_token()
        await asyncio.sleep(job.delay)
    if mode not in breaking:
        return False
    await _break_stream(connection, mode)
    return True


async def _break_stream(connection: Connection, mode: Mode) -> None:
    if mode is Mode.STALL_MID:
        await asyncio.Event().wait()
    if mode is Mode.RESET_MID:
        await asyncio.sleep(0.05)
        connection.reset()
        return
    if mode is Mode.BROKEN_JSON:
        await connection.event('{"choices": [{"delta": {"content": "half a li')
    if mode is Mode.ERROR_IN_STREAM:
        await connection.event(writing.error("The engine failed", "server_error"))
    await connection.end()


def _seen(request: Mapping[str, object]) -> str:
    """Return what is on the pictures of the last message, empty when it has none."""
    messages = request.get("messages")
    last = messages[-1] if isinstance(messages, list) and messages else None
    return " ".join(map(seen, pictures_of(last.get("content")))) if isinstance(last, Mapping) else ""


def _text(request: Mapping[str, object], messages: list[tuple[str, str]], mode: Mode) -> str:
    reading = read(messages)
    schema = _schema(request)
    if schema is None:
        return answer(reading, mode)
    if mode is Mode.INVALID_DATA:
        return json.dumps({"unexpected": [reading.question]})
    return json.dumps(instance(schema, reading), ensure_ascii=False)


def _schema(request: Mapping[str, object]) -> Mapping[str, object] | None:
    wanted = request.get("response_format")
    described = wanted.get("json_schema") if isinstance(wanted, Mapping) else None
    schema = described.get("schema") if isinstance(described, Mapping) else None
    return schema if isinstance(schema, Mapping) else None


def _messages(request: Mapping[str, object]) -> list[tuple[str, str]]:
    messages = request.get("messages")
    rows = messages if isinstance(messages, list) else []
    return [(str(row.get("role")), _content(row.get("content"))) for row in rows if isinstance(row, Mapping)]


def _content(content: object) -> str:
    if isinstance(content, list):
        return "".join(str(part.get("text", "")) for part in content if isinstance(part, Mapping))
    return content if isinstance(content, str) else ""
