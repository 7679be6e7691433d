"""Shapes of section 4 of the wire contract."""

from typing import Any, Literal

from ninja import Field, Schema
from pydantic import field_validator

from conversations.schemas.fields import (
    Channel,
    Json,
    LanguageCode,
    Metadata,
    Moment,
    PriorityIn,
    Remark,
    Said,
    Search,
    SessionId,
    Short,
    State,
)
from tenants.paging import Page


class ChatRequest(Schema):
    """A contact's message."""

    message: Said = Field(examples=["如何退货？"])
    session_id: SessionId | None = None
    conversation_id: SessionId | None = Field(default=None, description="An alias of session_id.")
    channel: Channel = "web"
    user_id: Short | None = None
    client_message_id: Short | None = None
    language: LanguageCode | None = None
    slots: Json | None = None
    metadata: Metadata | None = None


class GatewayRequest(ChatRequest):
    """A contact's message from a channel, which must be named."""

    channel: Channel


class Source(Schema):
    """A citation: the tie from `[n]` in a reply to the text that supports it."""

    n: int
    kind: Literal["qa", "chunk"]
    source: str
    title: str | None
    page: int | None
    section: str | None
    quote: str
    score: float
    url: str
    doc_id: str | None
    version: str | None
    chunk_id: str | None
    qa_id: str | None


class Suggestion(Schema):
    """A question that may have been meant."""

    text: str
    qa_id: str | None


class ChatData(Schema):
    """How a reply came about and what it changed."""

    intent: str
    sources: list[Source]
    citations: list[Source]
    attachments: list[dict[str, Any]]
    confidence: float
    escalate_to_human: bool
    escalation_card: dict[str, Any] | None
    handoff_offered: bool
    agent_status: str | None
    failed_attempts: int
    turn_count: int
    emotion_score: float | None
    sub_tasks: list[dict[str, Any]]
    slots: dict[str, Any]
    missing_slots: list[str]
    follow_up_question: str | None
    suggestions: list[Suggestion]
    stopped: bool
    trace_id: str
    experiment: dict[str, Any] | None
    cached: bool
    model_used: str | None
    language: str
    latency_ms: int
    knowledge_version: str | None
    degraded: str | None


class ChatResponse(Schema):
    """The answer to a message."""

    session_id: str
    reply: str
    status: Literal["ok", "human"]
    message_id: str | None
    seq: int | None
    user_message_id: str
    user_seq: int
    data: ChatData


class GatewayData(ChatData):
    """The same, with what came in."""

    channel: str
    original_message: str


class GatewayResponse(ChatResponse):
    """The answer to a message from a channel."""

    data: GatewayData


class SessionIn(Schema):
    """CH-04."""

    channel: Channel = "web"
    user_id: Short | None = None
    user_hash: Short | None = None
    language: LanguageCode | None = None
    metadata: Metadata | None = None


class Handshake(Schema):
    """A conversation that was begun, and the credential of its visitor."""

    session_id: str
    visitor_id: str
    visitor_token: str | None
    expires_at: str
    ws_url: str
    state: State
    last_seq: int
    greeting: str
    suggestions: list[Suggestion]
    user_verified: bool


class SessionOut(Schema):
    """A conversation."""

    session_id: str
    thread_id: str
    user_id: str | None
    visitor_id: str
    channel: str
    state: State
    agent_status: str | None
    assigned_agent_id: str | None
    priority: str | None
    turn_count: int
    failed_attempts: int
    epoch: int
    last_seq: int
    tags: list[str]
    group_id: str | None
    csat: int | None
    queue_position: int | None
    metadata: dict[str, Any]
    created_at: str
    last_activity_at: str


class MessageOut(Schema):
    """A message."""

    message_id: str
    seq: int
    session_id: str
    role: Literal["user", "assistant", "system"]
    author: Literal["visitor", "bot", "agent", "system"]
    kind: Literal["message", "answer", "ask", "refusal", "small_talk", "transfer"] = Field(
        description="What a reply of the bot is; of others `message`."
    )
    agent_id: str | None
    agent_name: str | None
    content: str
    citations: list[dict[str, Any]]
    attachments: list[dict[str, Any]]
    feedback: dict[str, Any] | None
    client_message_id: str | None
    created_at: str
    timestamp: str


class MessagesOut(Schema):
    """A part of a conversation, ascending; `items` are Message, or Event with `include=events`."""

    items: list[dict[str, Any]]
    total: int
    last_seq: int
    has_more: bool
    session: SessionOut


class SessionsQuery(Page):
    """CH-05."""

    user_id: Short | None = None
    state: State | None = None
    channel: Channel | None = None
    q: Search | None = None
    since: Moment | None = Field(default=None, alias="from")
    until: Moment | None = Field(default=None, alias="to")


class MessagesQuery(Schema):
    """CH-07."""

    after_seq: int = Field(default=0, ge=0, le=2**31 - 1)
    before_seq: int | None = Field(default=None, ge=0, le=2**31 - 1)
    limit: int = Field(default=50, ge=1, le=200)
    include: Literal["messages", "events"] = "messages"


class EventsQuery(Schema):
    """CH-08."""

    after_seq: int = Field(default=0, ge=0, le=2**31 - 1)
    token: str | None = None


class FeedbackIn(Schema):
    """CH-09."""

    message_id: Short | None = None
    rating: Literal["up", "down", 1, 2, 3, 4, 5]
    comment: Remark | None = None
    corrected_answer: str | None = Field(default=None, max_length=5000)
    client_message_id: Short | None = None

    @field_validator("rating", mode="before")
    @classmethod
    def _no_truth_value(cls, value: Any) -> Any:
        """Refuse true, which equals 1 but is no rating. Raises `ValueError`."""
        if isinstance(value, bool):
            raise ValueError("up, down, or 1 to 5")
        return value


class FeedbackOut(Schema):
    """What became of a vote."""

    success: bool
    message: str
    feedback_id: str
    applied: bool
    status: str


class EscalateIn(Schema):
    """CH-10."""

    reason: Remark | None = None
    priority: PriorityIn | None = None


class EscalateOut(Schema):
    """The passage to a person that was asked for."""

    session_id: str
    state: State
    agent_status: str | None
    escalation_card: dict[str, Any]
    queue_position: int | None
    estimated_wait_seconds: int | None
    in_working_hours: bool


class CloseIn(Schema):
    """CH-11."""

    reason: Remark | None = None


class CloseOut(Schema):
    """A conversation that is over."""

    session_id: str
    state: State
    closed_at: str


class StopIn(Schema):
    """CH-15."""

    message_id: Short | None = None


class StopOut(Schema):
    """What became of the reply that was being written."""

    session_id: str
    stopped: bool
    message_id: str | None


class CsatIn(Schema):
    """CH-12."""

    score: int = Field(ge=1, le=5, strict=True)
    resolved: bool | None = Field(default=None, strict=True)
    comment: Remark | None = None


class CsatOut(Schema):
    """How content the contact is."""

    session_id: str
    score: int
    resolved: bool | None
    comment: str | None
    created_at: str
