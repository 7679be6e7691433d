"""What faults are tried on: a merchant with knowledge, before servers whose neighbours fail."""

from tests.faults.holding import holder
from tests.journeys.conftest import (
    _model_server,
    _modelled,
    merchant,
    model,
    modelled,
    no_other_worker,
    program,
    web,
)

__all__ = [
    "_model_server",
    "_modelled",
    "holder",
    "merchant",
    "model",
    "modelled",
    "no_other_worker",
    "program",
    "web",
]
