"""The human side of a merchant, over its doors."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from kimono.lib import db

if TYPE_CHECKING:
    from tenants.models import Tenant
    from tests.tenants.doors import Caller


@pytest.fixture
def key(transactional_db: None, alpha: "Tenant") -> "Caller":
    """A caller with a key of all scopes."""
    from tenants.services import api_keys
    from tenants.services.auditing import SYSTEM
    from tests.fixtures.tenants import ALL_SCOPES
    from tests.tenants.doors import at

    with db.tenant_scope(alpha):
        issued = api_keys.create(name="desk", by=SYSTEM, scopes=list(ALL_SCOPES))
    return at(alpha, X_API_Key=issued.secret)


@pytest.fixture
def person(alpha: "Tenant") -> Callable[[str, str], "Caller"]:
    """Return a function that adds somebody and signs them in."""
    from tests.tenants.doors import at, make_user

    def add(role: str, username: str) -> "Caller":
        make_user(alpha, role, username=username)
        return at(alpha).signed_in(username)

    return add


@pytest.fixture
def asked(key: "Caller") -> Callable[..., str]:
    """Return a function that lets a contact ask for a person, and returns the conversation."""

    def ask(**more: Any) -> str:
        session_id: str = key.post("chat/sessions", more).json()["session_id"]
        assert key.post(f"chat/sessions/{session_id}/escalate", {"reason": "要人工"}).status_code == 200
        return session_id

    return ask
