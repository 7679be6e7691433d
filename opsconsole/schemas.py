"""Frames that an operator's socket takes (api.md 15.1)."""

from typing import Annotated, Literal

from ninja import Field, Schema

from conversations.schemas.frames import Seq

Topic = Literal["metrics", "alerts", "components", "tenants"]


class ResumeIn(Schema):
    """What was seen last."""

    streams: Annotated[dict[Literal["ops"], Seq], Field(min_length=1)]


class SubscribeIn(Schema):
    """All that is to be told from now on."""

    topics: Annotated[list[Topic], Field(max_length=20)]
