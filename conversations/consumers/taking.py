"""What a client says: from the bytes of a frame to a shape that was checked."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from conversations.consumers.closings import Closing
from kimono.lib import plain_json
from kimono.lib.errors import Invalid, Refusal

_LONGEST_ID = 64
# A frame may break a rule in every one of its fields; the first ones say enough.
_MOST_FAULTS = 20


class Unknown(Invalid):
    """A frame of a type that this socket does not take."""

    def __init__(self) -> None:
        super().__init__("Unknown type", loc=["frame", "type"], type="enum")


class Wrong(Refusal):
    """A frame whose fields break rules."""

    status = 422
    code = "validation_error"

    def __init__(self, error: ValidationError) -> None:
        super().__init__(
            [
                {"loc": ["frame", *each["loc"]], "msg": each["msg"], "type": each["type"]}
                for each in error.errors(include_url=False, include_context=False, include_input=False)[
                    :_MOST_FAULTS
                ]
            ]
        )


class Bare(BaseModel):
    """A frame without fields."""


@dataclass(frozen=True)
class Taken:
    """One type of frame: its shape, and what is done with it."""

    shape: type[BaseModel]
    by: Callable[[Any, str | None], Awaitable[None]]


def parsed(message: Mapping[str, Any], *, max_bytes: int) -> dict[str, Any]:
    """Return the frame in a message of the server. Raises `Closing` for what no socket takes, and at the end."""
    if message["type"] == "websocket.disconnect":
        raise Closing(None)
    text = message.get("text")
    if text is None:
        raise Closing(4400, "not_text")
    if len(text) > max_bytes or len(text.encode()) > max_bytes:
        raise Closing(4413, "payload_too_large")
    try:
        frame = plain_json.read(text)
    except (ValueError, RecursionError):
        raise Closing(4400, "invalid_json") from None
    if not isinstance(frame, dict):
        raise Closing(4400, "invalid_json")
    return frame


def id_of(frame: Mapping[str, Any]) -> str | None:
    """Return the id that the client gave a frame, to be said again in the answer."""
    id = frame.get("id")
    return id if isinstance(id, str) and 0 < len(id) <= _LONGEST_ID else None


def shaped(shape: type[BaseModel], frame: dict[str, Any]) -> BaseModel:
    """Return a frame in its shape. Raises `Wrong`."""
    try:
        return shape.model_validate(frame)
    except ValidationError as error:
        raise Wrong(error) from None
