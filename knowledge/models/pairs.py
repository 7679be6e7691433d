"""QA pairs: a question in several wordings and the merchant's own answer."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class QAPair(models.Model):
    """One question and its answer; `similar` holds further wordings of the question."""

    class Status(models.TextChoices):
        """As on the wire (api.md 6.3); a deleted pair keeps its row for the records that name it."""

        ACTIVE = "active", _("In use")
        DELETED = "deleted", _("Deleted")

    class Source(models.TextChoices):
        """Where a pair came from."""

        MANUAL = "manual", _("Written by hand")
        IMPORT_CSV = "import_csv", _("CSV import")
        IMPORT_XLSX = "import_xlsx", _("Excel import")
        TEMPLATE = "template", _("Platform template")
        FEEDBACK = "feedback", _("Feedback")
        MINING = "mining", _("Mined from conversations")
        SOLUTION = "solution", _("Agent's solution")

    public_id = models.CharField(_("ID"), max_length=64, unique=True)
    question = models.CharField(_("question"), max_length=500)
    # SHA-256 of the folded question: how an import and a template recognise a pair.
    question_key = models.CharField(_("question key"), max_length=64, db_index=True)
    answer = models.TextField(_("answer"), max_length=5000)
    category = models.CharField(_("category"), max_length=50, blank=True, default="")
    keywords = ArrayField(
        models.CharField(max_length=100), default=list, blank=True, verbose_name=_("keywords")
    )
    source = models.CharField(_("origin"), max_length=12, choices=Source.choices, default=Source.MANUAL)
    priority = models.PositiveSmallIntegerField(_("priority"), default=0)
    quality_score = models.FloatField(_("quality"), default=0.0)
    is_synced = models.BooleanField(_("searchable by meaning"), default=False)
    status = models.CharField(_("status"), max_length=8, choices=Status.choices, default=Status.ACTIVE)
    enabled = models.BooleanField(_("enabled"), default=True)
    valid_from = models.DateTimeField(_("valid from"), null=True, blank=True)
    valid_to = models.DateTimeField(_("valid until"), null=True, blank=True)
    hit_count = models.PositiveIntegerField(_("hits"), default=0)
    template_id = models.BigIntegerField(_("template"), null=True, blank=True, db_index=True)
    template_version = models.PositiveIntegerField(_("template version"), null=True, blank=True)
    # SHA-256 of the text that the template wrote: unlike the present text, the merchant has edited it.
    template_hash = models.CharField(_("template text"), max_length=64, blank=True, default="")
    created_by = models.CharField(_("created by"), max_length=64, blank=True, default="")
    created_at = models.DateTimeField(_("created at"), default=timezone.now)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    class Meta:
        verbose_name = _("QA pair")
        verbose_name_plural = _("QA pairs")
        ordering = ("-created_at", "-id")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(priority__lte=100), name="qa_priority_range"),
            models.CheckConstraint(
                condition=Q(valid_from__isnull=True)
                | Q(valid_to__isnull=True)
                | Q(valid_from__lt=F("valid_to")),
                name="qa_valid_range",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["status", "-created_at"], name="qa_newest"),
            models.Index(fields=["category"], name="qa_category"),
            models.Index(fields=["id"], condition=Q(status="active", is_synced=False), name="qa_unsynced"),
            models.Index(fields=["valid_from"], condition=Q(valid_from__isnull=False), name="qa_begins"),
            models.Index(fields=["valid_to"], condition=Q(valid_to__isnull=False), name="qa_ends"),
        ]

    def __str__(self) -> str:
        return self.question


class SimilarQuestion(models.Model):
    """Another wording of a pair's question."""

    pair = models.ForeignKey(
        QAPair, on_delete=models.CASCADE, related_name="similar", verbose_name=_("QA pair")
    )
    text = models.CharField(_("text"), max_length=500)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("similar question")
        verbose_name_plural = _("similar questions")
        ordering = ("position", "id")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["pair", "position"], name="similar_position"),
        ]

    def __str__(self) -> str:
        return self.text
