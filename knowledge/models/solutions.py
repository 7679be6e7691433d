"""What agents found out and want the bot to know."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Solution(models.Model):
    """A question and what solved it, waiting for review; an approved one has become a QA pair."""

    class Status(models.TextChoices):
        """As on the wire (api.md 5)."""

        PENDING = "pending", _("Waiting for review")
        APPROVED = "approved", _("Approved")
        REJECTED = "rejected", _("Rejected")

    public_id = models.CharField(_("ID"), max_length=64, unique=True)
    session_id = models.CharField(_("conversation"), max_length=64, blank=True, default="", db_index=True)
    question = models.TextField(_("question"), max_length=2000)
    solution = models.TextField(_("solution"), max_length=5000)
    intent = models.CharField(_("intent"), max_length=64, blank=True, default="")
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.PENDING)
    submitted_by = models.CharField(_("submitted by"), max_length=64)
    reviewed_by = models.CharField(_("reviewed by"), max_length=64, blank=True, default="")
    reviewed_at = models.DateTimeField(_("reviewed at"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=500, blank=True, default="")
    qa_pair_id = models.CharField(_("QA pair"), max_length=64, blank=True, default="")
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        verbose_name = _("solution")
        verbose_name_plural = _("solutions")
        ordering = ("-created_at", "-id")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=(Q(status="approved") & ~Q(qa_pair_id=""))
                | (~Q(status="approved") & Q(qa_pair_id="")),
                name="solution_pair_iff_approved",
            ),
            models.CheckConstraint(
                condition=Q(status="pending", reviewed_at__isnull=True)
                | (~Q(status="pending") & Q(reviewed_at__isnull=False)),
                name="solution_reviewed_unless_pending",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["status", "created_at"], name="solution_queue")]

    def __str__(self) -> str:
        return self.question[:80]
