"""What happens in conversations, told upwards and to webhooks (api.md 12)."""

from dataclasses import dataclass
from typing import ClassVar

from kimono.lib.events import Event, event


@event
@dataclass(frozen=True)
class SessionCreated(Event):
    """A conversation began."""

    name: ClassVar[str] = "session.created"
    session_id: str
    channel: str
    user_id: str | None


@event
@dataclass(frozen=True)
class SessionReopened(Event):
    """The contact wrote again after the case was resolved."""

    name: ClassVar[str] = "session.reopened"
    session_id: str


@event
@dataclass(frozen=True)
class SessionClosed(Event):
    """A conversation is over for good."""

    name: ClassVar[str] = "session.closed"
    session_id: str
    reason: str | None


@event
@dataclass(frozen=True)
class MessageCreated(Event):
    """Something was said."""

    name: ClassVar[str] = "message.created"
    session_id: str
    message_id: str
    seq: int
    author: str


@event
@dataclass(frozen=True)
class HandoffRequested(Event):
    """A person is wanted."""

    name: ClassVar[str] = "handoff.requested"
    session_id: str
    handoff_id: str
    rule: str
    priority: str


@event
@dataclass(frozen=True)
class HandoffAccepted(Event):
    """An agent has a conversation."""

    name: ClassVar[str] = "handoff.accepted"
    session_id: str
    handoff_id: str
    agent_id: str


@event
@dataclass(frozen=True)
class HandoffReleased(Event):
    """An agent gave a conversation back, or was silent for too long."""

    name: ClassVar[str] = "handoff.released"
    session_id: str
    handoff_id: str
    agent_id: str
    to: str


@event
@dataclass(frozen=True)
class HandoffTransferred(Event):
    """An agent gave a conversation to another agent, or to a group."""

    name: ClassVar[str] = "handoff.transferred"
    session_id: str
    handoff_id: str
    from_agent_id: str
    to_agent_id: str | None
    to_group_id: str | None


@event
@dataclass(frozen=True)
class SessionResolved(Event):
    """An agent has resolved the contact's case."""

    name: ClassVar[str] = "session.resolved"
    session_id: str
    handoff_id: str
    agent_id: str


@event
@dataclass(frozen=True)
class CsatCreated(Event):
    """A contact has said how content it is."""

    name: ClassVar[str] = "csat.created"
    session_id: str
    score: int
    agent_id: str | None
