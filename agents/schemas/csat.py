"""Shapes of AG-27."""

from ninja import Field, Schema

from conversations.schemas.fields import Moment, Short
from tenants.paging import Page, Paged


class CsatQuery(Page):
    """AG-27."""

    agent_id: Short | None = None
    since: Moment | None = Field(default=None, alias="from")
    until: Moment | None = Field(default=None, alias="to")
    score: int | None = Field(default=None, ge=1, le=5)


class RatingOut(Schema):
    """How content a contact was."""

    session_id: str
    agent_id: str | None
    score: int
    resolved: bool | None
    comment: str | None
    created_at: str


class CsatSummary(Schema):
    """All ratings that match; positive are four and five."""

    avg_score: float
    count: int
    positive_rate: float
    distribution: dict[str, int]


class CsatOut(Paged[RatingOut]):
    """A page of ratings with the summary of all."""

    summary: CsatSummary
