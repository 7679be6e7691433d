"""Reading what came over the wire, trusting none of it: bounded, and checked before it is used."""

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

from kimono.providers.errors import Malformed

DONE = "[DONE]"
MOST_LINE_BYTES = 1 << 20
MOST_BODY_BYTES = 32 << 20


class EventParser:
    """Turns chunks of an event stream into the values of its `data:` lines.

    Splits at LF only (with an optional CR before it): other line ends, such as U+2028, may stand raw inside JSON.
    """

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, chunk: bytes) -> list[str]:
        """Return the data values completed by this chunk. Raises ValueError for lines too long or not UTF-8."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        if len(self._rest) > MOST_LINE_BYTES:
            raise ValueError(f"a line of the stream is longer than {MOST_LINE_BYTES} bytes")
        return [data for line in lines if (data := _data_of(line)) is not None]

    def finish(self) -> list[str]:
        """Return the data value of a last line that has no line end."""
        return self.feed(b"\n")


def _data_of(line: bytes) -> str | None:
    field, colon, value = line.rstrip(b"\r").partition(b":")
    if not colon or field != b"data":
        return None
    return value.decode("utf-8").strip()


@dataclass(frozen=True, slots=True)
class Piece:
    """What one completion body, or one chunk of a stream, says.

    `usage` is tokens in and out; `finish_reason` and `usage` are None where the server did not say.
    """

    text: str
    finish_reason: str | None
    usage: tuple[int, int] | None
    model: str | None
    error: object | None


async def read_json(chunks: AsyncIterator[bytes]) -> object:
    """Read a whole JSON body. Raises ValueError when it is too large or not JSON."""
    body = bytearray()
    async for chunk in chunks:
        body += chunk
        if len(body) > MOST_BODY_BYTES:
            raise ValueError(f"the answer is larger than {MOST_BODY_BYTES} bytes")
    return json.loads(bytes(body))


def piece_of(value: object, *, part: str) -> Piece:
    """Read a completion (`part` "message") or a chunk of one (`part` "delta"). Raises Malformed."""
    if not isinstance(value, Mapping):
        raise Malformed("the answer is not a JSON object")
    choice = _first_choice(value)
    content = _mapping(choice.get(part), part).get("content")
    if content is not None and not isinstance(content, str):
        raise Malformed("the content is not text")
    return Piece(
        text=content or "",
        finish_reason=_text_or_none(choice.get("finish_reason")),
        usage=usage_of(value),
        model=_text_or_none(value.get("model")),
        error=value.get("error") or None,
    )


def usage_of(value: Mapping[str, object]) -> tuple[int, int] | None:
    """Return the reported tokens in and out, or None when there are none that make sense."""
    usage = value.get("usage")
    if not isinstance(usage, Mapping):
        return None
    sent, received = usage.get("prompt_tokens"), usage.get("completion_tokens", 0)
    if not isinstance(sent, int) or not isinstance(received, int) or sent < 0 or received < 0:
        return None
    return sent, received


def _first_choice(value: Mapping[str, object]) -> Mapping[str, object]:
    choices = value.get("choices")
    if choices is None:
        return {}
    if not isinstance(choices, list):
        raise Malformed("the choices are not a list")
    # The chunk that carries the usage has no choices.
    return _mapping(choices[0], "choice") if choices else {}


def _mapping(value: object, name: str) -> Mapping[str, object]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise Malformed(f"the {name} is not an object")
    return value


def _text_or_none(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
