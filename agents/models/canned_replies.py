"""Replies that agents have ready."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class CannedReply(models.Model):
    """A text under a shortcut: everybody's, or its `owner`'s alone.

    `pinyin` and `initials` are how shortcut and title are typed without Chinese characters.
    """

    public_id = models.CharField(_("ID"), max_length=64, unique=True)
    # The agent or key whose own it is; empty when it is everybody's.
    owner = models.CharField(_("of"), max_length=80, blank=True, default="")
    shortcut = models.CharField(_("shortcut"), max_length=30)
    title = models.CharField(_("title"), max_length=100)
    content = models.TextField(_("content"), max_length=2000)
    category = models.CharField(_("category"), max_length=50, blank=True, default="")
    pinyin = models.CharField(_("pinyin"), max_length=1000, blank=True, default="", editable=False)
    initials = models.CharField(_("initials"), max_length=150, blank=True, default="", editable=False)
    use_count = models.PositiveIntegerField(_("used"), default=0)
    created_at = models.DateTimeField(_("created at"))
    updated_at = models.DateTimeField(_("updated at"))

    class Meta:
        verbose_name = _("canned reply")
        verbose_name_plural = _("canned replies")
        ordering = ("-created_at", "-id")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["owner", "shortcut"], name="one_shortcut_per_owner"),
        ]

    def __str__(self) -> str:
        return f"/{self.shortcut} {self.title}"
