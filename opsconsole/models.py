"""Tables of `opsconsole`: what the console is told, in order, under one counter for the whole platform; what it watches."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class ConsoleEntry(models.Model):
    """One thing that operators are told. Of a merchant it says whose; what is shown of it is read when it is told."""

    seq = models.PositiveBigIntegerField(unique=True)
    type = models.CharField(max_length=12)
    payload = models.JSONField(default=dict)
    created_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["seq"]
        indexes: ClassVar = [models.Index(fields=["created_at"], name="console_by_age")]

    def __str__(self) -> str:
        return f"{self.type} {self.seq}"


class ConsoleCounter(models.Model):
    """The last number of the console's stream; its row is what those who add wait for."""

    last_seq = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.last_seq)


class Component(models.Model):
    """A part that the platform leans on, as it was found when it was last looked at."""

    class Status(models.TextChoices):
        """As on the wire (api.md 14.3)."""

        HEALTHY = "healthy", _("Healthy")
        DEGRADED = "degraded", _("Degraded")
        UNHEALTHY = "unhealthy", _("Down")

    name = models.CharField(max_length=20, unique=True)
    status = models.CharField(max_length=9, choices=Status.choices, default=Status.HEALTHY)
    message = models.CharField(max_length=200, blank=True, default="")
    latency_ms = models.FloatField(null=True)
    last_check = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} {self.status}"


class Alert(models.Model):
    """Something that operators must know of until it is over. Of one rule and target at most one is not resolved."""

    class Severity(models.TextChoices):
        """As on the wire (api.md 14.8)."""

        CRITICAL = "critical", _("Critical")
        ERROR = "error", _("Error")
        WARNING = "warning", _("Warning")
        INFO = "info", _("Info")

    class Status(models.TextChoices):
        """As on the wire (api.md 14.8)."""

        ACTIVE = "active", _("Unattended")
        ACKNOWLEDGED = "acknowledged", _("Acknowledged")
        RESOLVED = "resolved", _("Resolved")

    created_at = models.DateTimeField()
    alert_type = models.CharField(max_length=50)
    severity = models.CharField(max_length=8, choices=Severity.choices)
    title = models.CharField(max_length=255)
    message = models.TextField(blank=True, default="")
    # `rule:<name>` of those that a rule has raised.
    source = models.CharField(max_length=60)
    # The component that it is about; empty for the whole platform.
    target = models.CharField(max_length=64, blank=True, default="")
    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.PROTECT, related_name="+", null=True)
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.ACTIVE)
    acknowledged_by = models.CharField(max_length=64, null=True)
    acknowledged_at = models.DateTimeField(null=True)
    resolved_by = models.CharField(max_length=64, null=True)
    resolved_at = models.DateTimeField(null=True)
    resolution_note = models.TextField(null=True)
    # When its condition was first seen not to hold any more.
    clear_since = models.DateTimeField(null=True)
    extra_data = models.JSONField(default=dict)

    class Meta:
        ordering: ClassVar = ["-created_at", "-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["source", "target"],
                condition=Q(source__startswith="rule:") & ~Q(status="resolved"),
                name="one_open_alert_per_target",
            )
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.target}"
