"""The knowledge revision and the merchant's tuning."""

from django.db import models
from django.utils import timezone


class KnowledgeState(models.Model):
    """One row: revisions that were counted and folded away."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    folded = models.BigIntegerField(default=0)
    updated_at = models.DateTimeField(null=True)
    # When the answer cache was emptied by hand last, and how often: part of its key.
    cache_generation = models.PositiveIntegerField(default=0)
    # The UpdateResult (api.md 6.5) of the last update from a folder.
    last_update = models.JSONField(null=True)
    # Whose vectors are searched; empty until the index is moved from one encoder to another.
    encoder_id = models.CharField(max_length=120, blank=True, default="")

    class Meta:
        constraints = (models.CheckConstraint(condition=models.Q(id=1), name="one_knowledge_state"),)


class Revision(models.Model):
    """One change of what search shows. The revision is the number of committed rows, so it rises at each commit.

    A counter in one row would make every writer wait for the slowest; the greatest id would miss a transaction that
    commits late.
    """

    at = models.DateTimeField(default=timezone.now)


class TunerParams(models.Model):
    """One row: what the merchant has set over the defaults (api.md 9, Params)."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    overrides = models.JSONField(default=dict)
    updated_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (models.CheckConstraint(condition=models.Q(id=1), name="one_tuner_params"),)
