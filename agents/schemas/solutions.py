"""Shapes of AG-09 and SO-01."""

from ninja import Schema

from conversations.schemas.fields import SessionId, Short
from knowledge.schemas.solutions import Asked, Solved


class SolutionIn(Schema):
    """AG-09."""

    question: Asked
    solution: Solved
    intent: Short | None = None


class SolutionOfIn(SolutionIn):
    """SO-01."""

    session_id: SessionId | None = None
