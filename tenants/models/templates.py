"""The platform's library of QA pairs, copied to tenants by distribution."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _


class Template(models.Model):
    """A QA pair of the platform; every edit raises `version`."""

    question = models.CharField(_("question"), max_length=500)
    answer = models.TextField(_("answer"), max_length=5000)
    category = models.CharField(_("category"), max_length=50, blank=True, default="")
    keywords = ArrayField(
        models.CharField(max_length=50), default=list, blank=True, verbose_name=_("keywords")
    )
    priority = models.PositiveSmallIntegerField(_("priority"), default=0)
    status = models.CharField(_("status"), max_length=8, default="active")
    version = models.PositiveIntegerField(_("version"), default=1)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    class Meta:
        verbose_name = _("template")
        verbose_name_plural = _("templates")
        ordering = ("-created_at", "-id")

    def __str__(self) -> str:
        return self.question
