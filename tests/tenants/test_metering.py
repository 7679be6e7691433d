"""What may be called at a provider, asked before each attempt."""

from typing import Any

import pytest
from django.utils import timezone

from kimono import providers
from kimono.lib import db
from tenants.models import Budget
from tenants.services import lifecycle
from tenants.services.auditing import SYSTEM
from tenants.services.metering import UsageMeter


def test_a_turn_that_outlives_the_suspension_calls_no_more(in_alpha: Any) -> None:
    meter = UsageMeter()
    assert meter.admit("answer") is None
    lifecycle.suspend(tenant_id=in_alpha.public_id, reason="test", by=SYSTEM, now=timezone.now())
    # The tenant in force is still the one that the turn began with.
    assert db.current_tenant().status == "active"
    assert meter.admit("answer") == providers.Refused("suspended")
    lifecycle.activate(tenant_id=in_alpha.public_id, by=SYSTEM)
    assert meter.admit("answer") is None


@pytest.mark.parametrize(("limit", "hard", "refused"), [(0, True, True), (0, False, False), (5, True, False)])
def test_a_spent_budget_stops_calls_where_it_is_to(
    in_alpha: Any, limit: int, hard: bool, refused: bool
) -> None:
    with db.public_scope(), db.platform_scope():
        Budget.objects.create(tenant=in_alpha, monthly_limit_cny=limit, hard_stop=hard)
    assert UsageMeter().admit("answer") == (providers.Refused("budget") if refused else None)
