"""Doors of the parameters of search: TU-01…03."""

from typing import Any

from django.http import HttpRequest
from ninja import Router

from knowledge.schemas import tuner as shapes
from knowledge.services import tuner, tuning
from tenants.auth import Guard, actor_of

router = Router(tags=["tuner"])
KNOWLEDGE = Guard("knowledge")


@router.get("/tuner/params", response=shapes.ParamsOut, auth=KNOWLEDGE, operation_id="TU-01")
def get_params(request: HttpRequest) -> dict[str, Any]:
    """Return the parameters in force."""
    return tuner.shown(tuning.effective())


@router.put("/tuner/params", response=shapes.ParamsOut, auth=KNOWLEDGE, operation_id="TU-02")
def put_params(request: HttpRequest, data: shapes.ParamsIn) -> dict[str, Any]:
    """Set some of the merchant's own parameters; the next question uses them."""
    return tuner.shown(tuning.put(values=data.given(), by=actor_of(request)))


@router.post("/tuner/reset", response=shapes.ParamsOut, auth=KNOWLEDGE, operation_id="TU-03")
def reset_params(request: HttpRequest) -> dict[str, Any]:
    """Forget the merchant's own parameters."""
    return tuner.shown(tuning.reset(by=actor_of(request)))
