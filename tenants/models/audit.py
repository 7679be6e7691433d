"""What was done, by whom, to what. Rows are added and never changed: a trigger refuses both."""

from typing import ClassVar

from django.db import models


class AuditRow(models.Model):
    """One sensitive act (api.md 14.7); ids and masked values only, no foreign keys to what may be erased."""

    timestamp = models.DateTimeField(auto_now_add=True)
    tenant = models.ForeignKey(
        "tenants.Tenant", on_delete=models.DO_NOTHING, related_name="+", null=True, db_constraint=False
    )
    level = models.CharField(max_length=8, default="INFO")
    source = models.CharField(max_length=40, default="api")
    message = models.CharField(max_length=500, blank=True, default="")
    request_id = models.CharField(max_length=64, blank=True, default="")
    user_id = models.CharField(max_length=64, blank=True, default="")
    username = models.CharField(max_length=100, blank=True, default="")
    action = models.CharField(max_length=60)
    target_type = models.CharField(max_length=40, blank=True, default="")
    target_id = models.CharField(max_length=100, blank=True, default="")
    details = models.JSONField(default=dict)
    ip_address = models.GenericIPAddressField(null=True)
    success = models.BooleanField(default=True)
    error_message = models.CharField(max_length=500, blank=True, default="")

    class Meta:
        ordering = ("-id",)
        indexes: ClassVar = [models.Index(fields=["tenant", "-id"], name="audit_of_tenant")]

    def __str__(self) -> str:
        return f"{self.action} {self.target_type} {self.target_id}"
