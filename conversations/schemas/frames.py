"""Frames that a contact's socket takes (api.md 15.1)."""

from typing import Annotated

from ninja import Field, Schema
from pydantic import BeforeValidator, StringConstraints

from conversations.schemas.fields import Remark, Said, Short
from kimono.lib.cleaning import clean

OwnId = Annotated[
    str,
    StringConstraints(min_length=1, max_length=64),
    BeforeValidator(lambda value: clean(value) if isinstance(value, str) else value),
]
Seq = Annotated[int, Field(ge=0, le=2**31 - 1)]


class SendIn(Schema):
    """A message."""

    client_message_id: OwnId
    content: Said


class ResumeIn(Schema):
    """What was seen last."""

    after_seq: Seq


class TypingIn(Schema):
    """Somebody begins or ends to type."""

    on: bool = True


class ReadIn(Schema):
    """How far somebody has read."""

    seq: Seq


class EscalateIn(Schema):
    """A person is wanted."""

    reason: Remark | None = None


class StopIn(Schema):
    """The reply being written is to end where it is."""

    message_id: Short | None = None
