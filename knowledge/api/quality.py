"""The door of the quality check: KB-16."""

from typing import Any

from django.http import HttpRequest
from ninja import Router

from knowledge.schemas import quality as shapes
from knowledge.services import checking
from tenants.auth import Guard

router = Router(tags=["quality"])


@router.post(
    "/knowledge/quality/check",
    response=shapes.QualityReport,
    auth=Guard("knowledge", reads=True),
    operation_id="KB-16",
)
def check_quality(request: HttpRequest, data: shapes.QualityIn) -> dict[str, Any]:
    """Look for what repeats, contradicts itself, is spelt in two ways, or should not be there."""
    return checking.check_named(source=data.source, doc_id=data.doc_id).shown()
