"""The passage from the bot to a person."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from conversations.models.conversations import Priority


class Handoff(models.Model):
    """One passage: requested, accepted, closed. A conversation has at most one that is not closed."""

    class Status(models.TextChoices):
        """How far the passage is."""

        REQUESTED = "requested", _("Waiting for a person")
        ACCEPTED = "accepted", _("Accepted")
        CLOSED = "closed", _("Ended")

    class Outcome(models.TextChoices):
        """How a closed passage ended."""

        RETURNED = "returned", _("Back to the bot")
        RESOLVED = "resolved", _("Resolved")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    public_id = models.CharField(_("ID"), max_length=64, unique=True)
    conversation = models.ForeignKey(
        "conversations.Conversation",
        on_delete=models.CASCADE,
        related_name="handoffs",
        verbose_name=_("conversation"),
    )
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.REQUESTED)
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome.choices, blank=True, default="")
    rule = models.CharField(_("rule"), max_length=24)
    reason = models.CharField(_("reason"), max_length=500)
    priority = models.CharField(_("priority"), max_length=8, choices=Priority.choices)
    card = models.JSONField(_("card"), default=dict)
    agent_id = models.CharField(_("agent ID"), max_length=64, blank=True, default="")
    agent_name = models.CharField(_("agent"), max_length=100, blank=True, default="")
    requested_at = models.DateTimeField(_("requested at"))
    pending_since = models.DateTimeField(_("waiting since"))
    accepted_at = models.DateTimeField(_("accepted at"), null=True, blank=True)
    closed_at = models.DateTimeField(_("ended at"), null=True, blank=True)

    class Meta:
        verbose_name = _("handoff")
        verbose_name_plural = _("handoffs")
        ordering = ("-id",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["conversation"], condition=~Q(status="closed"), name="handoff_one_open"
            ),
            models.CheckConstraint(
                condition=(Q(status="closed", closed_at__isnull=False) & ~Q(outcome=""))
                | (~Q(status="closed") & Q(closed_at__isnull=True, outcome="")),
                name="handoff_outcome_iff_closed",
            ),
            models.CheckConstraint(
                condition=~Q(status="accepted") | (Q(accepted_at__isnull=False) & ~Q(agent_id="")),
                name="handoff_accepted_by_somebody",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["pending_since"], condition=Q(status="requested"), name="handoff_waiting"),
            models.Index(
                fields=["accepted_at"], condition=Q(accepted_at__isnull=False), name="handoff_accepted"
            ),
        ]

    def __str__(self) -> str:
        return self.public_id
