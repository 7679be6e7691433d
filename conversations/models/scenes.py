"""Kinds of questions that need values before they can be dealt with."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _


class Scene(models.Model):
    """A merchant's scene: the values it needs as a flat JSON Schema, and what happens when they are known."""

    public_id = models.CharField(_("ID"), max_length=64, unique=True)
    name = models.CharField(_("name"), max_length=100, unique=True)
    intent = models.CharField(_("intent"), max_length=24, default="business_query")
    trigger_examples = models.JSONField(_("examples that open it"), default=list, blank=True)
    enabled = models.BooleanField(_("enabled"), default=True)
    schema = models.JSONField(_("values it needs"), default=dict)
    max_asks = models.PositiveSmallIntegerField(
        _("most questions back"), default=3, validators=[MinValueValidator(1), MaxValueValidator(5)]
    )
    then = models.CharField(_("what happens then"), max_length=200, default="retrieve")
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    class Meta:
        verbose_name = _("scene")
        verbose_name_plural = _("scenes")
        ordering = ("-created_at", "-id")

    def __str__(self) -> str:
        return self.name
