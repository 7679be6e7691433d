"""The platform's library of QA pairs, copied to tenants by distribution."""

from django.contrib.postgres.fields import ArrayField
from django.db import models


class Template(models.Model):
    """A QA pair of the platform; every edit raises `version`."""

    question = models.CharField(max_length=500)
    answer = models.TextField(max_length=5000)
    category = models.CharField(max_length=50, blank=True, default="")
    keywords = ArrayField(models.CharField(max_length=50), default=list, blank=True)
    priority = models.PositiveSmallIntegerField(default=0)
    status = models.CharField(max_length=8, default="active")
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("-created_at", "-id")

    def __str__(self) -> str:
        return self.question
