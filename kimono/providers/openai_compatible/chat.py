"""Chat completions of an OpenAI-compatible endpoint, streamed or whole."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Protocol, cast

import httpx2

from kimono.providers.calls import Tally
from kimono.providers.config import ChatEndpoint, Patience
from kimono.providers.errors import EmptyAnswer, Malformed, Truncated
from kimono.providers.models import Ask, Completion, Emit
from kimono.providers.openai_compatible.clients import client_for
from kimono.providers.openai_compatible.faults import error_in_body, translated
from kimono.providers.openai_compatible.wire import DONE, EventParser, Piece, piece_of, read_json

EVENT_STREAM = "text/event-stream"
JSON = "application/json"
GOOD_ENDINGS = frozenset({"stop", "eos", "end_turn"})
# How long an answer that has ended may keep us waiting for its usage and its [DONE].
TAIL_SECONDS = 1.0


class _Response(Protocol):
    @property
    def headers(self) -> httpx2.Headers: ...

    def iter_bytes(self) -> AsyncIterator[bytes]: ...


class _Answer:
    """An answer while it comes in."""

    def __init__(self, ask: Ask, tally: Tally, emit: Emit | None = None) -> None:
        self.model = ask.model
        self.ended: str | None = None
        self._most = ask.max_characters
        self._length = 0
        self._tally = tally
        self._emit = emit

    def take(self, piece: Piece) -> None:
        """Add one piece. Raises Truncated when the answer becomes too long, or what an error in it stands for."""
        if piece.error is not None:
            raise error_in_body(piece.error, partial=self.text)
        self.model = piece.model or self.model
        self.ended = piece.finish_reason or self.ended
        self._tally.usage = piece.usage or self._tally.usage
        if piece.text:
            self._take_text(
                piece.text[: self._most - self._length], cut=len(piece.text) > self._most - self._length
            )

    @property
    def text(self) -> str:
        """The text so far."""
        return "".join(self._tally.output)

    def finished(self) -> Completion:
        """Return the whole answer. Raises EmptyAnswer or Truncated when it is none."""
        text = self.text
        if not text.strip():
            raise EmptyAnswer(f"no text, finish reason {self.ended}")
        if self.ended is None:
            raise Truncated("the answer ended without a finish reason", partial=text)
        if self.ended not in GOOD_ENDINGS:
            raise Truncated(f"the answer ended with {self.ended}", reason=self.ended, partial=text)
        return Completion(text=text, model=self.model)

    def _take_text(self, text: str, *, cut: bool) -> None:
        if text:
            self._length += len(text)
            self._tally.received(text)
            if self._emit is not None:
                self._emit(text)
        if cut:
            raise Truncated(f"more than {self._most} characters", reason="overlong", partial=self.text)


class OpenAIChat:
    """A chat model behind an OpenAI-compatible address."""

    def __init__(self, endpoint: ChatEndpoint, patience: Patience) -> None:
        self._endpoint = endpoint
        self._patience = patience

    @property
    def provider(self) -> str:
        """The name calls are recorded and priced under."""
        return self._endpoint.provider

    @property
    def model(self) -> str:
        """The model used when none is named."""
        return self._endpoint.model

    @property
    def small_model(self) -> str:
        """The model for light work."""
        return self._endpoint.small_model or self._endpoint.model

    async def complete(self, ask: Ask, tally: Tally) -> Completion:
        """Answer in one piece."""
        answer = _Answer(ask, tally)
        with translated(tally):
            async with self._opened(_body(ask)) as response:
                if _content_type(response) != JSON:
                    raise Malformed(f"content type {_content_type(response) or 'missing'}")
                answer.take(piece_of(await read_json(response.iter_bytes()), part="message"))
        return answer.finished()

    async def stream(self, ask: Ask, tally: Tally, emit: Emit) -> Completion:
        """Answer piece by piece through `emit`; the connection is closed before this returns or raises."""
        answer = _Answer(ask, tally, emit)
        with translated(tally):
            body = _body(ask) | {"stream": True, "stream_options": {"include_usage": True}}
            async with self._opened(body) as response:
                await _read_stream(response, answer)
        return answer.finished()

    @asynccontextmanager
    async def _opened(self, body: dict[str, object]) -> AsyncIterator[_Response]:
        client = client_for(self._endpoint, self._patience)
        # The overloads of `create` want literal types per parameter; ours are checked in `_body`.
        create = cast(Any, client.chat.completions.with_streaming_response.create)
        async with create(**body) as response:
            yield cast(_Response, response)


async def _read_stream(response: _Response, answer: _Answer) -> None:
    if _content_type(response) == JSON:
        # Some servers answer in one piece although a stream was asked for; errors come so, too.
        answer.take(piece_of(await read_json(response.iter_bytes()), part="message"))
        return
    if _content_type(response) != EVENT_STREAM:
        raise Malformed(f"content type {_content_type(response) or 'missing'}")
    try:
        async with asyncio.timeout(None) as tail:
            await _read_events(response, answer, tail)
    except TimeoutError:
        if not tail.expired():
            raise
    except (httpx2.HTTPError, httpx2.StreamError):
        # After the finish reason only the usage can be lost.
        if answer.ended is None:
            raise


async def _read_events(response: _Response, answer: _Answer, tail: asyncio.Timeout) -> None:
    parser = EventParser()
    async for chunk in response.iter_bytes():
        for data in parser.feed(chunk):
            if data == DONE:
                return
            answer.take(_chunk(data))
        if answer.ended is not None and tail.when() is None:
            tail.reschedule(asyncio.get_running_loop().time() + TAIL_SECONDS)
    for data in parser.finish():
        if data != DONE:
            answer.take(_chunk(data))


def _chunk(data: str) -> Piece:
    return piece_of(json.loads(data), part="delta")


def _content_type(response: _Response) -> str:
    return response.headers.get("content-type", "").partition(";")[0].strip().lower()


def _messages(ask: Ask) -> list[dict[str, object]]:
    messages: list[dict[str, object]] = [
        {"role": message.role, "content": message.content} for message in ask.messages
    ]
    if ask.picture is not None:
        address = f"data:{ask.picture.mime};base64,{base64.b64encode(ask.picture.data).decode()}"
        messages[-1]["content"] = [
            {"type": "text", "text": ask.messages[-1].content},
            {"type": "image_url", "image_url": {"url": address}},
        ]
    return messages


def _body(ask: Ask) -> dict[str, object]:
    body: dict[str, object] = {
        "model": ask.model,
        "messages": _messages(ask),
        "temperature": ask.temperature,
        "max_tokens": ask.max_tokens,
    }
    if ask.schema is not None:
        schema: Mapping[str, object] = {"name": ask.schema_name, "schema": dict(ask.schema)}
        body["response_format"] = {"type": "json_schema", "json_schema": schema}
    return body
