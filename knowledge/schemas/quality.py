"""Shapes of the quality check (api.md 6.2)."""

from typing import Annotated, Literal

from ninja import Schema
from pydantic import AfterValidator, StringConstraints

from kimono.lib.cleaning import clean


class QualityIn(Schema):
    """KB-16: one document by its source or its id, or all that is on show."""

    source: Annotated[str, AfterValidator(clean), StringConstraints(max_length=255)] | None = None
    doc_id: Annotated[str, AfterValidator(clean), StringConstraints(max_length=64)] | None = None


class IssueOut(Schema):
    """One thing that is wrong with a chunk, or with a pair, whose id then stands in the chunk's place."""

    chunk_index: int
    chunk_id: str
    issue_type: Literal["duplicate", "term_inconsistency", "sensitive_word"]
    detail: str
    snippet: str


class QualityReport(Schema):
    """What was found; the last three lists repeat the first three."""

    total_chunks: int
    summary: str
    duplicate_issues: list[IssueOut]
    term_issues: list[IssueOut]
    sensitive_issues: list[IssueOut]
    duplicates: list[IssueOut]
    term_violations: list[IssueOut]
    sensitive_hits: list[IssueOut]
    error: str | None
