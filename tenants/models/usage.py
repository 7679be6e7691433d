"""What calls to providers used and cost, the dated prices, and the budgets."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class UsageRecord(models.Model):
    """One attempt of one provider call, priced when it was made."""

    timestamp = models.DateTimeField(_("time"))
    tenant = models.ForeignKey(
        "tenants.Tenant", on_delete=models.PROTECT, related_name="+", null=True, verbose_name=_("merchant")
    )
    api_type = models.CharField(_("provider"), max_length=40)
    operation = models.CharField(_("operation"), max_length=20)
    purpose = models.CharField(_("purpose"), max_length=40)
    ref = models.CharField(_("reference"), max_length=80, blank=True, default="")
    session_id = models.CharField(_("conversation"), max_length=80, blank=True, default="")
    model = models.CharField(_("model"), max_length=100)
    prompt_name = models.CharField(_("prompt"), max_length=60, blank=True, default="")
    prompt_version = models.CharField(_("prompt version"), max_length=20, blank=True, default="")
    tokens_input = models.PositiveIntegerField(_("input tokens"), default=0)
    tokens_output = models.PositiveIntegerField(_("output tokens"), default=0)
    latency_ms = models.PositiveIntegerField(_("latency (ms)"), default=0)
    first_token_ms = models.PositiveIntegerField(_("first token (ms)"), null=True)
    cost_cny = models.DecimalField(_("cost (CNY)"), max_digits=14, decimal_places=8, default=0)
    success = models.BooleanField(_("succeeded"))
    cancelled = models.BooleanField(_("cancelled"), default=False)
    error_code = models.CharField(_("error"), max_length=40, blank=True, default="")

    class Meta:
        verbose_name = _("model call")
        verbose_name_plural = _("model calls")
        ordering = ("-timestamp", "-id")
        indexes: ClassVar = [
            models.Index(fields=["tenant", "timestamp"], name="usage_of_tenant"),
            models.Index(fields=["ref"], name="usage_by_ref"),
        ]

    def __str__(self) -> str:
        return f"{self.operation} {self.model} {self.ref}"


class Price(models.Model):
    """The price of a model from a date on, per 1,000 tokens. Past records keep the price they were made at."""

    provider = models.CharField(_("provider"), max_length=40)
    model = models.CharField(_("model"), max_length=100)
    operation = models.CharField(_("operation"), max_length=20)
    input_per_1k = models.DecimalField(_("input per 1,000 tokens"), max_digits=12, decimal_places=6)
    output_per_1k = models.DecimalField(_("output per 1,000 tokens"), max_digits=12, decimal_places=6)
    currency = models.CharField(_("currency"), max_length=3, default="CNY")
    valid_from = models.DateTimeField(_("valid from"))

    class Meta:
        verbose_name = _("price")
        verbose_name_plural = _("prices")
        ordering = ("provider", "model", "operation", "-valid_from")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["provider", "model", "operation", "valid_from"], name="price_once_a_moment"
            )
        ]

    def __str__(self) -> str:
        return f"{self.provider}/{self.model} {self.operation}"


class Budget(models.Model):
    """What a tenant may spend in a month."""

    tenant = models.OneToOneField("tenants.Tenant", on_delete=models.PROTECT, related_name="+")
    monthly_limit_cny = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    alert_percent = models.PositiveSmallIntegerField(default=80)
    hard_stop = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"{self.monthly_limit_cny}"
