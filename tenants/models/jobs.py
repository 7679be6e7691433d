"""Background jobs. This row, with its lease, is the truth; the queue only rings."""

from typing import ClassVar

from django.db import models
from django.db.models import Q


class Job(models.Model):
    """One piece of background work of one tenant."""

    class Status(models.TextChoices):
        """As on the wire (api.md 6.2)."""

        QUEUED = "queued"
        RUNNING = "running"
        SUCCEEDED = "succeeded"
        FAILED = "failed"
        CANCELLED = "cancelled"

    FINAL: ClassVar[frozenset[str]] = frozenset({Status.SUCCEEDED, Status.FAILED, Status.CANCELLED})

    job_id = models.CharField(max_length=64, unique=True)
    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.PROTECT, related_name="+", null=True)
    name = models.CharField(max_length=60)
    kind = models.CharField(max_length=24)
    queue = models.CharField(max_length=10)
    payload = models.JSONField(default=dict)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.QUEUED)
    stage = models.CharField(max_length=12, default="queued")
    progress = models.FloatField(default=0.0)
    source = models.CharField(max_length=255, blank=True, default="")
    doc_id = models.CharField(max_length=64, blank=True, default="")
    # Attempts that failed by themselves; a lease lost with its worker is counted apart.
    attempts = models.PositiveSmallIntegerField(default=0)
    losses = models.PositiveSmallIntegerField(default=0)
    lease_token = models.CharField(max_length=32, blank=True, default="")
    lease_until = models.DateTimeField(null=True)
    run_after = models.DateTimeField(null=True)
    cancel_requested = models.BooleanField(default=False)
    result = models.JSONField(null=True)
    errors = models.JSONField(default=list)
    error = models.TextField(blank=True, default="")
    created_by = models.CharField(max_length=64, blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-created_at", "-id")
        indexes: ClassVar = [
            models.Index(fields=["queue", "created_at"], condition=Q(status="queued"), name="job_waiting"),
            models.Index(fields=["lease_until"], condition=Q(status="running"), name="job_leased"),
            models.Index(fields=["tenant", "-created_at"], name="job_of_tenant"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.job_id}"
