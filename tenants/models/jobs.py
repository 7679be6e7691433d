"""Background jobs. This row, with its lease, is the truth; the queue only rings."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Job(models.Model):
    """One piece of background work of one tenant."""

    class Status(models.TextChoices):
        """As on the wire (api.md 6.2)."""

        QUEUED = "queued", _("Waiting")
        RUNNING = "running", _("Running")
        SUCCEEDED = "succeeded", _("Succeeded")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    FINAL: ClassVar[frozenset[str]] = frozenset({Status.SUCCEEDED, Status.FAILED, Status.CANCELLED})

    job_id = models.CharField(_("ID"), max_length=64, unique=True)
    tenant = models.ForeignKey(
        "tenants.Tenant", on_delete=models.PROTECT, related_name="+", null=True, verbose_name=_("merchant")
    )
    name = models.CharField(_("job name"), max_length=60)
    kind = models.CharField(_("kind"), max_length=24)
    queue = models.CharField(_("queue"), max_length=10)
    payload = models.JSONField(_("arguments"), default=dict)
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.QUEUED)
    stage = models.CharField(_("stage"), max_length=12, default="queued")
    progress = models.FloatField(_("progress"), default=0.0)
    source = models.CharField(_("source"), max_length=255, blank=True, default="")
    doc_id = models.CharField(_("document"), max_length=64, blank=True, default="")
    # Attempts that failed by themselves; a lease lost with its worker is counted apart.
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    losses = models.PositiveSmallIntegerField(_("workers lost"), default=0)
    lease_token = models.CharField(_("lease"), max_length=32, blank=True, default="")
    lease_until = models.DateTimeField(_("leased until"), null=True)
    run_after = models.DateTimeField(_("not before"), null=True)
    cancel_requested = models.BooleanField(_("asked to stop"), default=False)
    result = models.JSONField(_("result"), null=True)
    errors = models.JSONField(_("errors"), default=list)
    error = models.TextField(_("error"), blank=True, default="")
    created_by = models.CharField(_("created by"), max_length=64, blank=True, default="")
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    started_at = models.DateTimeField(_("started at"), null=True)
    finished_at = models.DateTimeField(_("finished at"), null=True)

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        ordering = ("-created_at", "-id")
        indexes: ClassVar = [
            models.Index(fields=["queue", "created_at"], condition=Q(status="queued"), name="job_waiting"),
            models.Index(fields=["lease_until"], condition=Q(status="running"), name="job_leased"),
            models.Index(fields=["tenant", "-created_at"], name="job_of_tenant"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.job_id}"
