"""What goes in and out of a turn."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from conversations.models import Conversation, Message, Turn
from conversations.services.dialogue.slots import Scene
from conversations.services.dialogue.window import Line
from kimono.lib.errors import Conflict, Unavailable
from knowledge.services.tuning import Params

Entry = Literal["chat", "stream", "gateway", "socket"]


class BodyDiffers(Conflict):
    """The id of a message was used before, for another message."""

    code = "idempotency_conflict"
    detail = "The same client_message_id came with another body."


class StillRunning(Conflict):
    """The first request with this id has not ended yet."""

    code = "idempotency_in_progress"
    detail = "The first request is still being answered."

    def __init__(self) -> None:
        super().__init__(headers={"Retry-After": "1"})


class TurnFailed(Unavailable):
    """The answer could not be made; sending the message again tries anew."""

    detail = "The answer could not be made. Please try again."

    def __init__(self) -> None:
        super().__init__(retry_after=1)


@dataclass(frozen=True)
class Sender:
    """Who sends a message: a visitor (`session_id` is its own), or somebody a key or a login vouches for."""

    kind: str
    id: str
    session_id: str | None = None

    @property
    def principal(self) -> str:
        """Return the name under which first messages are remembered."""
        return f"{self.kind}:{self.id}"

    @property
    def vouched(self) -> bool:
        """Tell whether what is said of the contact (user id, member level) is believed."""
        return self.kind != "visitor"


@dataclass(frozen=True)
class Incoming:
    """A contact's message as it came in: cleaned, trimmed, checked."""

    text: str
    entry: Entry = "chat"
    session_id: str | None = None
    channel: str | None = None
    user_id: str = ""
    client_message_id: str | None = None
    language: str | None = None
    slots: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)

    @property
    def body_hash(self) -> str:
        """Return what tells two messages with one id apart; the session is left out, for a retry may know it."""
        body = [self.text, self.channel, self.user_id, self.language, self.slots, self.metadata]
        canonical = json.dumps(body, sort_keys=True, ensure_ascii=True, default=str)
        return hashlib.sha256(canonical.encode()).hexdigest()

    @property
    def member_level(self) -> str:
        """Return the level that the merchant's system says the contact has."""
        level = self.metadata.get("member_level")
        return level[:40] if isinstance(level, str) else ""


@dataclass
class Begun:
    """A message that is stored, and the turn that is to answer it.

    `place`: run it now, wait for earlier ones, nothing to do (a person answers), or the repeat of an earlier request.
    """

    turn: Turn
    conversation: Conversation
    message: Message
    place: Literal["run", "wait", "human", "repeat"]
    given: Mapping[str, Any] = field(default_factory=dict)
    window: tuple[Line, ...] = ()
    scenes: tuple[Scene, ...] = ()
    params: Params = field(default_factory=Params)

    @property
    def repeat(self) -> bool:
        """Tell whether the message had been sent before."""
        return self.place == "repeat"


@dataclass(frozen=True)
class Limits:
    """How long a turn may take, in seconds, and what happens then: an answer without more, or an error."""

    total: float
    on_timeout: Literal["degrade", "fail"]


@dataclass(frozen=True)
class Finished:
    """A turn that has ended: the answer of CH-01, or the error to tell."""

    response: Mapping[str, Any]
    error: str = ""


def lease_is_over(turn: Turn, *, now: datetime) -> bool:
    """Tell whether an open turn was abandoned by whoever worked on it."""
    return turn.status in Turn.OPEN and (turn.lease_until is None or turn.lease_until < now)
