"""One contact message and all that was done to answer it: the record that traces, replay and cost are views of."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Turn(models.Model):
    """The unit of trace, replay, cost and latency.

    At most one turn of a conversation runs; later ones wait in the order of their ids. Whoever works on a turn
    holds its lease and renews it; a turn whose lease is over was abandoned, and the next one goes on.
    """

    class Status(models.TextChoices):
        """How far the turn is."""

        WAITING = "waiting", _("Waiting")
        RUNNING = "running", _("Running")
        SUCCESS = "success", _("Succeeded")
        FAILED = "failed", _("Failed")

    class Outcome(models.TextChoices):
        """What came of it; `human` is a message that a person answers."""

        ANSWERED = "answered", _("Answered")
        ASKED = "asked", _("Asked back")
        REFUSED = "refused", _("No answer found")
        SMALL_TALK = "small_talk", _("Small talk")
        TRANSFERRED = "transferred", _("Handed over")
        HUMAN = "human", _("For a person")
        TAKEN_OVER = "taken_over", _("Taken over")
        STOPPED = "stopped", _("Stopped")

    public_id = models.CharField(_("ID"), max_length=64, unique=True)
    trace_id = models.CharField(_("trace"), max_length=64, unique=True)
    conversation = models.ForeignKey(
        "conversations.Conversation",
        on_delete=models.CASCADE,
        related_name="turns",
        verbose_name=_("conversation"),
    )
    user_message = models.ForeignKey(
        "conversations.Message", on_delete=models.CASCADE, related_name="turns", verbose_name=_("message")
    )
    reply = models.OneToOneField(
        "conversations.Message",
        on_delete=models.SET_NULL,
        related_name="answered_turn",
        null=True,
        blank=True,
        verbose_name=_("reply"),
    )
    # The reply's id, known before the reply is: drafts are shown under it.
    reply_public_id = models.CharField(_("reply's ID"), max_length=64)
    entry = models.CharField(_("door"), max_length=12)
    status = models.CharField(_("status"), max_length=8, choices=Status.choices)
    outcome = models.CharField(_("outcome"), max_length=12, choices=Outcome.choices, blank=True, default="")
    epoch = models.PositiveIntegerField(_("changes of handler"))
    number = models.PositiveIntegerField(_("number"))

    language = models.CharField(_("language"), max_length=8, blank=True, default="")
    intent = models.CharField(_("intent"), max_length=24, blank=True, default="")
    rewritten = models.TextField(_("rewritten question"), blank=True, default="")
    confidence = models.FloatField(_("confidence"), default=0)
    emotion_score = models.FloatField(_("mood"), null=True, blank=True)
    failed_attempts = models.PositiveIntegerField(_("failed attempts"), default=0)
    escalated = models.BooleanField(_("handed over"), default=False)
    cached = models.BooleanField(_("from the cache"), default=False)
    degraded = models.CharField(_("degraded"), max_length=24, blank=True, default="")
    error = models.CharField(_("error"), max_length=40, blank=True, default="")
    model_used = models.CharField(_("model"), max_length=100, blank=True, default="")
    knowledge_version = models.CharField(_("knowledge version"), max_length=24, blank=True, default="")
    tokens_input = models.PositiveIntegerField(_("input tokens"), default=0)
    tokens_output = models.PositiveIntegerField(_("output tokens"), default=0)
    cost_cny = models.DecimalField(_("cost (CNY)"), max_digits=14, decimal_places=8, default=0)
    experiment = models.JSONField(_("experiment"), null=True, blank=True)
    # What the door answered, without signatures, so that a repeat is answered the same.
    response = models.JSONField(_("response"), default=dict, blank=True)

    # The text so far of a reply that is being written.
    draft = models.TextField(_("draft"), blank=True, default="")
    stop_requested = models.BooleanField(_("asked to stop"), default=False)
    lease_owner = models.CharField(_("worker"), max_length=40, blank=True, default="")
    lease_until = models.DateTimeField(_("leased until"), null=True, blank=True)

    created_at = models.DateTimeField(_("created at"))
    started_at = models.DateTimeField(_("started at"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    duration_ms = models.PositiveIntegerField(_("duration (ms)"), default=0)
    first_token_ms = models.PositiveIntegerField(_("first token (ms)"), null=True, blank=True)

    class Meta:
        verbose_name = _("turn")
        verbose_name_plural = _("turns")
        ordering = ("-id",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["conversation"], condition=Q(status="running"), name="turn_one_running"
            )
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["conversation", "id"],
                condition=Q(status__in=["waiting", "running"]),
                name="turn_open",
            ),
            models.Index(
                fields=["lease_until"], condition=Q(status__in=["waiting", "running"]), name="turn_leases"
            ),
            models.Index(fields=["-created_at", "-id"], name="turn_recent"),
        ]

    OPEN: ClassVar[frozenset[str]] = frozenset({Status.WAITING, Status.RUNNING})

    def __str__(self) -> str:
        return self.public_id


class Step(models.Model):
    """One timed stage of a turn; its names are those of api.md 11."""

    turn = models.ForeignKey(Turn, on_delete=models.CASCADE, related_name="steps", verbose_name=_("turn"))
    order = models.PositiveSmallIntegerField(_("order"))
    name = models.CharField(_("step"), max_length=24)
    started_at = models.DateTimeField(_("started at"))
    duration_ms = models.PositiveIntegerField(_("duration (ms)"))
    status = models.CharField(_("status"), max_length=12)
    input_summary = models.TextField(_("input"), blank=True, default="")
    output_summary = models.TextField(_("output"), blank=True, default="")
    detail = models.JSONField(_("details"), default=dict, blank=True)

    class Meta:
        verbose_name = _("step")
        verbose_name_plural = _("steps")
        ordering = ("order",)
        constraints: ClassVar = [models.UniqueConstraint(fields=["turn", "order"], name="step_order_once")]

    def __str__(self) -> str:
        return f"{self.order} {self.name}"
