"""How bodies and queries are read: no more bytes than any door takes, JSON as the standard has it, storable text."""

import json
import math
import re
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias, cast

from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict
from ninja.parser import Parser
from ninja.types import DictStrAny

from kimono.lib.errors import TooLarge, Unsupported
from tenants.answers import error_body

Receive: TypeAlias = Callable[[], Awaitable[Mapping[str, Any]]]
Send: TypeAlias = Callable[[Mapping[str, Any]], Awaitable[None]]
App: TypeAlias = Callable[[Any, Receive, Send], Awaitable[None]]
JSON_TYPES = ("application/json",)
# PostgreSQL holds neither NUL nor half a surrogate pair.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class ContractParser(Parser):
    """Reads what api.md allows; ninja's own takes any content type, NaN and NUL."""

    def parse_body(self, request: HttpRequest) -> DictStrAny:
        """Return the JSON of the body. Raises `Unsupported` for another content type, `ValueError` for bad JSON."""
        kind = (request.content_type or "").lower()
        if kind not in ("", *JSON_TYPES) and not kind.endswith("+json"):
            raise Unsupported(supported=JSON_TYPES)
        parsed = json.loads(request.body, parse_constant=_refuse, parse_float=_finite)
        return cast(DictStrAny, storable(parsed))

    def parse_querydict(
        self, data: MultiValueDict[str, Any], list_fields: list[str], request: HttpRequest
    ) -> DictStrAny:
        """Return the query or form as a dictionary."""
        parsed = super().parse_querydict(data, list_fields, request)
        return {name: storable(value) for name, value in parsed.items()}


def storable(value: Any) -> Any:
    """Return JSON-able data with NUL and lone surrogates taken out of every text."""
    if isinstance(value, str):
        return value if value.isascii() and "\x00" not in value else _UNSTORABLE.sub("", value)
    if isinstance(value, dict):
        return {storable(key): storable(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [storable(inner) for inner in value]
    return value


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number is out of range")
    return number


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
