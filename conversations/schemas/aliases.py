"""Shapes of the older clients (api.md 18)."""

from typing import Any

from ninja import Field, Schema

from conversations.schemas.chat import FeedbackIn
from conversations.schemas.fields import SessionId


class PlainSource(Schema):
    """What an answer leans on; of a document, `question` is its title and `answer` the cited words."""

    question: str
    answer: str
    score: float
    category: str


class PlainAnswer(Schema):
    """AL-01: the answer to a message."""

    answer: str
    conversation_id: str
    message_id: str | None
    sources: list[PlainSource]
    model_used: str | None
    language: str
    confidence: float
    latency_ms: int


class HistoryQuery(Schema):
    """AL-02."""

    max_turns: int = Field(default=20, ge=1, le=200)


class HistoryOut(Schema):
    """AL-02: the end of a conversation; `messages` are Message."""

    conversation_id: str
    messages: list[dict[str, Any]]
    count: int


class PlainFeedbackIn(FeedbackIn):
    """AL-03."""

    conversation_id: SessionId
