"""A merchant in force that has no knowledge, and a program of its staff."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from kimono.lib import db

if TYPE_CHECKING:
    from tenants.models import Tenant
    from tests.tenants.doors import Caller


@pytest.fixture
def staff(alpha: "Tenant", new_key: Callable[..., str]) -> "Caller":
    """A program of the merchant."""
    from tests.tenants.doors import at

    return at(alpha, X_API_Key=new_key(alpha))


@pytest.fixture
def bare_shop(alpha: "Tenant") -> Iterator["Tenant"]:
    """`alpha` in force, with no knowledge."""
    with db.tenant_scope(alpha):
        yield alpha
