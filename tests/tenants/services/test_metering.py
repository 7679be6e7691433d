"""What calls to providers cost, and the budget that stops them."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from kimono import providers
from kimono.lib import db
from tenants.models import Budget, Price, Tenant, UsageRecord
from tenants.services.metering import UsageMeter, spent_this_month

pytestmark = pytest.mark.django_db(transaction=True)


def call(**given: Any) -> providers.CallRecord:
    import dataclasses

    values: dict[str, Any] = {
        "provider": "vendor", "model": "large", "operation": "chat", "purpose": "answer", "ref": "turn-1",
        "tokens_input": 1000, "tokens_output": 500, "latency_ms": 12.7, "started_at": timezone.now(), "success": True,
        "first_token_ms": None, "cancelled": False, "error_code": None, "prompt_name": None, "prompt_version": None,
    }  # fmt: skip
    names = {field.name for field in dataclasses.fields(providers.CallRecord)}
    return providers.CallRecord(
        **{name: value for name, value in {**values, **given}.items() if name in names}
    )


def price(model: str, amount: str, *, days_ago: int = 1, currency: str = "CNY") -> None:
    with db.public_scope():
        Price.objects.create(
            provider="vendor", model=model, operation="chat", input_per_1k=Decimal(amount),
            output_per_1k=Decimal(amount) * 2, currency=currency, valid_from=timezone.now() - timedelta(days=days_ago),
        )  # fmt: skip


def cost(record: providers.CallRecord) -> Decimal:
    UsageMeter().record(record)
    return UsageRecord.objects.latest("pk").cost_cny


def test_a_call_costs_what_its_price_says_when_it_began(in_alpha: Tenant) -> None:
    assert cost(call()) == 0
    price("*", "1", days_ago=1)
    price("large", "2", days_ago=9)
    price("large", "4", days_ago=5)
    price("large", "99", days_ago=-1)
    assert cost(call()) == Decimal(8)
    assert cost(call(model="small")) == Decimal(2)
    assert cost(call(started_at=timezone.now() - timedelta(days=7))) == Decimal(4)
    assert cost(call(provider="local")) == 0
    assert cost(call(tokens_input=0, tokens_output=0)) == 0
    price("dollar", "1", currency="USD")
    assert cost(call(model="dollar")) == Decimal("14.2")
    # Measuring is booked apart, at the same price.
    assert cost(call(booked_as="evaluation")) == Decimal(8)
    assert UsageRecord.objects.latest("pk").operation == "evaluation"


def test_usage_is_the_tenants_and_budgets_stop_at_the_limit(alpha: Tenant, beta: Tenant) -> None:
    price("large", "1")
    meter = UsageMeter()
    with db.tenant_scope(alpha):
        assert meter.admit("answer") is None
        Budget.objects.create(tenant=alpha, monthly_limit_cny=Decimal(4), hard_stop=True)
        for _ in range(2):
            assert meter.admit("answer") is None
            meter.record(call())
        assert spent_this_month() == Decimal(4)
        refused = meter.admit("answer")
        assert refused is not None
        row = UsageRecord.objects.order_by("pk")[0]
        assert (row.cost_cny, row.api_type, row.latency_ms, row.ref) == (Decimal(2), "vendor", 12, "turn-1")
        Budget.objects.update(hard_stop=False)
        assert meter.admit("answer") is None
        Budget.objects.update(hard_stop=True)
        UsageRecord.objects.update(timestamp=timezone.now() - timedelta(days=40))
        assert meter.admit("answer") is None
    with db.tenant_scope(beta):
        assert meter.admit("answer") is None
        assert spent_this_month() == 0
        assert not UsageRecord.objects.exists()


def test_a_call_of_the_platform_is_booked_to_nobody() -> None:
    with db.public_scope():
        assert UsageMeter().admit("evaluate") is None
        UsageMeter().record(call())
    with db.public_scope(), db.platform_scope():
        assert UsageRecord.objects.get().tenant_id is None


def test_failed_and_cancelled_calls_are_booked_too(in_alpha: Tenant) -> None:
    UsageMeter().record(call(success=False, error_code="timeout", tokens_output=0))
    UsageMeter().record(call(cancelled=True))
    assert sorted(UsageRecord.objects.values_list("success", "cancelled", "error_code")) == [
        (False, False, "timeout"), (True, True, "")
    ]  # fmt: skip
