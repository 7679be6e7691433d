"""Kinds of questions that need values before they can be dealt with."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models


class Scene(models.Model):
    """A merchant's scene: the values it needs as a flat JSON Schema, and what happens when they are known."""

    public_id = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=100, unique=True)
    intent = models.CharField(max_length=24, default="business_query")
    trigger_examples = models.JSONField(default=list, blank=True)
    enabled = models.BooleanField(default=True)
    schema = models.JSONField(default=dict)
    max_asks = models.PositiveSmallIntegerField(
        default=3, validators=[MinValueValidator(1), MaxValueValidator(5)]
    )
    then = models.CharField(max_length=200, default="retrieve")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("-created_at", "-id")

    def __str__(self) -> str:
        return self.name
