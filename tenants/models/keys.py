"""API keys: the secret is never stored, only its SHA-256 and the prefix that finds it."""

from django.contrib.postgres.fields import ArrayField
from django.db import models


class ApiKey(models.Model):
    """A key of one tenant. Rotation keeps the former secret alive until `grace_until`."""

    key_id = models.CharField(max_length=64, unique=True)
    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=40, db_index=True)
    secret_hash = models.CharField(max_length=64)
    previous_prefix = models.CharField(max_length=40, blank=True, default="", db_index=True)
    previous_hash = models.CharField(max_length=64, blank=True, default="")
    grace_until = models.DateTimeField(null=True, blank=True)
    scopes = ArrayField(models.CharField(max_length=20))
    # The demo's literal key is believed from loopback peers only.
    loopback_only = models.BooleanField(default=False)
    rate_limit_per_minute = models.PositiveIntegerField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.CharField(max_length=64, blank=True, default="")
    last_used_at = models.DateTimeField(null=True, blank=True)
    last_used_ip = models.GenericIPAddressField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at", "-id")

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix})"
