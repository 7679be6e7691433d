"""How bodies and queries are read: no more bytes than any door takes, JSON as the standard has it, storable text."""

import json
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias, cast

from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict
from ninja.parser import Parser
from ninja.types import DictStrAny

from kimono.lib import plain_json
from kimono.lib.errors import Invalid, TooLarge, Unsupported
from tenants.answers import error_body

Receive: TypeAlias = Callable[[], Awaitable[Mapping[str, Any]]]
Send: TypeAlias = Callable[[Mapping[str, Any]], Awaitable[None]]
App: TypeAlias = Callable[[Any, Receive, Send], Awaitable[None]]
JSON_TYPES = ("application/json",)


class ContractParser(Parser):
    """Reads what api.md allows; ninja's own takes any content type, NaN and NUL."""

    def parse_body(self, request: HttpRequest) -> DictStrAny:
        """Return the JSON of the body. Raises `Unsupported` (another content type), `Invalid` (no object), `ValueError`."""
        kind = (request.content_type or "").lower()
        if kind not in ("", *JSON_TYPES) and not kind.endswith("+json"):
            raise Unsupported(supported=JSON_TYPES)
        body = plain_json.read(request.body)
        # Nothing but fields can be read from it: a list would pass for a body in which all of them are left out.
        if not isinstance(body, dict) and body is not None:
            raise Invalid("Input should be an object", loc=["body"], type="dict_type")
        return cast(DictStrAny, body)

    def parse_querydict(
        self, data: MultiValueDict[str, Any], list_fields: list[str], request: HttpRequest
    ) -> DictStrAny:
        """Return the query or form as a dictionary."""
        parsed = super().parse_querydict(data, list_fields, request)
        return {name: plain_json.storable(value) for name, value in parsed.items()}


class _TooMuch(Exception):
    """More bytes came than any door takes."""


def capped(app: App, most: int) -> App:
    """Return `app` behind a door that takes no body of more than `most` bytes, however it is announced.

    Django writes a body to the disk as a whole before anybody looks at it.
    """

    async def serve(scope: Any, receive: Receive, send: Send) -> None:
        taken = 0

        async def counted() -> Mapping[str, Any]:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > most:
                raise _TooMuch
            return message

        try:
            await app(scope, counted, send)
        except _TooMuch:
            await _refuse_body(send, most)

    return serve


async def _refuse_body(send: Send, most: int) -> None:
    identity = f"req-{uuid.uuid4().hex}"
    content = json.dumps(error_body(TooLarge(max_bytes=most), request_id=identity)).encode()
    headers = [
        (b"content-type", b"application/json; charset=utf-8"),
        (b"content-length", str(len(content)).encode()),
        (b"x-request-id", identity.encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": content})
