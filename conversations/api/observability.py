"""Doors of observability: PM-09, PM-10, PM-12."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router

from conversations.schemas import observability as schemas
from conversations.services import observability
from tenants.auth import Guard, Principal

router = Router(tags=["observability"])
OPERATIONS = Guard("operations", platform=True)


class ResetGuard(Guard):
    """Lets an operator of the platform in, and whoever calls in open mode."""

    def _check(self, principal: Principal, request: HttpRequest) -> None:
        if not principal.open_mode:
            super()._check(principal, request)


@router.get(
    "/observability/circuit-breakers",
    response=dict[str, schemas.BreakerOut],
    auth=OPERATIONS,
    operation_id="PM-09",
)
def list_breakers(request: HttpRequest) -> dict[str, Any]:
    """Return the circuit breakers by name."""
    return observability.circuit_breakers()


@router.post(
    "/observability/circuit-breakers/{name}/reset",
    response=schemas.BreakerReset,
    auth=ResetGuard(ops="w"),
    operation_id="PM-10",
)
def reset_breaker(request: HttpRequest, name: str) -> dict[str, Any]:
    """Close a circuit breaker."""
    return observability.reset_breaker(name=name)


@router.get("/observability/health", response=schemas.HealthOut, auth=OPERATIONS, operation_id="PM-12")
def health(request: HttpRequest) -> dict[str, Any]:
    """Return how the parts that conversations lean on are doing."""
    return observability.health(now=timezone.now())
