"""Counts, added where they happen and rolled up each minute; no page counts over schemas."""

from typing import ClassVar

from django.db import models


class MetricPoint(models.Model):
    """One addition, waiting for its roll-up."""

    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.PROTECT, related_name="+", null=True)
    name = models.CharField(max_length=60)
    value = models.FloatField()
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} {self.value}"


class MetricMinute(models.Model):
    """The sum, number and largest of one metric in one minute."""

    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.PROTECT, related_name="+", null=True)
    name = models.CharField(max_length=60)
    minute = models.DateTimeField()
    total = models.FloatField()
    count = models.PositiveIntegerField()
    largest = models.FloatField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["tenant", "name", "minute"], name="metric_once_a_minute", nulls_distinct=False
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.minute:%H:%M}"
