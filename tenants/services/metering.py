"""The meter of provider calls: asks the budget before an attempt, books usage and cost after it."""

from decimal import Decimal

from django.conf import settings as django_settings
from django.db import connection
from django.db.models import Sum
from django.utils import timezone

from kimono import providers
from kimono.lib.db import current_tenant_or_none
from tenants.models import Budget, Tenant, UsageRecord
from tenants.services.ownership import own_rows


class UsageMeter:
    """The `Meter` of `kimono.providers`, kept in the tables of this floor."""

    def admit(self, purpose: str) -> providers.Refused | None:
        """Return a refusal when the tenant is suspended by now, or its budget is used up and is to stop calls."""
        tenant = current_tenant_or_none()
        if tenant is None:
            return None
        # Asked anew: what is under way began before the suspension.
        if Tenant.objects.filter(pk=tenant.pk, status=Tenant.Status.SUSPENDED).exists():
            return providers.Refused("suspended")
        budget = Budget.objects.filter(tenant=tenant, hard_stop=True, monthly_limit_cny__isnull=False).first()
        if budget is None or budget.monthly_limit_cny is None:
            return None
        return providers.Refused("budget") if spent_this_month() >= budget.monthly_limit_cny else None

    def record(self, record: providers.CallRecord) -> None:
        """Write one usage row, priced now."""
        with own_rows():
            UsageRecord.objects.create(
                timestamp=record.started_at,
                tenant=current_tenant_or_none(),
                api_type=record.provider,
                operation=record.operation,
                purpose=record.purpose,
                ref=record.ref or "",
                model=record.model,
                prompt_name=record.prompt_name or "",
                prompt_version=record.prompt_version or "",
                tokens_input=record.tokens_input,
                tokens_output=record.tokens_output,
                latency_ms=int(record.latency_ms),
                first_token_ms=None if record.first_token_ms is None else int(record.first_token_ms),
                cost_cny=cost(record),
                success=record.success,
                cancelled=record.cancelled,
                error_code=record.error_code or "",
            )


# Asked after every call, so it is written out. The model's own price comes before that of "*", however old it is.
_PRICE = """
    SELECT input_per_1k, output_per_1k, currency FROM public.tenants_price
     WHERE provider = %s AND model IN (%s, '*') AND operation = %s AND valid_from <= %s
     ORDER BY model = %s DESC, valid_from DESC LIMIT 1
"""


def cost(record: providers.CallRecord) -> Decimal:
    """Return what a call cost in CNY at the price valid when it began; 0 for a model without a price."""
    with connection.cursor() as cursor:
        cursor.execute(
            _PRICE, [record.provider, record.model, record.operation, record.started_at, record.model]
        )
        price = cursor.fetchone()
    if price is None:
        return Decimal(0)
    per_input, per_output, currency = price
    amount = (per_input * record.tokens_input + per_output * record.tokens_output) / Decimal(1000)
    return Decimal(amount * Decimal(str(django_settings.USD_CNY)) if currency == "USD" else amount)


def spent_this_month() -> Decimal:
    """Return what the current tenant's calls have cost in this calendar month, in CNY."""
    start = timezone.localtime().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    total = UsageRecord.objects.filter(tenant=current_tenant_or_none(), timestamp__gte=start).aggregate(
        total=Sum("cost_cny")
    )["total"]
    return total or Decimal(0)


def install() -> None:
    """Make this meter the one that every provider call asks."""
    providers.install_meter(UsageMeter())
