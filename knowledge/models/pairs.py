"""QA pairs: a question in several wordings and the merchant's own answer."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone


class QAPair(models.Model):
    """One question and its answer; `similar` holds further wordings of the question."""

    class Status(models.TextChoices):
        """As on the wire (api.md 6.3); a deleted pair keeps its row for the records that name it."""

        ACTIVE = "active"
        DELETED = "deleted"

    class Source(models.TextChoices):
        """Where a pair came from."""

        MANUAL = "manual"
        IMPORT_CSV = "import_csv"
        IMPORT_XLSX = "import_xlsx"
        TEMPLATE = "template"
        FEEDBACK = "feedback"
        MINING = "mining"
        SOLUTION = "solution"

    public_id = models.CharField(max_length=64, unique=True)
    question = models.CharField(max_length=500)
    # SHA-256 of the folded question: how an import and a template recognise a pair.
    question_key = models.CharField(max_length=64, db_index=True)
    answer = models.TextField(max_length=5000)
    category = models.CharField(max_length=50, blank=True, default="")
    keywords = ArrayField(models.CharField(max_length=100), default=list, blank=True)
    source = models.CharField(max_length=12, choices=Source.choices, default=Source.MANUAL)
    priority = models.PositiveSmallIntegerField(default=0)
    quality_score = models.FloatField(default=0.0)
    is_synced = models.BooleanField(default=False)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.ACTIVE)
    enabled = models.BooleanField(default=True)
    valid_from = models.DateTimeField(null=True, blank=True)
    valid_to = models.DateTimeField(null=True, blank=True)
    hit_count = models.PositiveIntegerField(default=0)
    template_id = models.BigIntegerField(null=True, blank=True, db_index=True)
    template_version = models.PositiveIntegerField(null=True, blank=True)
    # SHA-256 of the text that the template wrote: unlike the present text, the merchant has edited it.
    template_hash = models.CharField(max_length=64, blank=True, default="")
    created_by = models.CharField(max_length=64, blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("-created_at", "-id")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(priority__lte=100), name="qa_priority_range"),
            models.CheckConstraint(
                condition=Q(valid_from__isnull=True) | Q(valid_to__isnull=True) | Q(valid_from__lt=F("valid_to")),
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

    pair = models.ForeignKey(QAPair, on_delete=models.CASCADE, related_name="similar")
    text = models.CharField(max_length=500)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ("position", "id")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["pair", "position"], name="similar_position"),
        ]

    def __str__(self) -> str:
        return self.text
