"""What an export asks for: CH-13 and CH-14."""

from typing import Literal

from ninja import Schema


class ConversationExportQuery(Schema):
    """CH-13."""

    format: Literal["pdf", "docx", "json", "csv"]


class AnswerExportQuery(Schema):
    """CH-14."""

    format: Literal["pdf", "docx"]
