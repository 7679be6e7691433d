"""Doors of the list of samples: EV-09, and EV-10, for one address has one view. The rest is the knowledge's."""

from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Status

from conversations.schemas.samples import SampleIn
from conversations.services import sampling
from knowledge.schemas.evaluation import SampleOut
from knowledge.services.evaluation import samples
from tenants.auth import Guard, actor_of
from tenants.paging import Page, Paged, paged

router = Router(tags=["evaluation"])
GUARD = Guard("knowledge", "analytics")


@router.post(
    "/evaluation/samples",
    response={201: SampleOut},
    auth=GUARD,
    operation_id="EV-09",
    by_alias=True,
)
def draw_sample(request: HttpRequest, data: SampleIn) -> Status[dict[str, Any]]:
    """Draw real answers to be judged; the same seed over the same answers draws the same."""
    sample = sampling.draw(**data.dict(), by=actor_of(request))
    return Status(201, samples.shown(sample))


@router.get("/evaluation/samples", response=Paged[SampleOut], auth=GUARD, operation_id="EV-10", by_alias=True)
def list_samples(request: HttpRequest, query: Query[Page]) -> dict[str, Any]:
    """List the samples, newest first."""
    return paged(samples.listed(), query, samples.shown)
