"""Doors of real answers that people judge: EV-11…13. Those of the list itself are where answers are drawn."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Query, Router

from knowledge.api.evaluation import EXPORT, FILE, READS, as_file
from knowledge.schemas import evaluation as shapes
from knowledge.services.evaluation import samples
from tenants.auth import actor_of
from tenants.paging import Page, paged

router = Router(tags=["evaluation"])


@router.get(
    "/evaluation/samples/{sample_id}",
    response=shapes.SampleWithItems,
    by_alias=True,
    auth=READS,
    operation_id="EV-11",
)
def get_sample(request: HttpRequest, sample_id: str, query: Query[Page]) -> dict[str, Any]:
    """Return a sample with a page of its answers."""
    sample = samples.get(sample_id=sample_id)
    return {**samples.shown(sample), **paged(sample.items.all(), query, samples.show_item)}


@router.put(
    "/evaluation/samples/{sample_id}/items/{item_id}",
    response=shapes.SampleItemOut,
    auth=READS,
    operation_id="EV-12",
)
def grade_item(request: HttpRequest, sample_id: str, item_id: str, data: shapes.GradeIn) -> dict[str, Any]:
    """Judge an answer, or judge it anew."""
    item = samples.grade(
        sample_id=sample_id, item_id=item_id, given=data.given(), by=actor_of(request), now=timezone.now()
    )
    return samples.show_item(item)


@router.get(
    "/evaluation/samples/{sample_id}/export",
    response={200: None},
    auth=EXPORT,
    operation_id="EV-13",
    openapi_extra=FILE,
)
def export_sample(request: HttpRequest, sample_id: str, query: Query[shapes.ExportQuery]) -> HttpResponse:
    """Download the answers of a sample with their grades."""
    sample = samples.get(sample_id=sample_id)
    content = samples.export(sample=sample, format=query.format, by=actor_of(request))
    return as_file(content, f"{sample.public_id}.{query.format}", query.format)
