"""The programs of two merchants that may write knowledge, before a real web server and a real worker."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.fixtures.servers import Servers


@pytest.fixture
def keeper(live: Servers, alpha: Any, new_key: Callable[..., str]) -> Iterator[httpx.Client]:
    """The program of `alpha`."""
    with live.client(key=new_key(alpha, scopes=["knowledge"]), timeout=100) as client:
        yield client


@pytest.fixture
def neighbour(live: Servers, beta: Any, new_key: Callable[..., str]) -> Iterator[httpx.Client]:
    """The program of `beta`."""
    with live.client(key=new_key(beta, scopes=["knowledge"]), timeout=100) as client:
        yield client
