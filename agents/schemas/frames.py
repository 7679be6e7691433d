"""Frames that an agent's socket takes (api.md 15.1)."""

from typing import Annotated, Literal

from ninja import Field, Schema

from agents.schemas.work import Content
from conversations.schemas.fields import Short
from conversations.schemas.frames import OwnId, Seq

Streams = Annotated[dict[Short, Seq], Field(max_length=51)]


class ResumeIn(Schema):
    """What was seen last of each stream."""

    streams: Streams


class SubscribeIn(Schema):
    """A conversation to be followed."""

    session_id: Short
    after_seq: Seq | None = None


class UnsubscribeIn(Schema):
    """A conversation to be followed no longer."""

    session_id: Short


class SendIn(Schema):
    """A message to the contact."""

    session_id: Short
    client_message_id: OwnId
    content: Content
    canned_reply_id: Short | None = None


class TypingIn(Schema):
    """The agent begins or ends to type."""

    session_id: Short
    on: bool = True


class ReadIn(Schema):
    """How far the agent has read."""

    session_id: Short
    seq: Seq


class PresenceIn(Schema):
    """Whether the agent is there."""

    status: Literal["online", "away", "offline"]
