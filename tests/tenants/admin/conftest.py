"""Those who come in to the two admin sites."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tenants.models import Tenant
    from tests.tenants.doors import Caller


def _signed_in(tenant: "Tenant | None", role: str, username: str) -> "Caller":
    from tests.tenants.admin_pages import signed_in
    from tests.tenants.doors import make_user

    make_user(tenant, role, username)
    return signed_in(tenant, username)


@pytest.fixture
def merchant(alpha: "Tenant") -> "Caller":
    """The admin of alpha, signed in."""
    return _signed_in(alpha, "merchant_admin", "boss")


@pytest.fixture
def operator(db: None) -> "Caller":
    """An operator of the platform, signed in."""
    return _signed_in(None, "ops_admin", "operator")


@pytest.fixture
def onlooker(db: None) -> "Caller":
    """An operator who may only look, signed in."""
    return _signed_in(None, "ops_viewer", "onlooker")
