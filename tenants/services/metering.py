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
        tenant = current_tenant_or_none()
        with own_rows(), connection.cursor() as cursor:
            cursor.execute(
                _RECORD,
                {
                    "timestamp": record.started_at,
                    "tenant": tenant.pk if tenant is not None else None,
                    "provider": record.provider,
                    "operation": record.booked_as or record.operation,
                    "priced": record.operation,
                    "purpose": record.purpose,
                    "ref": record.ref or "",
                    "model": record.model,
                    "prompt_name": record.prompt_name or "",
                    "prompt_version": record.prompt_version or "",
                    "tokens_input": record.tokens_input,
                    "tokens_output": record.tokens_output,
                    "latency_ms": int(record.latency_ms),
                    "first_token_ms": None if record.first_token_ms is None else int(record.first_token_ms),
                    "success": record.success,
                    "cancelled": record.cancelled,
                    "error_code": record.error_code or "",
                    "usd": Decimal(str(django_settings.USD_CNY)),
                },
            )


# Asked after every call of every search, so price and row are one statement. The price is the one valid when the call
# began: the model's own before that of "*", however old it is; a model without one costs nothing.
_RECORD = """
    INSERT INTO public.tenants_usagerecord (
        timestamp, tenant_id, api_type, operation, purpose, ref, session_id, model, prompt_name, prompt_version,
        tokens_input, tokens_output, latency_ms, first_token_ms, success, cancelled, error_code, cost_cny
    ) VALUES (
        %(timestamp)s, %(tenant)s, %(provider)s, %(operation)s, %(purpose)s, %(ref)s, '', %(model)s, %(prompt_name)s,
        %(prompt_version)s, %(tokens_input)s, %(tokens_output)s, %(latency_ms)s, %(first_token_ms)s, %(success)s,
        %(cancelled)s, %(error_code)s,
        coalesce((
            SELECT (input_per_1k * %(tokens_input)s + output_per_1k * %(tokens_output)s) / 1000
                   * CASE WHEN currency = 'USD' THEN %(usd)s ELSE 1 END
              FROM public.tenants_price
             WHERE provider = %(provider)s AND model IN (%(model)s, '*') AND operation = %(priced)s
               AND valid_from <= %(timestamp)s
             ORDER BY model = %(model)s DESC, valid_from DESC LIMIT 1
        ), 0)
    )
"""


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
