"""Documents, their immutable versions, and the chunks of a version."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Document(models.Model):
    """One item of the merchant's, known by where it came from; what is on show is `current_version`."""

    class Status(models.TextChoices):
        """As on the wire (api.md 6.2)."""

        ACTIVE = "active", _("On show")
        PROCESSING = "processing", _("Being processed")
        DISABLED = "disabled", _("Disabled")
        DELETED = "deleted", _("Deleted")

    class KnowledgeType(models.TextChoices):
        """What kind of text it is."""

        FAQ = "faq", _("FAQ")
        POLICY = "policy", _("Policy")
        DOC = "doc", _("Document")
        TUTORIAL = "tutorial", _("Tutorial")
        TICKET = "ticket", _("Ticket")
        DIALOGUE = "dialogue", _("Dialogue")

    public_id = models.CharField(_("ID"), max_length=64, unique=True)
    source = models.CharField(_("source"), max_length=255, unique=True)
    title = models.CharField(_("title"), max_length=255, blank=True, default="")
    knowledge_type = models.CharField(
        _("kind of text"), max_length=10, choices=KnowledgeType.choices, default=KnowledgeType.DOC
    )
    product_category = models.CharField(_("category"), max_length=100, default="unknown")
    applicable_version = models.CharField(_("applies to version"), max_length=100, default="latest")
    published_at = models.DateTimeField(_("published at"), null=True, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.PROCESSING)
    current_version = models.ForeignKey(
        "knowledge.Version",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("version on show"),
    )
    file_type = models.CharField(_("file type"), max_length=10, blank=True, default="")
    # It was read from the merchant's folder on the server, and goes when its file does.
    from_folder = models.BooleanField(_("from the server's folder"), default=False)
    # Where it is fetched from, empty for an upload; 0 hours: fetched once.
    url = models.CharField(_("web address"), max_length=2048, blank=True, default="")
    refresh_hours = models.PositiveSmallIntegerField(_("fetched again every (hours)"), default=0)
    fetched_at = models.DateTimeField(_("fetched at"), null=True, blank=True)
    created_by = models.CharField(_("created by"), max_length=64, blank=True, default="")
    created_at = models.DateTimeField(_("created at"), default=timezone.now)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    class Meta:
        verbose_name = _("document")
        verbose_name_plural = _("documents")
        ordering = ("-created_at", "-id")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(status="active") | Q(current_version__isnull=False),
                name="active_document_has_version",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["status", "-created_at"], name="document_newest"),
            models.Index(
                fields=["fetched_at"], condition=Q(refresh_hours__gt=0), name="document_fetched_again"
            ),
        ]

    def __str__(self) -> str:
        return self.title or self.source


class Version(models.Model):
    """One upload of a document; its text and chunks never change."""

    class Status(models.TextChoices):
        """As on the wire (api.md 6.2)."""

        ACTIVE = "active", _("On show")
        SUPERSEDED = "superseded", _("Superseded")
        STAGED = "staged", _("Staged")
        CANARY = "canary", _("Canary")
        DELETED = "deleted", _("Deleted")

    document = models.ForeignKey(
        Document, on_delete=models.CASCADE, related_name="versions", verbose_name=_("document")
    )
    number = models.PositiveIntegerField(_("number"))
    doc_hash = models.CharField(_("checksum"), max_length=80, db_index=True)
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.STAGED)
    size_bytes = models.BigIntegerField(_("size (bytes)"), default=0)
    file_key = models.CharField(_("stored file"), max_length=120, blank=True, default="")
    file_name = models.CharField(_("file name"), max_length=255, blank=True, default="")
    mime = models.CharField(_("media type"), max_length=100, blank=True, default="")
    file_type = models.CharField(_("file type"), max_length=10, blank=True, default="")
    page_count = models.PositiveIntegerField(_("pages"), default=0)
    # The whole extracted text; offsets of chunks and citations count its characters.
    text = models.TextField(_("text"), blank=True, default="")
    title = models.CharField(_("title"), max_length=255, blank=True, default="")
    note = models.CharField(_("note"), max_length=500, blank=True, default="")
    # What could not be read: [{source, page, sheet, row, code, message}].
    errors = models.JSONField(_("what could not be read"), default=list, blank=True)
    traffic_percent = models.PositiveSmallIntegerField(_("share of traffic (%)"), default=0)
    # False until its chunks are stored and indexed.
    is_indexed = models.BooleanField(_("indexed"), default=False)
    # False while its vectors are missing: keyword search finds it, the scheduler embeds it later.
    is_synced = models.BooleanField(_("searchable by meaning"), default=False)
    canary_started_at = models.DateTimeField(_("canary started at"), null=True, blank=True)
    created_by = models.CharField(_("created by"), max_length=64, blank=True, default="")
    created_at = models.DateTimeField(_("created at"), default=timezone.now)

    class Meta:
        verbose_name = _("version")
        verbose_name_plural = _("versions")
        ordering = ("-number",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["document", "number"], name="version_number"),
            models.UniqueConstraint(
                fields=["document"], condition=Q(status="canary"), name="one_canary_per_document"
            ),
            models.UniqueConstraint(
                fields=["document"], condition=Q(status="active"), name="one_active_version_per_document"
            ),
            models.CheckConstraint(condition=Q(traffic_percent__lte=100), name="version_traffic_range"),
        ]

    def __str__(self) -> str:
        return f"{self.document_id} {self.label}"

    @property
    def label(self) -> str:
        """Return the version as it is called on the wire, such as `v2`."""
        return f"v{self.number}"


class Chunk(models.Model):
    """The smallest searchable text of a version; `text` is `version.text[start:end]` unless it is a table or image."""

    class Kind(models.TextChoices):
        """As on the wire (api.md 6.2)."""

        TEXT = "text"
        TABLE = "table"
        IMAGE = "image"
        FORMULA = "formula"

    public_id = models.CharField(max_length=64, unique=True)
    version = models.ForeignKey(Version, on_delete=models.CASCADE, related_name="chunks")
    index = models.PositiveIntegerField()
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.TEXT)
    page = models.PositiveIntegerField(null=True, blank=True)
    section = models.CharField(max_length=500, blank=True, default="")
    text = models.TextField()
    start = models.PositiveIntegerField(default=0)
    end = models.PositiveIntegerField(default=0)
    # The `att-…` ids of the pictures and tables that belong to it, in reading order.
    attachments = ArrayField(models.CharField(max_length=64), default=list, blank=True)

    class Meta:
        ordering = ("version", "index")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["version", "index"], name="chunk_index"),
            models.CheckConstraint(condition=Q(start__lte=models.F("end")), name="chunk_span"),
        ]

    def __str__(self) -> str:
        return self.public_id
