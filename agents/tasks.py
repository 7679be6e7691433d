"""Background doors of this floor."""

from typing import Any

from django.utils import timezone

from agents.services import assigning, assisting, casebook, shifts
from kimono.lib.events import consumer
from kimono.lib.queue import app
from tenants.services import across


@app.task(name="agents.look_after", public=True)
def look_after() -> None:
    """Put back in the queue what silent agents keep and give out what waits, for all merchants that want that"""
    across.for_each_active(_one)


def _one() -> None:
    shifts.end_silent(now=timezone.now())
    assigning.assign_waiting(now=timezone.now())


@consumer(
    "handoff.requested", "handoff.released", "handoff.transferred", "session.resolved", by="agents.assign"
)
def assign(data: dict[str, Any]) -> None:
    """Give what waits to agents, where the merchant wants that: something waits, or somebody has room again."""
    assigning.assign_waiting(now=timezone.now())


@consumer("solution.approved", "solution.rejected", by="agents.solutions")
def tell_reviewed(data: dict[str, Any]) -> None:
    """Tell agents what became of a solution."""
    assisting.tell_reviewed(solution_id=data["solution_id"], now=timezone.now())


@consumer("session.resolved", by="agents.casebook")
def write_ticket(data: dict[str, Any]) -> None:
    """Write the ticket of a resolved conversation."""
    casebook.write_ticket(handoff_id=data["handoff_id"], now=timezone.now())
