"""How good the answers are: questions with what is expected, runs over them, and real answers judged by people."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Dataset(models.Model):
    """Questions with what is expected of their answers; it is never changed, only replaced."""

    class Origin(models.TextChoices):
        """Where the questions come from."""

        IMPORTED = "imported", _("Imported")
        PAIRS = "pairs", _("Made from QA pairs")
        QUESTIONS = "questions", _("From what was asked")
        GRADED = "graded", _("From graded answers")

    public_id = models.CharField(_("ID"), max_length=64, unique=True)
    name = models.CharField(_("name"), max_length=100)
    origin = models.CharField(_("origin"), max_length=12, choices=Origin.choices, default=Origin.IMPORTED)
    # As `knowledge.services.evaluation.cases.Case` writes itself; at most 2,000.
    cases = models.JSONField(_("cases"), default=list)
    size = models.PositiveIntegerField(_("questions"))
    answerable = models.PositiveIntegerField(_("answerable"))
    categories = models.JSONField(_("categories"), default=list)
    created_by = models.CharField(_("created by"), max_length=64, blank=True, default="")
    created_at = models.DateTimeField(_("created at"), default=timezone.now)

    class Meta:
        verbose_name = _("test set")
        verbose_name_plural = _("test sets")
        ordering = ("-created_at", "-id")

    def __str__(self) -> str:
        return self.name


class EvaluationReport(models.Model):
    """One run over a set of questions. It keeps its own copy of them, so it outlives the set."""

    class Status(models.TextChoices):
        """How far the run is."""

        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    class Mode(models.TextChoices):
        """Whether answers are written, or passages looked for alone."""

        RETRIEVAL = "retrieval", _("Search only")
        ANSWER = "answer", _("Answers")

    class Source(models.TextChoices):
        """The built-in set, or one that somebody brought."""

        DEFAULT = "default", _("Built-in")
        EXTERNAL = "external", _("Own")

    public_id = models.CharField(_("ID"), max_length=64, unique=True)
    # The set may be gone; a run over a file of the server's folder has none.
    dataset_id = models.CharField(_("test set"), max_length=64, blank=True, default="", db_index=True)
    dataset_name = models.CharField(_("test set"), max_length=255, blank=True, default="")
    source = models.CharField(_("source"), max_length=8, choices=Source.choices)
    mode = models.CharField(_("mode"), max_length=10, choices=Mode.choices)
    status = models.CharField(_("status"), max_length=8, choices=Status.choices, default=Status.RUNNING)
    top_k = models.PositiveSmallIntegerField(_("passages looked at"))
    # What was asked for this run alone, and all that was in force.
    overrides = models.JSONField(_("own parameters"), default=dict)
    params = models.JSONField(_("parameters"), default=dict)
    figures = models.JSONField(_("figures"), default=dict)
    total = models.PositiveIntegerField(_("questions"))
    knowledge_version = models.CharField(_("knowledge version"), max_length=24, blank=True, default="")
    duration_seconds = models.FloatField(_("seconds"), default=0)
    job_id = models.CharField(_("job"), max_length=64, blank=True, default="")
    created_by = models.CharField(_("created by"), max_length=64, blank=True, default="")
    created_at = models.DateTimeField(_("created at"), default=timezone.now)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    class Meta:
        verbose_name = _("evaluation run")
        verbose_name_plural = _("evaluation runs")
        ordering = ("-created_at", "-id")

    def __str__(self) -> str:
        return self.public_id


class CaseResult(models.Model):
    """One question of a run; `done` once it has been asked, so that a run goes on where its worker was lost."""

    report = models.ForeignKey(EvaluationReport, on_delete=models.CASCADE, related_name="results")
    position = models.PositiveIntegerField()
    case = models.JSONField()
    done = models.BooleanField(default=False)
    # As `knowledge.services.evaluation.judging.Verdict` writes itself.
    verdict = models.JSONField(default=dict)

    class Meta:
        ordering = ("position",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["report", "position"], name="one_result_per_case"),
        ]


class Sample(models.Model):
    """Real answers, drawn to be judged by people."""

    class Strategy(models.TextChoices):
        """How the answers were chosen."""

        RANDOM = "random", _("At random")
        LOW_CONFIDENCE = "low_confidence", _("Least certain first")
        NEGATIVE_FEEDBACK = "negative_feedback", _("Voted down")

    class Status(models.TextChoices):
        """Whether all have been judged."""

        OPEN = "open", _("Open")
        DONE = "done", _("Done")

    public_id = models.CharField(_("ID"), max_length=64, unique=True)
    size = models.PositiveIntegerField(_("answers"))
    population = models.PositiveIntegerField(_("drawn from"))
    strategy = models.CharField(_("drawn"), max_length=20, choices=Strategy.choices)
    seed = models.BigIntegerField(_("seed"))
    status = models.CharField(_("status"), max_length=4, choices=Status.choices, default=Status.OPEN)
    since = models.DateTimeField(_("from"), null=True, blank=True)
    until = models.DateTimeField(_("to"), null=True, blank=True)
    created_by = models.CharField(_("created by"), max_length=64, blank=True, default="")
    created_at = models.DateTimeField(_("created at"), default=timezone.now)

    class Meta:
        verbose_name = _("sample of answers")
        verbose_name_plural = _("samples of answers")
        ordering = ("-created_at", "-id")

    def __str__(self) -> str:
        return self.public_id


class SampleItem(models.Model):
    """One real answer with what was found for it, and what a person thinks of it."""

    sample = models.ForeignKey(Sample, on_delete=models.CASCADE, related_name="items")
    number = models.PositiveIntegerField()
    session_id = models.CharField(max_length=64)
    message_id = models.CharField(max_length=64)
    question = models.TextField()
    answer = models.TextField()
    confidence = models.FloatField(default=0)
    citations = models.JSONField(default=list)
    # As found then: `chunk_id`, `source`, `score`, `content`.
    retrieved = models.JSONField(default=list)

    correct = models.BooleanField(null=True)
    grounded = models.BooleanField(null=True)
    relevant_chunk_ids = models.JSONField(default=list)
    missed_relevant_count = models.PositiveIntegerField(default=0)
    note = models.CharField(max_length=500, blank=True, default="")
    graded_by = models.CharField(max_length=64, blank=True, default="")
    graded_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("number",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["sample", "number"], name="one_item_per_number"),
            models.CheckConstraint(
                condition=Q(correct__isnull=True, graded_at__isnull=True)
                | Q(correct__isnull=False, graded_at__isnull=False),
                name="graded_item_has_time",
            ),
        ]
