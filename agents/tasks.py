"""Background doors of this floor."""

from django.utils import timezone

from agents.services import shifts
from kimono.lib.queue import app
from tenants.services import across


@app.task(name="agents.look_after", public=True)
def look_after() -> None:
    """Put back in the queue what silent agents keep, for all merchants that want that"""
    across.for_each_active(_one)


def _one() -> None:
    shifts.end_silent(now=timezone.now())
