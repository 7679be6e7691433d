"""Answers to requests that may be sent again."""

from typing import ClassVar

from django.db import models


class IdempotencyRecord(models.Model):
    """The first answer to one `Idempotency-Key` of one principal on one door."""

    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.PROTECT, related_name="+", null=True)
    principal = models.CharField(max_length=80)
    method = models.CharField(max_length=8)
    path = models.CharField(max_length=300)
    key = models.CharField(max_length=128)
    body_hash = models.CharField(max_length=64)
    # None while the first request is under way.
    status = models.PositiveSmallIntegerField(null=True)
    body = models.TextField(blank=True, default="")
    lease_until = models.DateTimeField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["tenant", "principal", "method", "path", "key"],
                name="idempotency_once",
                nulls_distinct=False,
            )
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.key}"
