"""One contact message and all that was done to answer it: the record that traces, replay and cost are views of."""

from typing import ClassVar

from django.db import models
from django.db.models import Q


class Turn(models.Model):
    """The unit of trace, replay, cost and latency.

    At most one turn of a conversation runs; later ones wait in the order of their ids. Whoever works on a turn
    holds its lease and renews it; a turn whose lease is over was abandoned, and the next one goes on.
    """

    class Status(models.TextChoices):
        """How far the turn is."""

        WAITING = "waiting"
        RUNNING = "running"
        SUCCESS = "success"
        FAILED = "failed"

    class Outcome(models.TextChoices):
        """What came of it; `human` is a message that a person answers."""

        ANSWERED = "answered"
        ASKED = "asked"
        REFUSED = "refused"
        SMALL_TALK = "small_talk"
        TRANSFERRED = "transferred"
        HUMAN = "human"
        TAKEN_OVER = "taken_over"
        STOPPED = "stopped"

    public_id = models.CharField(max_length=64, unique=True)
    trace_id = models.CharField(max_length=64, unique=True)
    conversation = models.ForeignKey(
        "conversations.Conversation", on_delete=models.CASCADE, related_name="turns"
    )
    user_message = models.ForeignKey("conversations.Message", on_delete=models.CASCADE, related_name="turns")
    reply = models.OneToOneField(
        "conversations.Message", on_delete=models.SET_NULL, related_name="answered_turn", null=True, blank=True
    )
    # The reply's id, known before the reply is: drafts are shown under it.
    reply_public_id = models.CharField(max_length=64)
    entry = models.CharField(max_length=12)
    status = models.CharField(max_length=8, choices=Status.choices)
    outcome = models.CharField(max_length=12, choices=Outcome.choices, blank=True, default="")
    epoch = models.PositiveIntegerField()
    number = models.PositiveIntegerField()

    language = models.CharField(max_length=8, blank=True, default="")
    intent = models.CharField(max_length=24, blank=True, default="")
    rewritten = models.TextField(blank=True, default="")
    confidence = models.FloatField(default=0)
    emotion_score = models.FloatField(null=True, blank=True)
    failed_attempts = models.PositiveIntegerField(default=0)
    escalated = models.BooleanField(default=False)
    cached = models.BooleanField(default=False)
    degraded = models.CharField(max_length=24, blank=True, default="")
    error = models.CharField(max_length=40, blank=True, default="")
    model_used = models.CharField(max_length=100, blank=True, default="")
    knowledge_version = models.CharField(max_length=24, blank=True, default="")
    tokens_input = models.PositiveIntegerField(default=0)
    tokens_output = models.PositiveIntegerField(default=0)
    cost_cny = models.DecimalField(max_digits=14, decimal_places=8, default=0)
    experiment = models.JSONField(null=True, blank=True)
    # What the door answered, without signatures, so that a repeat is answered the same.
    response = models.JSONField(default=dict, blank=True)

    # The text so far of a reply that is being written.
    draft = models.TextField(blank=True, default="")
    stop_requested = models.BooleanField(default=False)
    lease_owner = models.CharField(max_length=40, blank=True, default="")
    lease_until = models.DateTimeField(null=True, blank=True)

    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    duration_ms = models.PositiveIntegerField(default=0)
    first_token_ms = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
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

    turn = models.ForeignKey(Turn, on_delete=models.CASCADE, related_name="steps")
    order = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=24)
    started_at = models.DateTimeField()
    duration_ms = models.PositiveIntegerField()
    status = models.CharField(max_length=12)
    input_summary = models.TextField(blank=True, default="")
    output_summary = models.TextField(blank=True, default="")
    detail = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ("order",)
        constraints: ClassVar = [models.UniqueConstraint(fields=["turn", "order"], name="step_order_once")]

    def __str__(self) -> str:
        return f"{self.order} {self.name}"
