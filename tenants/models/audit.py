"""What was done, by whom, to what. Rows are added and never changed: a trigger refuses both."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class AuditRow(models.Model):
    """One sensitive act (api.md 14.7); ids and masked values only, no foreign keys to what may be erased."""

    timestamp = models.DateTimeField(_("time"), auto_now_add=True)
    tenant = models.ForeignKey(
        "tenants.Tenant",
        on_delete=models.DO_NOTHING,
        related_name="+",
        null=True,
        db_constraint=False,
        verbose_name=_("merchant"),
    )
    level = models.CharField(_("level"), max_length=8, default="INFO")
    source = models.CharField(_("origin"), max_length=40, default="api")
    message = models.CharField(_("message"), max_length=500, blank=True, default="")
    request_id = models.CharField(_("request number"), max_length=64, blank=True, default="")
    user_id = models.CharField(_("user ID"), max_length=64, blank=True, default="")
    username = models.CharField(_("user"), max_length=100, blank=True, default="")
    action = models.CharField(_("action"), max_length=60)
    target_type = models.CharField(_("kind of object"), max_length=40, blank=True, default="")
    target_id = models.CharField(_("object"), max_length=100, blank=True, default="")
    details = models.JSONField(_("details"), default=dict)
    ip_address = models.GenericIPAddressField(_("IP address"), null=True)
    success = models.BooleanField(_("succeeded"), default=True)
    error_message = models.CharField(_("error"), max_length=500, blank=True, default="")

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit log")
        ordering = ("-id",)
        indexes: ClassVar = [models.Index(fields=["tenant", "-id"], name="audit_of_tenant")]

    def __str__(self) -> str:
        return f"{self.action} {self.target_type} {self.target_id}"
