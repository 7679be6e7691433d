"""Pictures, tables and files that come along with an answer."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Attachment(models.Model):
    """One thing to look at, of a version of a document (found in its file) or of a QA pair (added by the merchant)."""

    class Kind(models.TextChoices):
        """As on the wire (api.md 4.3)."""

        IMAGE = "image", _("Picture")
        TABLE = "table", _("Table")
        FORMULA = "formula", _("Formula")
        FILE = "file", _("File")

    public_id = models.CharField(_("ID"), max_length=64, unique=True)
    version = models.ForeignKey(
        "knowledge.Version",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="attachments",
        verbose_name=_("version"),
    )
    pair = models.ForeignKey(
        "knowledge.QAPair",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="attachments",
        verbose_name=_("QA pair"),
    )
    kind = models.CharField(_("kind"), max_length=7, choices=Kind.choices)
    name = models.CharField(_("name"), max_length=255)
    # Its number as printed, such as 图 3.
    figure = models.CharField(_("number"), max_length=40, blank=True, default="")
    page = models.PositiveIntegerField(_("page"), null=True, blank=True)
    # Its place in reading order.
    order = models.PositiveIntegerField(_("place"), default=0)
    mime = models.CharField(_("media type"), max_length=100)
    size_bytes = models.BigIntegerField(_("size (bytes)"), default=0)
    digest = models.CharField(_("checksum"), max_length=80)
    caption = models.TextField(_("caption"), blank=True, default="")
    # Of a table; then there is no stored file.
    markdown = models.TextField(_("text"), blank=True, default="")
    file_key = models.CharField(_("stored file"), max_length=120, blank=True, default="")
    thumb_key = models.CharField(_("stored thumbnail"), max_length=120, blank=True, default="")
    created_by = models.CharField(_("created by"), max_length=64, blank=True, default="")
    created_at = models.DateTimeField(_("created at"), default=timezone.now)

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        ordering = ("order", "id")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(version__isnull=False, pair__isnull=True)
                | Q(version__isnull=True, pair__isnull=False),
                name="attachment_has_one_owner",
            ),
            models.CheckConstraint(
                condition=~Q(file_key="") | ~Q(markdown=""), name="attachment_has_content"
            ),
        ]

    def __str__(self) -> str:
        return self.name
