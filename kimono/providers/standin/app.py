"""The stand-in as a bare ASGI application: the OpenAI protocol, and two paths to steer and watch it.

`POST /__control {"mode": "stall", "times": 3}` sets how to behave (for the next three requests; without `times`, from
now on; `token_delay` and `retry_after` in seconds; `words` are what the mode `says` says). `GET /__log` lists the
requests, `DELETE /__log` forgets them.
"""

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable

from kimono.providers.standin.chatting import answer_chat
from kimono.providers.standin.connection import Connection, Gone, Receive, Scope, Send
from kimono.providers.standin.encoding import answer_embeddings
from kimono.providers.standin.modes import Mode
from kimono.providers.standin.ranking import answer_rerank
from kimono.providers.standin.state import State
from kimono.providers.standin.writing import CREATED, error

MODELS = ("standin", "standin-small", "standin-embed", "standin-rerank", "standin-vision")

Answer = Callable[[Connection, State, dict[str, object], Mode], Awaitable[None]]
ANSWERS: dict[str, Answer] = {
    "/v1/chat/completions": answer_chat,
    "/v1/embeddings": answer_embeddings,
    "/v1/rerank": answer_rerank,
}


class StandinApp:
    """The ASGI application; one `State` per server."""

    def __init__(self, state: State) -> None:
        self.state = state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        if scope["type"] != "http":
            raise RuntimeError(f"the stand-in does not speak {scope['type']}")
        connection = Connection(scope, receive, send)
        with contextlib.suppress(Gone):
            await self._route(connection, await connection.body())

    async def _route(self, connection: Connection, body: bytes) -> None:
        match connection.method, connection.path:
            case "POST", path if path in ANSWERS:
                await self._answer(connection, body, ANSWERS[path])
            case "GET", "/v1/models":
                rows = [
                    {"id": name, "object": "model", "created": CREATED, "owned_by": "kimono"}
                    for name in MODELS
                ]
                await connection.json(200, {"object": "list", "data": rows})
            case "GET", "/__log":
                await connection.json(200, self.state.log())
            case "DELETE", "/__log":
                self.state.clear()
                await connection.json(200, {"cleared": True})
            case "POST", "/__control":
                await self._control(connection, body)
            case _:
                await connection.json(404, error("no such path", "invalid_request_error"))

    async def _answer(self, connection: Connection, body: bytes, answer: Answer) -> None:
        try:
            request = json.loads(body)
        except ValueError:
            request = None
        if not isinstance(request, dict) or not isinstance(request.get("model"), str):
            await connection.json(
                400, error("the body is no JSON object with a model", "invalid_request_error")
            )
            return
        name, _, suffix = request["model"].partition(":")
        asked = Mode(suffix) if suffix in set(Mode) else None
        entry = self.state.begin(connection.method, connection.path, request, asked)
        connection.entry = entry
        if name not in MODELS or entry.mode == Mode.WRONG_MODEL or (suffix and asked is None):
            message = f"The model `{request['model']}` does not exist"
            await connection.json(404, error(message, "invalid_request_error", "model_not_found"))
            return
        await _while_client_stays(connection, answer(connection, self.state, request, Mode(entry.mode)))

    async def _control(self, connection: Connection, body: bytes) -> None:
        try:
            wanted = json.loads(body)
            mode, times = Mode(wanted.get("mode", Mode.OK)), wanted.get("times")
            self.state.token_delay = float(wanted.get("token_delay", self.state.token_delay))
            self.state.retry_after = float(wanted.get("retry_after", self.state.retry_after))
            self.state.words = str(wanted.get("words", self.state.words))
        except (ValueError, TypeError, AttributeError) as problem:
            await connection.json(400, error(str(problem), "invalid_request_error"))
            return
        self.state.set_mode(mode, times)
        await connection.json(200, {"mode": mode, "times": times})


async def _while_client_stays(connection: Connection, answering: Awaitable[None]) -> None:
    """Answer until done or until the client leaves, whichever is first, and log the latter."""
    work = asyncio.ensure_future(answering)
    watch = asyncio.create_task(connection.until_gone())
    try:
        await asyncio.wait({work, watch}, return_when=asyncio.FIRST_COMPLETED)
        if not work.done() and connection.entry is not None:
            connection.entry.left()
    finally:
        watch.cancel()
        work.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await work
