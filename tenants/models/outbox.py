"""Events on their way up, written in the transaction of the change they tell of."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q


class OutboxEvent(models.Model):
    """One event; `handled_by` names the consumers that are done with it."""

    event_id = models.CharField(max_length=64, unique=True)
    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.PROTECT, related_name="+", null=True)
    name = models.CharField(max_length=40)
    data = models.JSONField(default=dict)
    handled_by = ArrayField(models.CharField(max_length=40), default=list)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("id",)
        indexes: ClassVar = [
            models.Index(fields=["id"], condition=Q(done_at__isnull=True), name="outbox_waiting"),
            models.Index(fields=["tenant", "name", "created_at"], name="outbox_of_tenant"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.event_id}"
