"""What models cost, dated: calls that are booked keep the price they were booked at."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from kimono.lib.errors import Missing
from tenants.models import Price
from tenants.services import auditing
from tenants.services.auditing import Actor

FIELDS = ("provider", "model", "operation", "input_per_1k", "output_per_1k", "currency", "valid_from")


def create(*, given: Mapping[str, Any], by: Actor) -> Price:
    """Add a price of the fields in `FIELDS`."""
    with transaction.atomic():
        price = Price.objects.create(**{name: given[name] for name in FIELDS if name in given})
        _audit("create_price", price, by)
    return price


def update(*, price_id: int, given: Mapping[str, Any], by: Actor) -> Price:
    """Change some fields of a price. Raises `Missing`."""
    with transaction.atomic():
        price = Price.objects.select_for_update(no_key=True).filter(pk=price_id).first()
        if price is None:
            raise Missing
        for name in FIELDS:
            if name in given:
                setattr(price, name, given[name])
        price.save()
        _audit("update_price", price, by)
    return price


def delete(*, price_id: int, by: Actor) -> None:
    """Delete a price. Raises `Missing`."""
    with transaction.atomic():
        price = Price.objects.select_for_update(no_key=True).filter(pk=price_id).first()
        if price is None:
            raise Missing
        _audit("delete_price", price, by)
        price.delete()


def _audit(action: str, price: Price, by: Actor) -> None:
    auditing.record(
        action=action,
        by=by,
        target_type="price",
        target_id=str(price.pk),
        details={
            "model": f"{price.provider}/{price.model}",
            "operation": price.operation,
            "input_per_1k": str(price.input_per_1k),
            "output_per_1k": str(price.output_per_1k),
            "currency": price.currency,
        },
    )
