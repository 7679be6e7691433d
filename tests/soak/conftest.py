"""What long runs stand on; `SOAK_MINUTES` makes all of them shorter or longer."""

import os

from tests.journeys.conftest import _model_server, model, no_other_worker, web

__all__ = ["_model_server", "minutes", "model", "no_other_worker", "web"]


def minutes(usual: float) -> float:
    """Return how many minutes a run is to take."""
    return float(os.environ.get("SOAK_MINUTES") or usual)
