"""Shapes of AG-07 and AG-08."""

from typing import Any, Literal

from ninja import Field, Schema

from conversations.schemas.fields import Said


class RecommendIn(Schema):
    """AG-07."""

    query: Said
    top_k: int = Field(default=5, ge=1, le=20, strict=True)


class Recommended(Schema):
    """A passage that may help, with where it stands."""

    content: str
    score: float
    source: str
    kind: Literal["qa", "chunk"]
    chunk_id: str | None
    qa_id: str | None
    doc_id: str | None
    title: str
    page: int | None
    section: str | None
    url: str


class RecommendOut(Schema):
    """What the knowledge says; `degraded` when it could not be searched as it should."""

    chunks: list[Recommended]
    total: int
    degraded: bool


class AssistIn(Schema):
    """AG-08."""

    query: Said


class AssistResult(Schema):
    """What the business system says. `error` tells why there is no answer."""

    reply: str | None
    data: dict[str, Any] | None
    error: str | None
    need_confirmation: bool
    scene: str | None
    tool: str | None
    interrupt_id: str | None


class AssistOut(Schema):
    """The same, and which of its values are masked."""

    result: AssistResult
    masked_fields: list[str]
