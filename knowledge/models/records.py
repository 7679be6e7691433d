"""What was asked, what people thought of the answers, and which sources a visitor has been shown."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class QuestionRecord(models.Model):
    """One question that was put to the knowledge; `unit` is an opaque key of the caller's."""

    text = models.CharField(_("question"), max_length=2000)
    # SHA-256 of the folded text: equal questions are counted together.
    key = models.CharField(_("question key"), max_length=64)
    unit = models.CharField(_("asked in"), max_length=80, blank=True, default="")
    outcome = models.CharField(_("outcome"), max_length=12)
    qa_ids = ArrayField(models.CharField(max_length=64), default=list, verbose_name=_("QA pairs used"))
    doc_ids = ArrayField(models.CharField(max_length=64), default=list, verbose_name=_("documents used"))
    at = models.DateTimeField(_("time"), default=timezone.now)

    class Meta:
        verbose_name = _("question asked")
        verbose_name_plural = _("questions asked")
        indexes: ClassVar = [
            models.Index(fields=["-at"], name="question_newest"),
            models.Index(fields=["key", "-at"], name="question_same"),
        ]

    def __str__(self) -> str:
        return self.text


class Feedback(models.Model):
    """A vote or a correction on an answer, waiting for review; one per message and party."""

    class Status(models.TextChoices):
        """As on the wire (api.md 7)."""

        PENDING = "pending", _("Waiting for review")
        APPROVED = "approved", _("Approved")
        REJECTED = "rejected", _("Rejected")
        APPLIED = "applied", _("Applied")

    public_id = models.CharField(_("ID"), max_length=64, unique=True)
    session_id = models.CharField(_("conversation"), max_length=64, blank=True, default="", db_index=True)
    message_id = models.CharField(_("message"), max_length=64, blank=True, default="")
    party = models.CharField(_("from"), max_length=80, blank=True, default="")
    question = models.TextField(_("question"), blank=True, default="")
    answer = models.TextField(_("answer"), blank=True, default="")
    rating = models.PositiveSmallIntegerField(_("rating"), null=True)
    vote = models.CharField(_("vote"), max_length=4, blank=True, default="")
    comment = models.CharField(_("comment"), max_length=500, blank=True, default="")
    corrected_answer = models.TextField(_("corrected answer"), max_length=5000, blank=True, default="")
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.PENDING)
    reviewed_by = models.CharField(_("reviewed by"), max_length=64, blank=True, default="")
    reviewed_at = models.DateTimeField(_("reviewed at"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=500, blank=True, default="")
    qa_pair_id = models.CharField(_("QA pair"), max_length=64, blank=True, default="")
    created_by = models.CharField(_("created by"), max_length=64, blank=True, default="")
    created_at = models.DateTimeField(_("created at"), default=timezone.now)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    class Meta:
        verbose_name = _("feedback entry")
        verbose_name_plural = _("feedback")
        ordering = ("-created_at", "-id")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["message_id", "party"],
                condition=~Q(message_id=""),
                name="one_vote_per_message_and_party",
            ),
            models.CheckConstraint(
                condition=Q(rating__isnull=True) | Q(rating__range=(1, 5)), name="feedback_rating_range"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["status", "-created_at"], name="feedback_queue")]

    def __str__(self) -> str:
        return self.public_id


class CitedGrant(models.Model):
    """An answer given to `unit` cited this source, so whoever holds the unit may read it."""

    unit = models.CharField(max_length=80)
    # A `doc-…` or `qa-…` id.
    target = models.CharField(max_length=64)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["unit", "target"], name="one_grant_per_unit_and_target"),
        ]
