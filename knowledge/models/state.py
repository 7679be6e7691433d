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


class Fit(models.Model):
    """One row: how scores become probabilities here, fitted on the merchant's own questions (`services.fitting`).

    `chosen` is the threshold with what it was chosen for and what it promises. `asked` holds what search said to each
    question that was held out, by the key of its unit, so that the next fit asks only what is new.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    revision = models.BigIntegerField()
    encoder_id = models.CharField(max_length=120, blank=True, default="")
    fitted_at = models.DateTimeField()
    questions = models.PositiveIntegerField(default=0)
    score_slope = models.FloatField()
    score_offset = models.FloatField()
    answer_slope = models.FloatField()
    answer_offset = models.FloatField()
    chosen = models.JSONField(default=dict)
    asked = models.JSONField(default=dict)

    class Meta:
        constraints = (models.CheckConstraint(condition=models.Q(id=1), name="one_fit"),)
