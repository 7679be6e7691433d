"""Asking the chat model, for a whole answer or for a stream of it."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from types import TracebackType
from typing import Any, Self

from jsonschema import Draft202012Validator

from kimono.providers.calls import Tally, Work, call
from kimono.providers.errors import Malformed, NotConfigured, TimedOut
from kimono.providers.models import Ask, ChatModel, Completion, Emit, Schema
from kimono.providers.registry import current
from kimono.providers.shapes import ChatResult, Prompt

OPERATION = "chat"
BREAKER = "llm"
DEFAULT_TEMPERATURE = 0.2
DEFAULT_MAX_TOKENS = 1024
# The longest tokens in use are about this long; a server that sends more ignores max_tokens.
CHARACTERS_PER_TOKEN = 8
CLOSE_SECONDS = 3.0


async def chat(
    prompt: Prompt,
    *,
    purpose: str,
    ref: str,
    scope: str,
    deadline_seconds: float,
    schema: Schema | None = None,
    temperature: float = DEFAULT_TEMPERATURE,
    max_tokens: int = DEFAULT_MAX_TOKENS,
    model: str | None = None,
) -> ChatResult:
    """Return the model's answer to `prompt`; with a JSON schema, its validated value too.

    `model` overrides the configured one. Raises ProviderError: NotConfigured without a chat model, CallRefused by
    the meter, Malformed when the answer does not fit the schema, and the other kinds of `errors`.
    """
    model_in_use = _chat_model()
    ask = _ask(model_in_use, prompt, model, temperature, max_tokens, schema)

    async def attempt(tally: Tally) -> ChatResult:
        completion = await model_in_use.complete(ask, tally)
        data = None if schema is None else _valid(completion.text, schema)
        return result_of(model_in_use, completion, data, tally)

    return await call(
        purpose,
        ref,
        work=_work(model_in_use, prompt, ask),
        scope=scope,
        deadline_seconds=deadline_seconds,
        attempt=attempt,
        input_text=_input_text(prompt),
        messages=prompt.messages,
    )


def stream_chat(
    prompt: Prompt,
    *,
    purpose: str,
    ref: str,
    scope: str,
    deadline_seconds: float,
    first_token_seconds: float | None = None,
    temperature: float = DEFAULT_TEMPERATURE,
    max_tokens: int = DEFAULT_MAX_TOKENS,
    model: str | None = None,
) -> "ChatStream":
    """Return the stream of an answer, to be entered with `async with` and then iterated.

    An attempt without any text after `first_token_seconds` has timed out. Iteration raises what `chat` raises; the
    text received until then is in the error's `partial`. Raises NotConfigured without a chat model.
    """
    model_in_use = _chat_model()
    ask = _ask(model_in_use, prompt, model, temperature, max_tokens, None)

    async def run(emit: Emit) -> ChatResult:
        async def attempt(tally: Tally) -> ChatResult:
            completion = await _stream_in_time(model_in_use, ask, tally, emit, first_token_seconds)
            return result_of(model_in_use, completion, None, tally)

        return await call(
            purpose,
            ref,
            work=_work(model_in_use, prompt, ask),
            scope=scope,
            deadline_seconds=deadline_seconds,
            attempt=attempt,
            input_text=_input_text(prompt),
            messages=prompt.messages,
        )

    return ChatStream(run)


class StreamClosed(RuntimeError):
    """Reading from a stream after it was closed."""


class ChatStream:
    """The text of an answer as it is written.

    A task of its own reads from the provider, so that leaving the block, by whatever way, ends it: the connection
    is closed and the attempt recorded before `async with` is over.
    """

    def __init__(self, run: Callable[[Emit], Coroutine[Any, Any, ChatResult]]) -> None:
        self._run = run
        self._queue: asyncio.Queue[str | None] = asyncio.Queue()
        self._task: asyncio.Task[ChatResult] | None = None
        self._text: list[str] = []

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run(self._queue.put_nowait))
        # Not a `finally` inside the task: one that is cancelled before its first step runs none.
        self._task.add_done_callback(lambda task: self._queue.put_nowait(None))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def __aiter__(self) -> AsyncIterator[str]:
        return self

    async def __anext__(self) -> str:
        if self._task is None:
            raise RuntimeError("enter the stream with `async with` before reading it")
        delta = await self._queue.get()
        if delta is not None:
            self._text.append(delta)
            return delta
        # Left for whoever asks again.
        self._queue.put_nowait(None)
        if self._task.cancelled():
            raise StreamClosed("the stream was closed")
        self._task.result()
        raise StopAsyncIteration

    @property
    def text(self) -> str:
        """The text handed out so far."""
        return "".join(self._text)

    @property
    def result(self) -> ChatResult:
        """The finished answer. Raises RuntimeError before the end, and after a bad one."""
        if self._task is None or not self._task.done() or self._task.cancelled() or self._task.exception():
            raise RuntimeError("the stream has not ended well, or not yet")
        return self._task.result()

    async def aclose(self) -> None:
        """Stop reading and close the connection to the provider; harmless when that has happened."""
        if self._task is None:
            return
        self._task.cancel()
        await asyncio.wait({self._task}, timeout=CLOSE_SECONDS)
        if self._task.done() and not self._task.cancelled():
            # Looked at, so that an error nobody waited for is not reported as forgotten.
            self._task.exception()


async def _stream_in_time(
    model: ChatModel, ask: Ask, tally: Tally, emit: Emit, first_token_seconds: float | None
) -> Completion:
    try:
        async with asyncio.timeout(first_token_seconds) as timer:

            def emit_and_relax(text: str) -> None:
                if timer.when() is not None:
                    timer.reschedule(None)
                emit(text)

            return await model.stream(ask, tally, emit_and_relax)
    except TimeoutError as error:
        if not timer.expired():
            raise
        raise TimedOut(f"no text within {first_token_seconds} s") from error


def _chat_model() -> ChatModel:
    model = current().chat
    if model is None:
        raise NotConfigured("no chat model is configured")
    return model


def _ask(
    chat_model: ChatModel,
    prompt: Prompt,
    model: str | None,
    temperature: float,
    max_tokens: int,
    schema: Schema | None,
) -> Ask:
    return Ask(
        messages=prompt.messages,
        model=model or chat_model.model,
        temperature=temperature,
        max_tokens=max_tokens,
        max_characters=max_tokens * CHARACTERS_PER_TOKEN,
        schema=schema,
        schema_name=prompt.name or "answer",
    )


def _work(chat_model: ChatModel, prompt: Prompt, ask: Ask) -> Work:
    return Work(
        provider=chat_model.provider,
        model=ask.model,
        operation=OPERATION,
        breaker=BREAKER,
        prompt_name=prompt.name,
        prompt_version=prompt.version,
        attempts=current().config.patience.attempts,
    )


def _input_text(prompt: Prompt) -> str:
    return "\n".join(message.content for message in prompt.messages)


def result_of(chat_model: ChatModel, completion: Completion, data: object | None, tally: Tally) -> ChatResult:
    """Return a finished answer with what its attempt used."""
    tokens_input, tokens_output = tally.tokens
    return ChatResult(
        text=completion.text,
        data=data,
        model=completion.model,
        provider=chat_model.provider,
        tokens_input=tokens_input,
        tokens_output=tokens_output,
        tokens_estimated=tally.estimated,
        latency_ms=tally.elapsed_ms,
        first_token_ms=tally.first_token_ms,
    )


def _valid(text: str, schema: Schema) -> object:
    try:
        data: object = json.loads(_without_fence(text))
    except ValueError as error:
        raise Malformed(f"the answer is not JSON: {error}", outage=False, partial=text) from error
    problem = next(iter(Draft202012Validator(schema).iter_errors(data)), None)
    if problem is not None:
        where = "/".join(str(part) for part in problem.absolute_path) or "the top"
        raise Malformed(f"the answer breaks its schema at {where}", outage=False, partial=text)
    return data


def _without_fence(text: str) -> str:
    """Strip the Markdown fence many models put around JSON."""
    stripped = text.strip()
    if not (stripped.startswith("```") and stripped.endswith("```")):
        return stripped
    return stripped[3:-3].removeprefix("json").strip()
